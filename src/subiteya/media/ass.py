"""Writing ASS: the words of captions and texts in the spelling of libass, and the fonts that draw them."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pysubs2

from subiteya.domain.pattern import Font
from subiteya.media.fonts import Face, FontLibrary
from subiteya.media.graph.canvas import Canvas

FILE = "texts.ass"
_FONTS = "fonts"
BORDER_OUTLINE = 1
BORDER_BOX = 4  # libass: one box around all lines, padded by the shadow's depth, in the shadow's colour
_AUTO_DIRECTION = -1  # libass: each line reads from the side on which its script begins


@dataclass
class AssFile:
    """A file in the making. Its play resolution is the output's size, so every number in it is a pixel."""

    canvas: Canvas
    fonts: FontLibrary
    _file: pysubs2.SSAFile = field(default_factory=pysubs2.SSAFile)
    _used: defaultdict[Face, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self._file.styles = {}
        self._file.info |= {
            "PlayResX": str(self.canvas.width),
            "PlayResY": str(self.canvas.height),
            "WrapStyle": "0",
            "ScaledBorderAndShadow": "yes",
            "YCbCr Matrix": "None",  # colours are meant as written
        }

    def add_style(self, name: str, style: pysubs2.SSAStyle) -> None:
        """Adds a named style; its direction follows the script."""
        style.encoding = _AUTO_DIRECTION
        self._file.styles[name] = style

    def add_event(self, style: str, start_ms: int, end_ms: int, text: str, *, layer: int = 0) -> None:
        """Shows spelled text (see `speller`) for a while."""
        self._file.events.append(
            pysubs2.SSAEvent(start=start_ms, end=end_ms, text=text, style=style, layer=layer)
        )

    def speller(self, font: Font, size: float) -> Speller:
        """A speller for letters of this size in pixels, whose fonts this file brings along."""
        return Speller(self.fonts, font, size, self._used)

    def write(self, work: Path) -> str | None:
        """Writes the file and its fonts into the work folder; its name, None when it shows nothing."""
        if not self._file.events:
            return None
        (work / FILE).write_text(self._file.to_string("ass"), encoding="utf-8")
        folder = work / _FONTS
        folder.mkdir(exist_ok=True)
        for face, characters in self._used.items():
            face.write(folder, "".join(sorted(characters)))
        return FILE


class Speller:
    """Spells one event's text piece by piece, and remembers which font libass is at."""

    def __init__(
        self, fonts: FontLibrary, font: Font, size: float, used: defaultdict[Face, set[str]]
    ) -> None:
        self._fonts = fonts
        self._font = font
        self._size = size
        self._used = used
        self._current = fonts.faces[font]

    def plain(self, text: str) -> str:
        """The text: each run in its face, and nothing in it that libass would obey."""
        written = io.StringIO()
        for number, line in enumerate(text.split("\n")):
            if number:
                written.write(r"\N")
            for run in self._fonts.runs(self._font, line):
                self._used[run.face].update(run.text)
                if run.face is not self._current:
                    size = self._size * self._fonts.size_beside(self._font, run.face)
                    written.write(rf"{{\fn{run.face.family}\fs{size:.1f}}}")
                    self._current = run.face
                written.write(_escaped(run.text))
        return written.getvalue()


def ass_colour(code: str, opacity: float = 1.0) -> pysubs2.Color:
    """`#RRGGBB` as ASS counts it: with transparency instead of opacity."""
    red, green, blue = bytes.fromhex(code[1:])
    return pysubs2.Color(red, green, blue, round(255 * (1 - opacity)))


def colour_tag(code: str) -> str:
    """The override that colours the letters that follow."""
    red, green, blue = bytes.fromhex(code[1:])
    return rf"{{\1c&H{blue:02X}{green:02X}{red:02X}&}}"


def _escaped(text: str) -> str:
    # A word joiner parts the backslash from what follows, which would make it a command.
    return text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")
