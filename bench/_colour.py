"""What colour work costs: all adjustments in one curve a channel, against one filter for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from _measure import cost_of
from _reference import CLIP, FFMPEG
from subiteya.domain.pattern import EffectsSpec, Look
from subiteya.media.graph.colour import grade
from subiteya.media.graph.signal import Signal

WISH = EffectsSpec(
    brightness=0.05, contrast=0.1, saturation=0.2, exposure=0.2, temperature=0.3, tint=0.1, highlights=-0.3,
    shadows=0.3, look=Look.CINEMATIC,
)  # fmt: skip
# The same kinds of change by the filter that FFmpeg has for each.
EACH = (
    "eq=brightness=0.05:contrast=1.1:saturation=1.2",
    "exposure=exposure=0.2",
    "colortemperature=temperature=5200",
    "colorbalance=gm=-0.1:rs=0.1:bs=0.1:rh=-0.1:gh=-0.1:bh=-0.1",
    "curves=preset=increase_contrast",
    "format=yuv420p",
)


@dataclass(frozen=True, slots=True)
class ColourCosts:
    """Processor seconds that the colours add to decoding."""

    folded: float
    each: float


async def colour_costs(folder: Path) -> ColourCosts:
    """Tries both on the clip, without encoding."""
    signal = Signal("bt709", "bt709", "bt709")
    bare = await _cost(folder, "null")
    return ColourCosts(
        await _cost(folder, ",".join(grade(WISH, signal))) - bare, await _cost(folder, ",".join(EACH)) - bare
    )


async def _cost(folder: Path, filters: str) -> float:
    command = [FFMPEG, "-v", "error", "-i", CLIP, "-an", "-vf", filters, "-f", "null", "-"]
    cost, _ = await cost_of(command, folder=folder)
    return cost.cpu_s
