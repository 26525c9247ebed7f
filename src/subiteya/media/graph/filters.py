"""Spelling of filters. Only values that need no escaping are let through, so nothing can be smuggled in."""

from __future__ import annotations

import re
from fractions import Fraction

# No quote, semicolon, bracket, colon or backslash: nothing that FFmpeg's parsers act on.
_SAFE = re.compile(r"[A-Za-z0-9_./+*()-]+")
_SAFE_IN_QUOTES = re.compile(r"[A-Za-z0-9_./+*(), -]+")  # commas and spaces: curve points, expressions


def spell(name: str, /, **options: float | str | Fraction) -> str:
    """One filter: `spell("scale", w=640, h=-2)` is `scale=w=640:h=-2`. Floats are rounded to six digits.

    Raises:
        ValueError: A value holds a character that FFmpeg's filter parser would act on.
    """
    pairs = [f"{key}={_checked(_plain(value))}" for key, value in options.items()]
    return f"{name}={':'.join(pairs)}" if pairs else name


def _plain(value: float | str | Fraction) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _checked(text: str) -> str:
    if _SAFE.fullmatch(text):
        return text
    if _SAFE_IN_QUOTES.fullmatch(text):
        return f"'{text}'"
    raise ValueError(f"not a safe filter value: {text!r}")


class Graph:
    """A filter graph in the making: one main line of picture filters, and inputs that join it."""

    def __init__(self, source_label: str) -> None:
        self._line: list[str] = []
        self._label = source_label
        self._chains: list[str] = []
        self._joins = 0

    @property
    def is_empty(self) -> bool:
        """Whether the picture passes untouched."""
        return not self._chains and not self._line

    def pipe(self, *filters: str) -> None:
        """Appends filters to the main line."""
        self._line.extend(filters)

    def join(self, input_label: str, prepare: tuple[str, ...], combine: str) -> None:
        """Lets another input through `prepare`, then combines it with the main line (main line first)."""
        self._joins += 1
        main, other, out = (f"[{letter}{self._joins}]" for letter in "mjo")
        self._end_line(main)
        self._chains.append(f"{input_label}{','.join(prepare) or 'null'}{other}")
        self._label = f"{main}{other}"
        self._line = [combine]
        self._end_line(out)
        self._label, self._line = out, []

    def fork(self, behind: tuple[str, ...], before: tuple[str, ...], combine: str) -> None:
        """Sends the main line two ways and combines them again, the first behind the second."""
        self._joins += 1
        back, front, under, over, out = (f"[{letter}{self._joins}]" for letter in "bfuvo")
        self._chains.append(f"{self._label}{','.join([*self._line, 'split'])}{back}{front}")
        self._chains.append(f"{back}{','.join(behind) or 'null'}{under}")
        self._chains.append(f"{front}{','.join(before) or 'null'}{over}")
        self._chains.append(f"{under}{over}{combine}{out}")
        self._label, self._line = out, []

    def finish(self, label: str) -> str:
        """The whole graph as FFmpeg reads it, its result under `label`."""
        self._end_line(label)
        return ";".join(self._chains)

    def _end_line(self, label: str) -> None:
        self._chains.append(f"{self._label}{','.join(self._line) or 'null'}{label}")
