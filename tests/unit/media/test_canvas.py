from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.probes import track
from subiteya.domain.pattern import Anchor, PatternSpec
from subiteya.domain.probe import VideoTrack
from subiteya.media.graph.canvas import Box, Canvas, plan_canvas


def plan(video: VideoTrack, **spec: object) -> Canvas:
    return plan_canvas(video, PatternSpec.parse(spec))


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
    canvas = plan(track(width=size[0], height=size[1]))
    assert (canvas.width, canvas.height) == expected


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_any_size_fits_and_keeps_its_shape(width: int, height: int) -> None:
    canvas = plan(track(width=width, height=height))
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
        ("29/1", "30/1", Fraction(30)),
        ("19000/1001", "30000/1001", Fraction(30000, 1001)),
        ("30/1", "60/1", Fraction(30)),
        ("29/1", "90000/1", Fraction(30000, 1001)),
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
    assert plan(track(fps=average, nominal_fps=nominal)).fps == expected


@given(st.fractions(min_value=Fraction(1, 100), max_value=1000))
def test_any_rate_ends_within_tiktoks_limits(rate: Fraction) -> None:
    text = f"{rate.numerator}/{rate.denominator}"
    assert 23 <= plan(track(fps=text, nominal_fps=text)).fps <= 60


def test_a_portrait_clip_leaves_room_for_tiktoks_buttons() -> None:
    free = plan(track()).free
    assert free == Box(60, 130, 880, 1310)


def test_a_landscape_clip_loses_nothing_above_or_below() -> None:
    free = plan(track(width=1920, height=1080)).free
    assert (free.y, free.height) == (0, 1080)
    assert free.x > 0


@pytest.mark.parametrize("anchor", list(Anchor))
def test_an_overlay_stays_inside_the_free_part_by_the_margin(anchor: Anchor) -> None:
    x, y = plan(track()).place(200, 100, anchor, 40, safe=True)
    assert 100 <= x <= 60 + 880 - 40 - 200
    assert 170 <= y <= 130 + 1310 - 40 - 100
    assert x % 2 == y % 2 == 0


def test_what_is_centred_is_centred_on_the_frame() -> None:
    canvas = plan(track())
    assert canvas.place(200, 100, Anchor.CENTER, 40, safe=True) == (440, 910)
    assert canvas.place(200, 100, Anchor.TOP, 40, safe=True)[0] == 440


@pytest.mark.parametrize(
    ("source", "target", "frame", "picture"),
    [
        ((1920, 1080), "9:16", (1080, 1920), Box(0, 656, 1080, 606)),
        ((640, 480), "9:16", (640, 1138), Box(0, 328, 640, 480)),
        ((1080, 1920), "16:9", (1920, 1080), Box(656, 0, 606, 1080)),
        ((1080, 1920), "1:1", (1080, 1080), Box(236, 0, 606, 1080)),
        ((2160, 3840), "4:5", (1080, 1350), Box(160, 0, 758, 1350)),
        ((1080, 1920), "9:16", (1080, 1920), Box(0, 0, 1080, 1920)),
    ],
)
def test_a_fitted_picture_is_whole_and_in_the_middle(
    source: tuple[int, int], target: str, frame: tuple[int, int], picture: Box
) -> None:
    canvas = plan(track(width=source[0], height=source[1]), layout={"target": target})
    assert (canvas.width, canvas.height) == frame
    assert canvas.picture == picture
    assert canvas.crop is None


@pytest.mark.parametrize(
    ("source", "target", "focus", "frame", "crop"),
    [
        ((1920, 1080), "9:16", (50, 50), (606, 1080), Box(656, 0, 606, 1080)),
        ((1920, 1080), "9:16", (0, 50), (606, 1080), Box(0, 0, 606, 1080)),
        ((1920, 1080), "9:16", (100, 50), (606, 1080), Box(1314, 0, 606, 1080)),
        ((1080, 1920), "1:1", (50, 0), (1080, 1080), Box(0, 0, 1080, 1080)),
        ((1080, 1920), "1:1", (50, 100), (1080, 1080), Box(0, 840, 1080, 1080)),
        ((3840, 2160), "4:5", (50, 50), (1080, 1350), Box(1056, 0, 1728, 2160)),
    ],
)
def test_cropping_keeps_what_the_focus_says(
    source: tuple[int, int], target: str, focus: tuple[int, int], frame: tuple[int, int], crop: Box
) -> None:
    layout = {"target": target, "fill": "crop", "focus_x_percent": focus[0], "focus_y_percent": focus[1]}
    canvas = plan(track(width=source[0], height=source[1]), layout=layout)
    assert canvas.crop == crop
    assert (canvas.width, canvas.height) == frame
    assert canvas.is_filled


@given(
    st.tuples(st.integers(2, 5000), st.integers(2, 5000)),
    st.sampled_from(["9:16", "4:5", "1:1", "16:9"]),
    st.sampled_from(["fit", "crop"]),
    st.tuples(st.floats(0, 100), st.floats(0, 100)),
)
def test_any_source_fits_any_target(
    size: tuple[int, int], target: str, fill: str, focus: tuple[float, float]
) -> None:
    layout = {"target": target, "fill": fill, "focus_x_percent": focus[0], "focus_y_percent": focus[1]}
    canvas = plan(track(width=size[0], height=size[1]), layout=layout)
    assert all(360 <= side <= 4096 and side % 2 == 0 for side in (canvas.width, canvas.height))
    for inner, outer in ((canvas.picture, canvas.frame), (canvas.crop, Box(0, 0, *size))):
        if inner is not None:
            assert 0 <= inner.x <= inner.x + inner.width <= outer.width
            assert 0 <= inner.y <= inner.y + inner.height <= outer.height


def test_the_wished_rate_wins() -> None:
    assert plan(track(), output={"fps": 25}).fps == 25
