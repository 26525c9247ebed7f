"""Cues become events of the ASS file: broken into lines and screens, cased, and animated word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pysubs2

from subiteya.domain.pattern import (
    Casing,
    PatternSpec,
    SubtitleAnimation,
    SubtitlePosition,
    SubtitleSource,
    SubtitlesSpec,
    SubtitleStyle,
)
from subiteya.domain.subtitles import Cue, Word
from subiteya.media.ass import BORDER_BOX, BORDER_OUTLINE, AssFile, Speller, ass_colour, colour_tag
from subiteya.media.graph.canvas import Box
from subiteya.media.lines import Room, Screen, arrange

_STYLE = "Captions"
_ALIGNMENT = {
    SubtitlePosition.BOTTOM: pysubs2.Alignment.BOTTOM_CENTER,
    SubtitlePosition.MIDDLE: pysubs2.Alignment.MIDDLE_CENTER,
    SubtitlePosition.TOP: pysubs2.Alignment.TOP_CENTER,
}
_LEAST_SIDE = 0.04  # of the width: lines never touch the edge
_CLASSIC_OUTLINE, _CLASSIC_SHADOW = 0.03, 0.05  # of the letter size
_LOGO_GAP = 0.5  # of the letter size, between lines and a logo that they make way for
_POP = r"{\fscx70\fscy70\t(0,80,\fscx106\fscy106)\t(80,140,\fscx100\fscy100)}"


def add_captions(file: AssFile, cues: Sequence[Cue], spec: PatternSpec, logo: Box | None = None) -> None:
    """Adds the cues as the pattern wants them; nothing when it wants none.

    Args:
        file: Where to.
        cues: In the time of the output.
        spec: The wish.
        logo: Where the logo stands: lines at the same edge stand clear of it.
    """
    captions = spec.subtitles
    if captions.source is SubtitleSource.NONE:
        return
    side = _side(file, spec)
    file.add_style(_STYLE, _style(file, spec, side, _margin(file, spec, side, logo)))
    size = _size(file, captions)
    room = Room(
        width=file.canvas.width - 2 * side,
        measure=lambda text: file.fonts.width(captions.font, text) * size,
        max_lines=captions.max_lines,
        max_characters=captions.max_characters,
    )
    for cue in cues:
        shown = _drawable(file, _cased(cue, captions.casing), captions)
        if shown is None:
            continue
        for screen in arrange(shown, room):
            _add_screen(file, screen, captions)


def _add_screen(file: AssFile, screen: Screen, spec: SubtitlesSpec) -> None:
    match spec.animation:
        case SubtitleAnimation.NONE:
            text = "\n".join(" ".join(word.text for word in line) for line in screen.lines)
            file.add_event(_STYLE, screen.start_ms, screen.end_ms, _speller(file, spec).plain(text))
        case SubtitleAnimation.KARAOKE:
            _add_karaoke(file, screen, spec)
        case SubtitleAnimation.POP:
            for word, start, end in _turns(screen):
                if word is not None:
                    file.add_event(_STYLE, start, end, _POP + _speller(file, spec).plain(word.text))


def _add_karaoke(file: AssFile, screen: Screen, spec: SubtitlesSpec) -> None:
    """One event a word, all with the same words: only the colour moves, so no line ever jumps."""
    for spoken, start, end in _turns(screen):
        speller = _speller(file, spec)
        lines = []
        for line in screen.lines:
            pieces = []
            for number, word in enumerate(line):
                text = speller.plain(f" {word.text}" if number else word.text)
                lit = word is spoken
                pieces.append(
                    f"{colour_tag(spec.highlight_colour)}{text}{colour_tag(spec.colour)}" if lit else text
                )
            lines.append("".join(pieces))
        file.add_event(_STYLE, start, end, r"\N".join(lines))


def _turns(screen: Screen) -> list[tuple[Word | None, int, int]]:
    """Which word is spoken from when until when; None before the first. Without gaps."""
    words = screen.words
    starts = [min(max(word.start_ms, screen.start_ms), screen.end_ms) for word in words]
    turns: list[tuple[Word | None, int, int]] = [(None, screen.start_ms, starts[0])]
    turns += zip(words, starts, [*starts[1:], screen.end_ms], strict=True)
    return [(word, start, end) for word, start, end in turns if start < end]


def _drawable(file: AssFile, cue: Cue, spec: SubtitlesSpec) -> Cue | None:
    """The cue with only what some font draws; None when that is nothing."""

    def drawn(text: str) -> str:
        return "".join(run.text for run in file.fonts.runs(spec.font, text))

    text = "\n".join(filter(None, (" ".join(drawn(line).split()) for line in cue.text.split("\n"))))
    words = tuple(replace(word, text=drawn(word.text).strip()) for word in cue.words)
    return replace(cue, text=text, words=tuple(word for word in words if word.text)) if text else None


def _cased(cue: Cue, casing: Casing) -> Cue:
    if casing is Casing.AS_IS:
        return cue
    change = str.upper if casing is Casing.UPPER else str.lower
    words = tuple(replace(word, text=change(word.text)) for word in cue.words)
    return replace(cue, text=change(cue.text), words=words)


def _speller(file: AssFile, spec: SubtitlesSpec) -> Speller:
    return file.speller(spec.font, _size(file, spec))


def _size(file: AssFile, spec: SubtitlesSpec) -> float:
    return file.canvas.long_side * spec.size_percent / 100


def _side(file: AssFile, spec: PatternSpec) -> int:
    """Margin left and right. Lines are centred on the frame: off-centre ones look like a mistake."""
    canvas = file.canvas
    free = canvas.area(safe=spec.layout.safe_areas)
    return max(free.x, canvas.width - free.x - free.width, round(canvas.width * _LEAST_SIDE))


def _margin(file: AssFile, pattern: PatternSpec, side: int, logo: Box | None) -> int:
    """Distance of the lines to the edge at which they stand."""
    spec, canvas, layout = pattern.subtitles, file.canvas, pattern.layout
    free, at_top = canvas.area(safe=layout.safe_areas), spec.position is SubtitlePosition.TOP
    taken = free.y if at_top else canvas.height - free.y - free.height
    margin = round(canvas.height * spec.margin_percent / 100 + taken)
    if logo is None or spec.position is SubtitlePosition.MIDDLE or not layout.safe_areas:
        return margin
    near = logo.y if at_top else canvas.height - logo.y - logo.height
    beyond, depth = near + logo.height, spec.max_lines * _size(file, spec)
    is_beside = logo.x + logo.width <= side or logo.x >= canvas.width - side
    if is_beside or beyond <= margin or near >= margin + depth:
        return margin
    cleared = round(beyond + _size(file, spec) * _LOGO_GAP)
    # A logo so tall that the lines would leave their half of the picture is meant to lie under them.
    return cleared if cleared + depth <= canvas.height / 2 else margin


def _style(file: AssFile, pattern: PatternSpec, side: int, margin: int) -> pysubs2.SSAStyle:
    spec, size = pattern.subtitles, _size(file, pattern.subtitles)
    style = pysubs2.SSAStyle(
        fontname=file.fonts.faces[spec.font].family,
        fontsize=round(size, 1),
        primarycolor=ass_colour(spec.colour),
        outlinecolor=ass_colour(spec.outline_colour),
        borderstyle=BORDER_OUTLINE,
        alignment=_ALIGNMENT[spec.position],
        marginl=side,
        marginr=side,
        marginv=margin,
    )
    match spec.style:
        case SubtitleStyle.OUTLINE:
            style.outline, style.shadow = round(size * spec.outline_percent / 100, 1), 0
        case SubtitleStyle.CLASSIC:
            style.outline, style.shadow = round(size * _CLASSIC_OUTLINE, 1), round(size * _CLASSIC_SHADOW, 1)
            style.backcolor = ass_colour("#000000", 0.6)
        case SubtitleStyle.BOX:
            style.borderstyle, style.outline = BORDER_BOX, 0
            style.shadow = round(size * spec.box_padding_percent / 100, 1)
            style.backcolor = ass_colour(spec.box_colour, spec.box_opacity)
    return style
