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
    """A filter graph in the making: one main line of filters, and other inputs that join it.

    Args:
        source: Where the line begins: a label in brackets, or nothing when it begins with a source filter.
        name: Prefix of the labels, so that several graphs fit into one command.
    """

    def __init__(self, source: str, name: str = "v") -> None:
        self._line: list[str] = []
        self._label = source
        self._chains: list[str] = []
        self._name = name
        self._labels = 0

    def pipe(self, *filters: str) -> None:
        """Appends filters to the main line."""
        self._line.extend(filters)

    def join(self, other: str, prepare: tuple[str, ...], combine: str) -> None:
        """Lets another input through `prepare`, then combines it with the main line (main line first)."""
        main = self.close()
        self.combine(main, self.add(other, *prepare), combine)

    def fork(self, behind: tuple[str, ...], before: tuple[str, ...], combine: str) -> None:
        """Sends the main line two ways and combines them again, the first behind the second."""
        back, front = self._fresh(), self._fresh()
        self._chains.append(f"{self._label}{','.join([*self._line, 'split'])}{back}{front}")
        self.combine(self.add(back, *behind), self.add(front, *before), combine)

    def add(self, source: str, *filters: str) -> str:
        """A chain beside the main line; the label of its end."""
        label = self._fresh()
        self._chains.append(f"{source}{','.join(filters) or self._pass}{label}")
        return label

    def include(self, chains: str) -> None:
        """Takes in another graph's finished text."""
        self._chains.append(chains)

    def combine(self, first: str, second: str, filter_: str) -> None:
        """Continues the main line with a filter over two labels."""
        self._label, self._line = f"{first}{second}", [filter_]
        self._label, self._line = self.close(), []

    def close(self) -> str:
        """Ends the main line; its label. `combine` or `join` begins it again."""
        label = self.add(self._label, *self._line)
        self._label, self._line = label, []
        return label

    def finish(self, label: str) -> str:
        """The whole graph as FFmpeg reads it, its result under `label`."""
        self._chains.append(f"{self._label}{','.join(self._line) or self._pass}{label}")
        return ";".join(self._chains)

    @property
    def _pass(self) -> str:
        return "anull" if self._name.startswith("a") else "null"

    def _fresh(self) -> str:
        self._labels += 1
        return f"[{self._name}{self._labels}]"
