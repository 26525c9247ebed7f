from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.pattern import EffectsSpec, Look
from subiteya.media.graph.looks import RECIPES
from subiteya.media.graph.tone import fold, through


def test_no_wish_is_no_curve() -> None:
    assert fold(EffectsSpec(), RECIPES[Look.NONE]).is_straight


def test_a_channel_that_stays_has_no_curve() -> None:
    tones = fold(EffectsSpec(temperature=0.5), RECIPES[Look.NONE])
    assert tones.green is None
    assert tones.red is not None
    assert tones.blue is not None


@given(st.floats(-3, 3), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1), st.sampled_from(Look))
def test_every_curve_rises_and_stays_within_bounds(
    exposure: float, temperature: float, shadows: float, highlights: float, look: Look
) -> None:
    wish = EffectsSpec(
        exposure=exposure, temperature=temperature, shadows=shadows, highlights=highlights, look=look
    )
    tones = fold(wish, RECIPES[look])
    for knots in (tones.red, tones.green, tones.blue):
        values = [y for _, y in knots or ()]
        assert values == sorted(values)
        assert all(0 <= value <= 1 for value in values)


def test_the_curve_passes_through_its_points_and_does_not_overshoot() -> None:
    curve = through(((0, 0.1), (0.5, 0.5), (0.6, 0.9), (1, 0.9)))
    assert [curve(x) for x in (0, 0.5, 0.6, 1)] == pytest.approx([0.1, 0.5, 0.9, 0.9])
    assert max(curve(x / 100) for x in range(60, 101)) == pytest.approx(0.9)
