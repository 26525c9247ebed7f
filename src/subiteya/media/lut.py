"""A stranger's .cube file is read, checked, mixed with its strength, and written anew."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from subiteya.domain.errors import BadInput

FILE = "look.cube"
MAX_BYTES = 12 * 1024 * 1024  # 65 steps a side in generous notation
_MAX_STEPS = 65
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
    steps, low, high = 0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    colours: list[Rgb] = []
    for line in data.decode("utf-8", errors="replace").splitlines():
        words = line.split("#", 1)[0].split()
        match words:
            case [] | ["TITLE", *_]:
                continue
            case ["LUT_3D_SIZE", size] if size in _SIZES:
                steps = int(size)
            case ["DOMAIN_MIN", *values]:
                low = _rgb(values)
            case ["DOMAIN_MAX", *values]:
                high = _rgb(values)
            case _ if len(colours) <= _MAX_STEPS**3:
                colours.append(_rgb(words))
    if steps == 0 or len(colours) != steps**3:
        raise _bad(f"it must be a 3-D table of 2 to {_MAX_STEPS} steps with all its colours")
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise _bad("its domain is empty")
    return Cube(steps, low, high, tuple(colours))


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
