"""Parts that are joined are whole numbers of frames, whatever lengths their files claim."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from fixtures.probes import clip, track
from subiteya.domain.pattern import PatternSpec, TimeSpec
from subiteya.media.graph import Assets, Segment, compile_edit, compile_loudness_measure, plan_timeline

FPS = Fraction(30)
KEY = "assets/00000000-0000-4000-8000-000000000001/00000000-0000-4000-8000-000000000002.png"
INTRO, OUTRO = Segment(Path("intro.png"), 0.8, None), Segment(Path("outro.png"), 0.72, None)


def test_what_is_joined_stands_on_the_grid_of_frames() -> None:
    found = plan_timeline(TimeSpec(crossfade_s=0.4), Assets(Path("in"), intro=INTRO, outro=OUTRO), 1.213, FPS)
    lengths = (found.intro_s, found.shown_s, found.outro_s, found.fade_s)
    assert [length * 30 for length in lengths] == [
        pytest.approx(round(length * 30), abs=1e-6) for length in lengths
    ]
    assert found.fade_s <= found.outro_s / 2


def test_a_clip_alone_keeps_its_length() -> None:
    assert plan_timeline(TimeSpec(), Assets(Path("in")), 1.213, FPS).shown_s == 1.213


def test_a_file_that_claims_to_last_for_years_makes_no_picture_stand_that_long() -> None:
    probe = clip(track(), duration_s=1e9)
    assets = Assets(Path("in"), intro=INTRO)
    spec = PatternSpec.parse({"time": {"intro_key": KEY}})
    command = " ".join(compile_edit(spec, probe, assets, Path("work")).arguments)
    assert "stop_mode=clone:stop_duration=900" in command
    assert "stop=-1" not in command


def test_no_more_of_a_sound_is_measured_than_can_be_posted() -> None:
    spec = PatternSpec.parse({"sound": {"normalise": True}})
    probe = clip(track(), duration_s=1e9)
    measured = compile_loudness_measure(spec, probe, Assets(Path("in"), music=Path("music.mp3")))
    assert measured is not None
    assert measured[-5:] == ["-t", "900", "-f", "null", "-"]
