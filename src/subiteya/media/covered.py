"""Which overlays of a pattern stand where TikTok draws its buttons and caption, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subiteya.domain.pattern import (
    LogoSpec,
    MergeField,
    PatternSpec,
    SubtitlePosition,
    SubtitleSource,
    TextSpec,
)
from subiteya.domain.probe import VideoTrack
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import Box, Canvas, plan_canvas
from subiteya.media.logo_image import logo_size
from subiteya.media.subtitles import printable
from subiteya.media.texts import break_lines, letter_size

LOGO, SUBTITLES = "logo", "subtitles"
_SLACK = 0.005  # of the frame's width: rounding to even pixels is no trespass
_SHOWN_LETTERS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """What the video brings to the pattern's overlays."""

    video: VideoTrack
    logo: tuple[int, int] | None = None
    """Width and height of the logo's image; a square when nobody knows."""
    has_cues: bool = False
    values: Mapping[MergeField, str] | None = None
    """What the fields of texts stand for."""


@dataclass(frozen=True, slots=True)
class Covered:
    """An overlay under TikTok's own."""

    name: str
    """`logo`, `subtitles`, or the words of a text."""
    fix: Mapping[str, Any] | None
    """What to merge into the pattern; None when it is too large for the free part."""


def covered_overlays(spec: PatternSpec, shown: Shown, fonts: FontLibrary) -> list[Covered]:
    """The overlays that TikTok's app would cover, in part or wholly. Blocking: measures letters."""
    found = _covered(spec, shown, fonts)
    if not found:
        return []
    fix = _moved(spec)
    still = _covered(PatternSpec.merge(spec.model_dump(mode="json"), fix), shown, fonts)
    return [Covered(name, None if name in still else fix) for name in found]


def _covered(spec: PatternSpec, shown: Shown, fonts: FontLibrary) -> list[str]:
    canvas = plan_canvas(shown.video, spec)
    boxes = []
    if spec.logo.is_shown:
        size = logo_size(shown.logo or (1, 1), spec.logo, canvas)
        boxes.append((LOGO, _place(canvas, spec.logo, size, safe=spec.layout.safe_areas)))
    for text in spec.texts:
        words = printable(text.filled(shown.values or {}))
        if words:
            size = _text_size(canvas, text, words, fonts, safe=spec.layout.safe_areas)
            boxes.append((words[:_SHOWN_LETTERS], _place(canvas, text, size, safe=spec.layout.safe_areas)))
    if shown.has_cues and spec.subtitles.source is not SubtitleSource.NONE:
        boxes.append((SUBTITLES, _caption_box(canvas, spec)))
    return [name for name, box in boxes if not _is_inside(box, canvas)]


def _moved(spec: PatternSpec) -> dict[str, Any]:
    """Everything at its anchor, clear of what TikTok draws."""
    fix: dict[str, Any] = {"layout": {"safe_areas": True}}
    if spec.logo.centre is not None:
        fix["logo"] = {"x_percent": None, "y_percent": None}
    if any(text.centre is not None for text in spec.texts):
        anchored = {"x_percent": None, "y_percent": None}
        fix["texts"] = [text.model_copy(update=anchored).model_dump(mode="json") for text in spec.texts]
    return fix


def _text_size(
    canvas: Canvas, text: TextSpec, words: str, fonts: FontLibrary, *, safe: bool
) -> tuple[int, int]:
    size = letter_size(canvas, text)
    lines = break_lines(canvas, fonts, text, words, safe=safe)
    return round(max(fonts.width(text.font, line) for line in lines) * size), round(size * len(lines))


def _place(canvas: Canvas, placed: LogoSpec | TextSpec, size: tuple[int, int], *, safe: bool) -> Box:
    width, height = size
    if placed.centre is not None:
        x, y = placed.centre
        return Box(round(x * canvas.width - width / 2), round(y * canvas.height - height / 2), width, height)
    margin = round(canvas.width * placed.margin_percent / 100)
    left, top = canvas.place(width, height, placed.anchor, margin, safe=safe)
    return Box(left, top, width, height)


def _caption_box(canvas: Canvas, spec: PatternSpec) -> Box:
    """One line of subtitles in the frame's middle: only how high it stands is certain beforehand."""
    captions, area = spec.subtitles, canvas.area(safe=spec.layout.safe_areas)
    line = round(canvas.long_side * captions.size_percent / 100)
    margin = round(canvas.height * captions.margin_percent / 100)
    top = {
        SubtitlePosition.TOP: area.y + margin,
        SubtitlePosition.MIDDLE: (canvas.height - line) // 2,
        SubtitlePosition.BOTTOM: area.y + area.height - margin - line,
    }[captions.position]
    return Box(canvas.width // 2, top, 0, line)


def _is_inside(box: Box, canvas: Canvas) -> bool:
    free, slack = canvas.free, canvas.width * _SLACK
    return (
        box.x >= free.x - slack
        and box.y >= free.y - slack
        and box.x + box.width <= free.x + free.width + slack
        and box.y + box.height <= free.y + free.height + slack
    )
