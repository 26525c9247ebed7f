"""Texts of the pattern become events of the ASS file."""

from __future__ import annotations

from collections.abc import Mapping

import pysubs2

from subiteya.domain.pattern import Anchor, MergeField, PatternSpec, TextSpec, TextStyle
from subiteya.media.ass import BORDER_BOX, BORDER_OUTLINE, AssFile, ass_colour
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import Canvas
from subiteya.media.lines import Room, wrap
from subiteya.media.subtitles import printable

_LAYER = 1  # above the captions
_FOREVER_MS = 9 * 3_600_000  # ASS has one digit for hours
_PADDING = 0.25  # of the letter size, around a boxed text
_MOST_LINES = 20
# Numbers as on a keypad: 7 8 9 above, 1 2 3 below.
_ALIGNMENTS = {
    Anchor.TOP_LEFT: 7, Anchor.TOP: 8, Anchor.TOP_RIGHT: 9,
    Anchor.LEFT: 4, Anchor.CENTER: 5, Anchor.RIGHT: 6,
    Anchor.BOTTOM_LEFT: 1, Anchor.BOTTOM: 2, Anchor.BOTTOM_RIGHT: 3,
}  # fmt: skip


def add_texts(file: AssFile, spec: PatternSpec, values: Mapping[MergeField, str]) -> None:
    """Adds every text whose words are not empty once its fields are filled in."""
    for number, text in enumerate(spec.texts):
        words = printable(text.filled(values))
        if words:
            _add(file, f"Text{number}", text, words, safe=spec.layout.safe_areas)


def _add(file: AssFile, name: str, spec: TextSpec, words: str, *, safe: bool) -> None:
    size = letter_size(file.canvas, spec)
    margin = round(file.canvas.width * spec.margin_percent / 100)
    file.add_style(name, _style(file, spec, size))
    lines = break_lines(file.canvas, file.fonts, spec, words, safe=safe)
    spelled = file.speller(spec.font, size).plain("\n".join(lines))
    end = _FOREVER_MS if spec.end_s is None else round(spec.end_s * 1000)
    place = _place(file, spec, safe, margin)
    # \q2: the lines are broken already, and libass must not break them again.
    file.add_event(name, round(spec.start_s * 1000), end, rf"{{{place}\q2}}{spelled}", layer=_LAYER)


def letter_size(canvas: Canvas, spec: TextSpec) -> float:
    """Height of a line in pixels."""
    return canvas.long_side * spec.size_percent / 100


def break_lines(canvas: Canvas, fonts: FontLibrary, spec: TextSpec, words: str, *, safe: bool) -> list[str]:
    """The words of a text in the lines that fit."""
    size, margin = letter_size(canvas, spec), round(canvas.width * spec.margin_percent / 100)
    room = Room(
        width=(canvas.area(safe=safe).width - 2 * margin) * spec.max_width_percent / 100,
        measure=lambda text: fonts.width(spec.font, text) * size,
        max_lines=_MOST_LINES,
    )
    return wrap(words, room)


def _place(file: AssFile, spec: TextSpec, safe: bool, margin: int) -> str:
    canvas = file.canvas
    if spec.centre is not None:
        x, y = spec.centre
        return rf"\an5\pos({round(x * canvas.width)},{round(y * canvas.height)})"
    x, y = canvas.place(0, 0, spec.anchor, margin, safe=safe)
    return rf"\an{_ALIGNMENTS[spec.anchor]}\pos({x},{y})"


def _style(file: AssFile, spec: TextSpec, size: float) -> pysubs2.SSAStyle:
    style = pysubs2.SSAStyle(
        fontname=file.fonts.faces[spec.font].family,
        fontsize=round(size, 1),
        primarycolor=ass_colour(spec.colour),
        outlinecolor=ass_colour(spec.outline_colour),
        borderstyle=BORDER_OUTLINE,
        outline=round(size * spec.outline_percent / 100, 1) if spec.style is TextStyle.OUTLINE else 0,
        shadow=0,
    )
    if spec.style is TextStyle.BOX:
        style.borderstyle, style.shadow = BORDER_BOX, round(size * _PADDING, 1)
        style.backcolor = ass_colour(spec.box_colour, spec.box_opacity)
    return style
