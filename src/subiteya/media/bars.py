"""Black bars around a picture, and the frame that cuts them off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from subiteya.domain.measured import Region
from subiteya.domain.pattern import Fill, PatternSpec, Target
from subiteya.domain.probe import Finding, FindingCode, VideoTrack
from subiteya.media.graph import plan_canvas

_CLOSEST = 4.0  # the pattern's zoom goes no further


def bars_finding(lit: Region, video: VideoTrack, spec: PatternSpec) -> Finding | None:
    """Whether black bars of the source are left in what the pattern shows of it.

    Args:
        lit: What bars leave of the source.
        video: The source's picture.
        spec: May crop them off already.
    """
    inside = lit.bars_in(_kept(video, spec))
    if inside is None:
        return None
    taken = max(1 - (inside.right - inside.left), 1 - (inside.bottom - inside.top))
    return Finding(code=FindingCode.BLACK_BARS, value=f"{taken:.0%}", limit="0%", mended_by_edit=False)


def crop_of_bars(lit: Region, video: VideoTrack, spec: PatternSpec) -> Mapping[str, Any] | None:
    """What to merge into the pattern: the frame without bars that keeps most; None when there is none."""
    best, most = None, 0.0
    for target in Target:
        ratio = float(target.ratio) if target.ratio is not None else video.width / video.height
        patch = {"layout": _layout(lit, target, ratio * video.height / video.width)}
        if patch["layout"]["zoom"] > _CLOSEST:
            continue
        kept = _kept(video, PatternSpec.merge(spec.model_dump(mode="json"), patch))
        if lit.bars_in(kept) is None and lit.common(kept) > most:
            best, most = patch, lit.common(kept)
    return best


def _layout(lit: Region, target: Target, shape: float) -> dict[str, Any]:
    """A crop around the middle of what is lit; `shape`: width over the source's, at one height."""
    x, y = lit.middle
    wide, high = min(1.0, shape), min(1.0, 1 / shape)
    zoom = max(1.0, wide / (lit.right - lit.left), high / (lit.bottom - lit.top))
    zoom = math.ceil(zoom * 100) / 100
    return {
        "target": target.value,
        "fill": Fill.CROP.value,
        "zoom": zoom,
        "focus_x_percent": _focus(x, wide / zoom),
        "focus_y_percent": _focus(y, high / zoom),
    }


def _focus(middle: float, kept: float) -> float:
    """Where a crop that keeps this share of a side has to lie for `middle` to be its own."""
    if kept >= 1:
        return 50.0
    return round(min(1.0, max(0.0, (middle - kept / 2) / (1 - kept))) * 100, 2)


def _kept(video: VideoTrack, spec: PatternSpec) -> Region:
    """The part of the source that the pattern shows."""
    crop = plan_canvas(video, spec).crop
    if crop is None:
        return Region()
    return Region(
        left=crop.x / video.width,
        top=crop.y / video.height,
        right=min(1.0, (crop.x + crop.width) / video.width),
        bottom=min(1.0, (crop.y + crop.height) / video.height),
    )
