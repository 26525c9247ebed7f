"""The recipes of the looks: how much colour stays, and a tone curve for each channel."""

from __future__ import annotations

from dataclasses import dataclass

from subiteya.domain.pattern import Look

Knots = tuple[tuple[float, float], ...]
"""Points (in, out) of a tone curve, 0 to 1, with rising `in`."""

_STRAIGHT: Knots = ((0, 0), (1, 1))


@dataclass(frozen=True, slots=True)
class Recipe:
    """One look. Curves apply to full-range RGB after the saturation."""

    saturation: float = 1.0
    red: Knots = _STRAIGHT
    green: Knots = _STRAIGHT
    blue: Knots = _STRAIGHT


_FIRM: Knots = ((0, 0), (0.25, 0.22), (0.5, 0.51), (0.75, 0.79), (1, 1))
_HARD: Knots = ((0, 0), (0.2, 0.11), (0.5, 0.50), (0.8, 0.89), (1, 1))

RECIPES: dict[Look, Recipe] = {
    Look.NONE: Recipe(),
    # Faded film: blacks lifted to blue, whites to cream.
    Look.VINTAGE: Recipe(
        0.85,
        red=((0, 0.09), (0.45, 0.53), (1, 0.96)),
        green=((0, 0.03), (0.5, 0.49), (1, 0.96)),
        blue=((0, 0.19), (0.5, 0.45), (1, 0.80)),
    ),
    Look.VIBRANT: Recipe(1.4, red=_FIRM, green=_FIRM, blue=_FIRM),
    # Teal shadows, orange highlights, firm contrast.
    Look.CINEMATIC: Recipe(
        0.92,
        red=((0, 0), (0.25, 0.19), (0.5, 0.51), (0.75, 0.82), (1, 1)),
        green=((0, 0.01), (0.25, 0.22), (0.5, 0.50), (0.75, 0.77), (1, 0.98)),
        blue=((0, 0.06), (0.25, 0.27), (0.5, 0.48), (0.75, 0.68), (1, 0.90)),
    ),
    Look.WARM: Recipe(
        1.06,
        red=((0, 0), (0.5, 0.54), (1, 1)),
        green=((0, 0), (0.5, 0.505), (1, 0.98)),
        blue=((0, 0), (0.5, 0.45), (1, 0.92)),
    ),
    Look.COOL: Recipe(
        0.98,
        red=((0, 0), (0.5, 0.45), (1, 0.95)),
        green=((0, 0), (0.5, 0.495), (1, 0.99)),
        blue=((0, 0.02), (0.5, 0.55), (1, 1)),
    ),
    # Deep shadows, bright lights, little colour.
    Look.DRAMATIC: Recipe(0.75, red=_HARD, green=_HARD, blue=_HARD),
    Look.GRAYSCALE: Recipe(0.0),
    Look.BLACK_AND_WHITE: Recipe(0.0, red=_HARD, green=_HARD, blue=_HARD),
    Look.SEPIA: Recipe(
        0.0,
        red=((0, 0.03), (0.5, 0.60), (1, 1)),
        green=((0, 0.01), (0.5, 0.50), (1, 0.95)),
        blue=((0, 0), (0.5, 0.36), (1, 0.80)),
    ),
}
