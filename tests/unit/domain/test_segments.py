from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.segments import MOST, Stretch, count_segments, is_divisible, plan_stretches

INTRO = "assets/00000000-0000-4000-8000-000000000001/00000000-0000-4000-8000-000000000002.mp4"


def probe(container: str = "mov,mp4,m4a,3gp,3g2,mj2", seconds: float = 60.0) -> Probe:
    return Probe(container=container, duration_s=seconds, size_bytes=1, video=None)


def test_a_clip_is_divided_evenly_and_the_last_segment_is_open() -> None:
    assert plan_stretches(10.0, Fraction(30), 3) == (Stretch(0, 100), Stretch(100, 200), Stretch(200, None))
    assert plan_stretches(0.05, Fraction(30), 4) == (Stretch(0, None),)
    assert (Stretch(7, 9).frames, Stretch(7, None).frames) == (2, None)


@given(
    some.floats(0.01, 7200),
    some.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(60)]),
    some.integers(1, 64),
)
def test_segments_leave_no_frame_out_and_share_none(seconds: float, fps: Fraction, count: int) -> None:
    stretches = plan_stretches(seconds, fps, count)
    assert 1 <= len(stretches) <= count
    assert stretches[0].first == 0
    assert stretches[-1].end is None
    assert all(left.end == right.first for left, right in pairwise(stretches))
    lengths = [stretch.frames for stretch in stretches[:-1]]
    assert all(length is not None and length >= 1 for length in lengths)


@pytest.mark.parametrize(
    ("spec", "divisible"),
    [
        ({}, True),
        ({"effects": {"denoise": 0.5, "grain": 0.2}, "time": {"speed": 1.5}}, True),
        ({"effects": {"stabilise": True}}, False),
        ({"output": {"max_bitrate_kbps": 4000}}, False),
        ({"time": {"trim_start_s": 1}}, False),
        ({"time": {"intro_key": INTRO}}, False),
    ],
)
def test_what_looks_at_the_whole_is_not_divided(spec: dict[str, Any], divisible: bool) -> None:
    assert is_divisible(PatternSpec.parse(spec), probe()) is divisible


def test_a_file_that_cannot_be_sought_exactly_or_has_no_length_is_not_divided() -> None:
    spec = PatternSpec.parse({})
    assert is_divisible(spec, probe("matroska,webm"))
    assert not is_divisible(spec, probe("mpegts"))
    assert not is_divisible(spec, probe(seconds=0.0))


@pytest.mark.parametrize(
    ("seconds", "idle", "count"),
    [(60, 0, 1), (29.9, 3, 1), (30, 3, 2), (60, 1, 2), (600, 2, 3), (600, 50, MOST), (0, 2, 1)],
)
def test_each_machine_gets_enough_to_be_worth_its_start(seconds: float, idle: int, count: int) -> None:
    assert count_segments(seconds, idle, least_s=15) == count
