"""Adjustments, look and vignette in as few filters as the wish allows.

Brightness, contrast and all saturation go into one `lutyuv`, a table look-up on yuv420p that costs next to
nothing. (`eq` would too, but it rounds brightness to hundredths, down.) Only a look with tone curves needs
RGB, and then there is one trip there and back. `colorbalance` would cost fourteen times as much as `curves`
for the same change.
"""

from __future__ import annotations

import math

from subiteya.domain.pattern import EffectsSpec
from subiteya.media.graph.filters import spell
from subiteya.media.graph.looks import RECIPES, Knots
from subiteya.media.graph.signal import Signal

_BLACK_CORNERS = 2 * math.pi / 5  # `vignette`'s angle at which the corners go black


def grade(effects: EffectsSpec, signal: Signal) -> tuple[str, ...]:
    """Filters for the wished colours, none when there is no wish."""
    recipe = RECIPES[effects.look]
    filters = [*_adjust(effects.contrast, effects.brightness, (1 + effects.saturation) * recipe.saturation)]
    if recipe.bends:
        red, green, blue = map(_points, (recipe.red, recipe.green, recipe.blue))
        curves = spell("curves", r=red, g=green, b=blue, interp="pchip")
        filters += [*signal.to_rgb, curves, *signal.from_rgb]
    if effects.vignette > 0:
        filters.append(spell("vignette", angle=effects.vignette * _BLACK_CORNERS))
    return tuple(filters)


def _adjust(contrast: float, brightness: float, saturation: float) -> list[str]:
    """Luma about the middle grey of the limited range (16 to 235), chroma about its zero (128)."""
    tables = {}
    if contrast or brightness:
        slope = 1 + contrast
        # v - 0.5 scaled and shifted, in code values: y' = slope * (y - 125.5) + 125.5 + 219 * brightness
        tables["y"] = f"clip({slope:.6f}*val+({125.5 * (1 - slope) + 219 * brightness:.6f})+0.5,16,235)"
    if saturation != 1:
        tables |= dict.fromkeys("uv", f"clip({saturation:.6f}*(val-128)+128.5,16,240)")
    return [spell("lutyuv", **tables)] if tables else []


def _points(knots: Knots) -> str:
    return " ".join(f"{x:.4g}/{y:.4g}" for x, y in knots)
