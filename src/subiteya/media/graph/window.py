"""A stretch of the output, for the eye: which seconds of intro, clip and outro it is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from subiteya.domain.pattern import EffectsSpec, TimeSpec
from subiteya.media.graph.assets import Assets, Segment
from subiteya.media.graph.timeline import Timeline

STEADY_S: Final = 2.0
"""Seconds before and after a stretch in which the camera's way is measured for steadying."""
HAIR_OF_A_FRAME: Final = 1e-3
"""Slack for seconds that are floats: 1.2 times 30 is a little less than 36."""

# Before every stretch: what goes on from frame to frame (noise reduction, a compressor's release, the frame
# that stands until the next one) has settled by then.
_SETTLE_S = 0.5
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class Part:
    """Seconds of one of the three, on its own clock in the output (the clip's: at its new speed)."""

    skipped_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Window:
    """What is made so that a stretch of the output can be cut out of it. None: not in it."""

    intro: Part | None
    own: Part | None
    outro: Part | None
    lead_s: float
    """Made before the stretch begins."""
    seconds: float
    """Of the stretch."""
    timeline: Timeline
    """Of what is made."""

    @property
    def made_s(self) -> float:
        """Length of what is made."""
        return self.timeline.total_s or self.timeline.intro_s + self.timeline.outro_s

    def source_options(self, time: TimeSpec) -> list[str]:
        """Input options of the source: sought before it is decoded."""
        own = self.own or Part(0.0, 0.0)
        return ["-ss", f"{time.source(own.skipped_s):.6f}", "-t", f"{own.seconds * time.speed:.6f}"]

    def of(self, assets: Assets) -> Assets:
        """The assets with intro and outro cut to this."""
        return replace(assets, intro=_cut(assets.intro, self.intro), outro=_cut(assets.outro, self.outro))


def last_moment(whole: Timeline, fps: Fraction) -> float:
    """The second at which the output's last frame is shown; endless when its length is unknown."""
    if whole.total_s == 0:
        return math.inf
    return float(max(0, math.floor(whole.total_s * fps + HAIR_OF_A_FRAME) - 1) / fps)


def on_grid(second: float, fps: Fraction) -> float:
    """When the frame began that is on the screen at a second."""
    return float(math.floor(second * fps + HAIR_OF_A_FRAME) / fps)


def own_moment(whole: Timeline, moment: float, fps: Fraction) -> float | None:
    """Which second of the clip's own part a frame shows; None when it shows, or melts into, something else.

    Args:
        whole: When the output shows what.
        moment: Second of the output, on its grid.
        fps: The output's rate.

    Returns:
        On the grid of the clip's own frames, which need not be the output's after an intro.
    """
    begins, ends = _own_span(whole)
    from_s = begins + (whole.fade_s if whole.intro_s else 0.0)
    until_s = ends - (whole.fade_s if whole.outro_s else 0.0)
    half = 0.5 / fps
    if not from_s - half <= moment < until_s - half:
        return None
    return float(max(0, round((moment - begins) * fps)) / fps)


def plan_window(whole: Timeline, start: float, seconds: float, fps: Fraction, effects: EffectsSpec) -> Window:
    """The stretch of `seconds` from `start`; earlier or shorter where the output ends before.

    Args:
        whole: When the output shows what.
        start: Second of the output.
        seconds: Wished length.
        fps: The output's rate.
        effects: Those that look at frames before and after need some.
    """
    total = whole.total_s or math.inf
    start = max(0.0, min(start, total - seconds))
    seconds = min(seconds, total - start)
    around = STEADY_S if effects.stabilise else _SETTLE_S
    begin = max(0.0, start - around)
    end = min(total, start + seconds + (STEADY_S if effects.stabilise else 0.0))
    own_begins, own_ends = _own_span(whole)
    outro_begins = own_ends - (whole.fade_s if whole.outro_s else 0.0)
    for fade_begins, fade_ends in ((own_begins, whole.intro_s), (outro_begins, own_ends)):
        if fade_begins < begin < fade_ends:
            begin = fade_begins
        if fade_begins < end < fade_ends:
            end = fade_ends
    if begin > own_begins:  # frames are cut out of the clip where they begin
        begin = max(own_begins, own_begins + on_grid(begin - own_begins, fps))
    spans = ((0.0, whole.intro_s), (own_begins, own_ends), (outro_begins, total))
    intro, own, outro = (_overlap(span, begin, end) for span in spans)
    timeline = Timeline(
        _length(intro),
        _length(own),
        _length(outro),
        whole.fade_s,
        before_s=begin,
        after_s=total - end if math.isfinite(total) else 0.0,
    )
    return Window(intro, own, outro, start - begin, seconds, timeline)


def _own_span(whole: Timeline) -> tuple[float, float]:
    begins = whole.intro_s - (whole.fade_s if whole.intro_s else 0.0)
    return begins, begins + (whole.shown_s or math.inf)


def _overlap(span: tuple[float, float], begin: float, end: float) -> Part | None:
    low, high = max(span[0], begin), min(span[1], end)
    return Part(low - span[0], high - low) if high - low > _HAIR else None


def _length(part: Part | None) -> float:
    return part.seconds if part is not None else 0.0


def _cut(segment: Segment | None, part: Part | None) -> Segment | None:
    if segment is None or part is None:
        return None
    return replace(segment, skipped_s=part.skipped_s, seconds=part.seconds)
