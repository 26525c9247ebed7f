from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.probes import track
from subiteya.domain.pattern import Anchor
from subiteya.media.graph.canvas import Box, plan_canvas


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1080, 1920), (1080, 1920)),
        ((641, 361), (640, 360)),
        ((320, 240), (480, 360)),
        ((7680, 4320), (4096, 2304)),
        ((200, 4000), (360, 4096)),
    ],
)
def test_the_size_is_even_and_within_tiktoks_limits(size: tuple[int, int], expected: tuple[int, int]) -> None:
    canvas = plan_canvas(track(width=size[0], height=size[1]))
    assert (canvas.width, canvas.height) == expected


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_any_size_fits_and_keeps_its_shape(width: int, height: int) -> None:
    canvas = plan_canvas(track(width=width, height=height))
    picture = canvas.picture
    assert all(360 <= side <= 4096 and side % 2 == 0 for side in (canvas.width, canvas.height))
    assert picture.x + picture.width <= canvas.width
    assert picture.y + picture.height <= canvas.height
    if min(width, height) * 11 > max(width, height):
        assert picture.width / picture.height == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize(
    ("average", "nominal", "expected"),
    [
        ("30/1", "30/1", Fraction(30)),
        ("30000/1001", "30000/1001", Fraction(30000, 1001)),
        ("810000/13487", "60/1", Fraction(60)),
        ("27/1", "27/1", Fraction(27)),
        ("29/1", "30/1", Fraction(30000, 1001)),
        ("15/1", "15/1", Fraction(30)),
        ("10/1", "10/1", Fraction(30)),
        ("120/1", "120/1", Fraction(60)),
        ("240/1", "240/1", Fraction(60)),
        ("90/1", "90/1", Fraction(45)),
        ("0/1", "0/1", Fraction(30)),
        ("1/1", "1/1", Fraction(23)),
    ],
)
def test_the_rate_is_constant_and_keeps_the_cadence(average: str, nominal: str, expected: Fraction) -> None:
    assert plan_canvas(track(fps=average, nominal_fps=nominal)).fps == expected


@given(st.fractions(min_value=Fraction(1, 100), max_value=1000))
def test_any_rate_ends_within_tiktoks_limits(rate: Fraction) -> None:
    text = f"{rate.numerator}/{rate.denominator}"
    assert 23 <= plan_canvas(track(fps=text, nominal_fps=text)).fps <= 60


def test_a_portrait_clip_leaves_room_for_tiktoks_buttons() -> None:
    free = plan_canvas(track()).free
    assert free == Box(60, 130, 880, 1310)


def test_a_landscape_clip_loses_nothing_above_or_below() -> None:
    free = plan_canvas(track(width=1920, height=1080)).free
    assert (free.y, free.height) == (0, 1080)
    assert free.x > 0


@pytest.mark.parametrize("anchor", list(Anchor))
def test_an_overlay_stays_inside_the_free_part_by_the_margin(anchor: Anchor) -> None:
    x, y = plan_canvas(track()).place(200, 100, anchor, 40, safe=True)
    assert 100 <= x <= 60 + 880 - 40 - 200
    assert 170 <= y <= 130 + 1310 - 40 - 100
    assert x % 2 == y % 2 == 0


def test_what_is_centred_is_centred_on_the_frame() -> None:
    canvas = plan_canvas(track())
    assert canvas.place(200, 100, Anchor.CENTER, 40, safe=True) == (440, 910)
    assert canvas.place(200, 100, Anchor.TOP, 40, safe=True)[0] == 440
