"""Adjustments, look and table in as few filters as the wish allows.

Brightness, contrast and saturation go into one `lutyuv`, a table look-up on yuv420p that costs next to
nothing. (`eq` would too, but it rounds brightness to hundredths, down.) Only tone curves and .cube files need
RGB, and then there is one trip there and back. `colorbalance` would cost fourteen times as much as `curves`
for the same change.
"""

from __future__ import annotations

import math

from subiteya.domain.pattern import EffectsSpec
from subiteya.media.graph.filters import spell
from subiteya.media.graph.looks import RECIPES, Knots
from subiteya.media.graph.signal import Signal
from subiteya.media.graph.tone import Tones, fold

_BLACK_CORNERS = 2 * math.pi / 5  # `vignette`'s angle at which the corners go black


def grade(effects: EffectsSpec, signal: Signal, lut: str | None = None) -> tuple[str, ...]:
    """Filters for the wished colours, none when there is no wish.

    Args:
        effects: The wish.
        signal: The colours of the main line.
        lut: Name of a .cube file in the work folder, strength already in it.
    """
    recipe = RECIPES[effects.look]
    filters = [*_adjust(effects, (1 + effects.saturation) * recipe.saturation)]
    tones = fold(effects, recipe)
    in_rgb = [] if tones.is_straight else [_curves(tones)]
    if lut is not None:
        in_rgb.append(spell("lut3d", file=lut, interp="tetrahedral"))
    if in_rgb:
        filters += [*signal.to_rgb, *in_rgb, *signal.from_rgb]
    if effects.vignette > 0:
        filters.append(spell("vignette", angle=effects.vignette * _BLACK_CORNERS))
    return tuple(filters)


def _adjust(effects: EffectsSpec, saturation: float) -> list[str]:
    """Luma about the middle grey of the limited range (16 to 235), chroma about its zero (128)."""
    tables = {}
    if effects.contrast or effects.brightness:
        slope = 1 + effects.contrast
        # v - 0.5 scaled and shifted, in code values: y' = slope * (y - 125.5) + 125.5 + 219 * brightness
        offset = 125.5 * (1 - slope) + 219 * effects.brightness
        tables["y"] = f"clip({slope:.6f}*val+({offset:.6f})+0.5,16,235)"
    if effects.hue == 0 and saturation != 1:
        tables |= dict.fromkeys("uv", f"clip({saturation:.6f}*(val-128)+128.5,16,240)")
    filters = [spell("lutyuv", **tables)] if tables else []
    if effects.hue:
        filters.append(spell("hue", h=effects.hue, s=saturation))
    return filters


def _curves(tones: Tones) -> str:
    channels = {"r": tones.red, "g": tones.green, "b": tones.blue}
    points = {name: _points(knots) for name, knots in channels.items() if knots is not None}
    return spell("curves", **points, interp="pchip")


def _points(knots: Knots) -> str:
    return " ".join(f"{x:.4g}/{y:.4g}" for x, y in knots)
