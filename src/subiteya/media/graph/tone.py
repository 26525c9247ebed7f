"""Exposure, temperature, tint, shadows, highlights and a look, folded into one curve a channel. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from subiteya.domain.pattern import EffectsSpec
from subiteya.media.graph.looks import Knots, Recipe

Curve = Callable[[float], float]
"""Full-range channel value in, value out; both 0 to 1."""

_SAMPLES = 17
_DISPLAY_GAMMA = 2.2  # a stop doubles light, and light is about the 2.2th power of the value
_WARMTH, _GREEN, _MAGENTA = 0.14, 0.12, 0.05  # gains of the channels at full temperature and tint
_REACH = 0.7  # of shadows and highlights; the curve still rises everywhere at -1


@dataclass(frozen=True, slots=True)
class Tones:
    """Sampled curves, None for a channel that stays."""

    red: Knots | None
    green: Knots | None
    blue: Knots | None

    @property
    def is_straight(self) -> bool:
        """Whether nothing changes."""
        return self.red is self.green is self.blue is None


def fold(effects: EffectsSpec, recipe: Recipe) -> Tones:
    """All tone changes of the wish in one curve for each channel."""
    warmth, tint = effects.temperature, effects.tint
    return Tones(
        red=_sampled(effects, 1 + _WARMTH * warmth + _MAGENTA * tint, recipe.red),
        green=_sampled(effects, 1 - _GREEN * tint, recipe.green),
        blue=_sampled(effects, 1 - _WARMTH * warmth + _MAGENTA * tint, recipe.blue),
    )


def _sampled(effects: EffectsSpec, gain: float, knots: Knots) -> Knots | None:
    light = gain * 2 ** (effects.exposure / _DISPLAY_GAMMA)
    look = through(knots)

    def curve(value: float) -> float:
        value = min(1.0, value * light)
        value += effects.shadows * _REACH * value * (1 - value) ** 2
        value += effects.highlights * _REACH * value**2 * (1 - value)
        return min(1.0, max(0.0, look(value)))

    points = tuple((at / (_SAMPLES - 1), curve(at / (_SAMPLES - 1))) for at in range(_SAMPLES))
    return None if all(abs(x - y) < 1e-9 for x, y in points) else points  # noqa: PLR2004 - equal but for rounding


def through(knots: Knots) -> Curve:
    """A smooth curve through the points that never overshoots between them (Fritsch and Carlson, 1980)."""
    slopes = _slopes(knots)
    starts = [x for x, _ in knots]

    def curve(value: float) -> float:
        at = min(max(bisect_right(starts, value) - 1, 0), len(knots) - 2)
        (x0, y0), (x1, y1) = knots[at], knots[at + 1]
        width = x1 - x0
        t = (min(max(value, x0), x1) - x0) / width
        return (
            y0 * (1 + 2 * t) * (1 - t) ** 2
            + slopes[at] * width * t * (1 - t) ** 2
            + y1 * t**2 * (3 - 2 * t)
            + slopes[at + 1] * width * t**2 * (t - 1)
        )

    return curve


def _slopes(knots: Sequence[tuple[float, float]]) -> list[float]:
    steps = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(knots)]
    middle = [
        0.0 if left * right <= 0 else 2 * left * right / (left + right) for left, right in pairwise(steps)
    ]
    return [steps[0], *middle, steps[-1]]
