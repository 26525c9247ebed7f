"""A stranger's .cube file is read, checked, mixed with its strength, and written anew."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from subiteya.domain.errors import BadInput

FILE = "look.cube"
MAX_BYTES = 12 * 1024 * 1024  # 65 steps a side in generous notation
_MAX_STEPS = 65
_MOST_LINES = _MAX_STEPS**3 + 1000  # comments and blank lines are few
_SIZES = frozenset(map(str, range(2, _MAX_STEPS + 1)))
_CHANNELS = 3
_FIELD = "effects.lut_key"

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Cube:
    """A three-dimensional colour table; red runs fastest."""

    steps: int
    low: Rgb
    high: Rgb
    colours: tuple[Rgb, ...]

    def written(self, strength: float) -> str:
        """The file, mixed with what changes nothing."""
        lines = [f"LUT_3D_SIZE {self.steps}"]
        lines += [
            f"{name} {_text(corner)}"
            for name, corner in (("DOMAIN_MIN", self.low), ("DOMAIN_MAX", self.high))
        ]
        for plain, colour in zip(self._grid(), self.colours, strict=True):
            mixed = (a + (b - a) * strength for a, b in zip(plain, colour, strict=True))
            lines.append(_text(tuple(mixed)))
        return "\n".join(lines) + "\n"

    def _grid(self) -> Iterator[Rgb]:
        axes = [
            [low + (high - low) * at / (self.steps - 1) for at in range(self.steps)]
            for low, high in zip(self.low, self.high, strict=True)
        ]
        return ((red, green, blue) for blue in axes[2] for green in axes[1] for red in axes[0])


def parse_cube(data: bytes) -> Cube:
    """Reads a .cube file (Adobe's Cube LUT specification 1.0, three-dimensional).

    Raises:
        BadInput: Too large, one-dimensional, or not such a file.
    """
    if len(data) > MAX_BYTES:
        raise _bad(f"the file is larger than {MAX_BYTES // 1024**2} MB")
    read = _Reading()
    for words in _lines(data):
        read.take(words)
    if read.steps == 0 or len(read.colours) != read.steps**3:
        raise _bad(f"it must be a 3-D table of 2 to {_MAX_STEPS} steps with all its colours")
    if any(a >= b for a, b in zip(read.low, read.high, strict=True)):
        raise _bad("its domain is empty")
    return Cube(read.steps, read.low, read.high, tuple(read.colours))


@dataclass(slots=True)
class _Reading:
    """What a file has told so far."""

    steps: int = 0
    low: Rgb = (0.0, 0.0, 0.0)
    high: Rgb = (1.0, 1.0, 1.0)
    colours: list[Rgb] = field(default_factory=list)

    def take(self, words: list[str]) -> None:
        """One line of it."""
        match words:
            case [] | ["TITLE", *_]:
                pass
            case ["LUT_3D_SIZE", size] if size in _SIZES:
                self.steps = int(size)
            case ["LUT_1D_SIZE", *_]:
                raise _bad("it is a one-dimensional table; only 3-D ones are taken")
            case ["LUT_3D_INPUT_RANGE", least, most]:
                self.low, self.high = _rgb([least] * _CHANNELS), _rgb([most] * _CHANNELS)
            case ["DOMAIN_MIN", *values]:
                self.low = _rgb(values)
            case ["DOMAIN_MAX", *values]:
                self.high = _rgb(values)
            case _:
                self.colours.append(_rgb(words))


def _lines(data: bytes) -> Iterator[list[str]]:
    """The words of each line; one after another, as a file of nothing but line breaks would be millions."""
    for number, line in enumerate(io.BytesIO(data)):
        if number > _MOST_LINES:
            raise _bad(f"it has more than {_MOST_LINES} lines")
        yield line.decode("utf-8", errors="replace").split("#", 1)[0].split()


def prepare_lut(data: bytes, strength: float, work: Path) -> str:
    """Writes the table into the work folder; its name there. Blocking: for a thread.

    Raises:
        BadInput: It is no usable table.
    """
    (work / FILE).write_text(parse_cube(data).written(strength))
    return FILE


def _rgb(words: list[str]) -> Rgb:
    try:
        values = [float(word) for word in words]
    except ValueError:
        raise _bad(f"a line of it makes no sense: {' '.join(words)[:40]}") from None
    if len(values) != _CHANNELS or not all(map(math.isfinite, values)):
        raise _bad(f"a line of it is no colour: {' '.join(words)[:40]}")
    return values[0], values[1], values[2]


def _text(colour: tuple[float, ...]) -> str:
    return " ".join(f"{value:.6f}" for value in colour)


def _bad(why: str) -> BadInput:
    return BadInput(what=_FIELD, why=why)
