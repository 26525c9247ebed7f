"""How long a video is when it is posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subiteya.domain.pattern import PatternSpec


def least_seconds(probe: Mapping[str, Any], spec: Mapping[str, Any] | None) -> float:
    """Seconds that a video lasts at least once its pattern has cut it and changed its speed.

    An intro and an outro make it longer by what their files last, which only the edit knows.

    Args:
        probe: Of the source, as the video's row has it.
        spec: The pattern that was frozen into the video; None when nothing is branded.

    Returns:
        0 when the source's length is unknown.
    """
    duration = probe.get("duration_s")
    if not isinstance(duration, int | float) or duration <= 0:
        return 0.0
    return PatternSpec.parse(dict(spec or {})).time.shown_s(float(duration))
