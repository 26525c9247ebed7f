"""Adjustments, look and vignette in as few filters as the wish allows.

Brightness, contrast and all saturation go into one `eq`, which works on yuv420p for next to nothing. Only a
look with tone curves needs RGB, and then there is one trip there and back. `colorbalance` would cost fourteen
times as much as `curves` for the same change.
"""

from __future__ import annotations

import math
from fractions import Fraction

from subiteya.domain.pattern import EffectsSpec
from subiteya.media.graph.filters import spell
from subiteya.media.graph.looks import RECIPES, Knots
from subiteya.media.graph.signal import Signal

_BLACK_CORNERS = 2 * math.pi / 5  # `vignette`'s angle at which the corners go black


def grade(effects: EffectsSpec, signal: Signal) -> tuple[str, ...]:
    """Filters for the wished colours, none when there is no wish."""
    recipe = RECIPES[effects.look]
    filters: list[str] = []
    adjust: dict[str, float | str | Fraction] = {
        "contrast": 1.0 + effects.contrast,
        "brightness": effects.brightness,
        "saturation": (1.0 + effects.saturation) * recipe.saturation,
    }
    if adjust != {"contrast": 1.0, "brightness": 0.0, "saturation": 1.0}:
        filters.append(spell("eq", **adjust))
    if recipe.bends:
        red, green, blue = map(_points, (recipe.red, recipe.green, recipe.blue))
        curves = spell("curves", r=red, g=green, b=blue, interp="pchip")
        filters += [*signal.to_rgb, curves, *signal.from_rgb]
    if effects.vignette > 0:
        filters.append(spell("vignette", angle=effects.vignette * _BLACK_CORNERS))
    return tuple(filters)


def _points(knots: Knots) -> str:
    return " ".join(f"{x:.4g}/{y:.4g}" for x, y in knots)
