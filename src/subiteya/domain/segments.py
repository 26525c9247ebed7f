"""A long edit in segments: which frames of the output each one holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe

MOST: Final = 4
"""Segments of one edit: each machine more gains less, and reads the whole source once more."""
CONTAINERS = frozenset({"mov", "mp4", "matroska", "webm"})
"""Whose frames are found by their time, exactly."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of the output, one after the other, counted from 0."""

    first: int
    end: int | None
    """The first that is not in it; None when it goes on to the last frame, however many there are."""

    @property
    def frames(self) -> int | None:
        """How many; None when only the source knows."""
        return None if self.end is None else self.end - self.first


def is_divisible(spec: PatternSpec, probe: Probe) -> bool:
    """Whether the edit can be made in segments that join into what one pass makes.

    Not when something looks at the whole: steadying follows the camera from the first frame to the last, a
    limited bit rate is a budget over time, and what is put before, after or cut off moves all times.
    """
    moved = spec.time.model_copy(update={"speed": 1.0})
    whole = spec.effects.stabilise or spec.output.max_bitrate_kbps is not None or not moved.is_neutral
    return not whole and probe.duration_s > 0 and not CONTAINERS.isdisjoint(probe.container.split(","))


def plan_stretches(seconds: float, fps: Fraction, count: int) -> tuple[Stretch, ...]:
    """So many segments of the same length, the last one as much longer as the clip is.

    Args:
        seconds: Length of the output, as the probe knows it; a little wrong is no harm.
        fps: Its constant rate.
        count: How many; fewer when the clip has fewer frames.
    """
    frames = max(1, int(Fraction(seconds).limit_denominator(10**6) * fps))
    count = max(1, min(count, frames))
    firsts = [frames * number // count for number in range(count)]
    ends: list[int | None] = [*firsts[1:], None]
    return tuple(Stretch(first, end) for first, end in zip(firsts, ends, strict=True))


def count_segments(seconds: float, idle: int, least_s: float) -> int:
    """Into how many segments an edit is worth dividing; 1 when it is not.

    Args:
        seconds: Length of the output.
        idle: Other machines that have nothing to do.
        least_s: Seconds of output for each machine, at least: less is not worth a second start.
    """
    return max(1, min(idle + 1, int(seconds / least_s), MOST))
