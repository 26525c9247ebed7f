"""Cues become an ASS file sized to the output, with the fonts that draw it beside it."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pysubs2

from subiteya.domain.pattern import (
    Font,
    LayoutSpec,
    PatternSpec,
    SubtitlePosition,
    SubtitlesSpec,
    SubtitleStyle,
)
from subiteya.domain.subtitles import Cue
from subiteya.media.fonts import Face, FontLibrary
from subiteya.media.graph.canvas import Canvas

FILE = "captions.ass"
_FONTS = "fonts"
_ALIGNMENT = {
    SubtitlePosition.BOTTOM: pysubs2.Alignment.BOTTOM_CENTER,
    SubtitlePosition.MIDDLE: pysubs2.Alignment.MIDDLE_CENTER,
    SubtitlePosition.TOP: pysubs2.Alignment.TOP_CENTER,
}
_BORDER_OUTLINE = 1
_BORDER_BOX = 4  # libass: one box around all lines, padded by the shadow's depth, in the shadow's colour


def write_captions(
    cues: Sequence[Cue], spec: PatternSpec, canvas: Canvas, fonts: FontLibrary, work: Path
) -> str | None:
    """Writes what the pattern burns in; the name of the file in `work`, None when there is nothing to burn.

    The play resolution is the output's size, so every number in the file is a pixel. Blocking: for a thread.

    Args:
        cues: What is said when.
        spec: How it looks.
        canvas: The output's size and free area.
        fonts: Where glyphs come from; what none of them has is left out, so that no box is burned in.
        work: The edit's folder.
    """
    if not spec.subtitles.enabled:
        return None
    used: defaultdict[Face, set[str]] = defaultdict(set)
    file = pysubs2.SSAFile()
    file.info |= {
        "PlayResX": str(canvas.width),
        "PlayResY": str(canvas.height),
        "WrapStyle": "0",
        "ScaledBorderAndShadow": "yes",
        "YCbCr Matrix": "None",  # colours are meant as written
    }
    file.styles = {"Default": _style(spec.subtitles, spec.layout, canvas, fonts)}
    for cue in cues:
        if text := _spelled(cue.text, spec.subtitles.font, fonts, used):
            file.events.append(pysubs2.SSAEvent(start=cue.start_ms, end=cue.end_ms, text=text))
    if not file.events:
        return None
    (work / FILE).write_text(file.to_string("ass"), encoding="utf-8")
    folder = work / _FONTS
    folder.mkdir(exist_ok=True)
    for face, characters in used.items():
        face.write(folder, "".join(sorted(characters)))
    return FILE


def _style(spec: SubtitlesSpec, layout: LayoutSpec, canvas: Canvas, fonts: FontLibrary) -> pysubs2.SSAStyle:
    size = canvas.height * spec.size_percent / 100
    free = canvas.area(safe=layout.safe_areas)
    margin = canvas.height * spec.margin_percent / 100
    below = canvas.height - free.y - free.height
    # Centred on the frame, not on the free part: a line that is off-centre looks like a mistake.
    side = max(free.x, canvas.width - free.x - free.width, round(canvas.width * 0.04))
    boxed = spec.style is SubtitleStyle.BOX
    return pysubs2.SSAStyle(
        fontname=fonts.faces[spec.font].family,
        fontsize=round(size, 1),
        primarycolor=_colour(spec.colour),
        outlinecolor=_colour(spec.outline_colour),
        backcolor=_colour(spec.box_colour, spec.box_opacity),
        borderstyle=_BORDER_BOX if boxed else _BORDER_OUTLINE,
        outline=0 if boxed else round(size * spec.outline_percent / 100, 1),
        shadow=round(size * spec.box_padding_percent / 100, 1) if boxed else 0,
        alignment=_ALIGNMENT[spec.position],
        marginl=side,
        marginr=side,
        marginv=round(margin + (free.y if spec.position is SubtitlePosition.TOP else below)),
    )


def _colour(code: str, opacity: float = 1.0) -> pysubs2.Color:
    red, green, blue = bytes.fromhex(code[1:])
    return pysubs2.Color(red, green, blue, round(255 * (1 - opacity)))  # ASS counts transparency


def _spelled(text: str, font: Font, fonts: FontLibrary, used: defaultdict[Face, set[str]]) -> str:
    """The text as ASS: each run in its face, and nothing in it that libass would obey."""
    written = io.StringIO()
    current = fonts.faces[font]
    for line_number, line in enumerate(text.split("\n")):
        if line_number:
            written.write(r"\N")
        for run in fonts.runs(font, line):
            used[run.face].update(run.text)
            if run.face is not current:
                written.write(rf"{{\fn{run.face.family}}}")
                current = run.face
            written.write(_escaped(run.text))
    return written.getvalue().strip()


def _escaped(text: str) -> str:
    # A word joiner parts the backslash from what follows, which would make it a command.
    return text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")
