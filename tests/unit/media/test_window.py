"""Which seconds a preview is made of."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from subiteya.domain.pattern import EffectsSpec, TimeSpec
from subiteya.media.graph import Assets, Segment
from subiteya.media.graph.timeline import Timeline
from subiteya.media.graph.window import Part, last_moment, on_grid, own_moment, plan_window

FPS = Fraction(30)
PLAIN = Timeline(intro_s=0.0, shown_s=10.0, outro_s=0.0, fade_s=0.0)
FRAMED = Timeline(intro_s=2.0, shown_s=10.0, outro_s=3.0, fade_s=1.0)
ENDLESS = Timeline(intro_s=0.0, shown_s=0.0, outro_s=0.0, fade_s=0.0)


def test_a_frame_stands_from_its_moment_to_the_next() -> None:
    assert on_grid(1.2, FPS) == 1.2
    assert on_grid(1.2332, FPS) == pytest.approx(1.2)
    assert on_grid(1.2334, FPS) == pytest.approx(37 / 30)


def test_the_last_frame_begins_before_the_end() -> None:
    assert last_moment(PLAIN, FPS) == pytest.approx(299 / 30)
    assert last_moment(FRAMED, FPS) == pytest.approx(13 - 1 / 30)
    assert last_moment(ENDLESS, FPS) == float("inf")


@pytest.mark.parametrize(
    ("moment", "own"),
    [(0.5, None), (1.5, None), (2.0, 1.0), (9.9, 8.9), (10.5, None), (12.0, None)],
    ids=["intro", "melting in", "just clear", "still clear", "melting out", "outro"],
)
def test_only_frames_of_the_clip_alone_are_its_own(moment: float, own: float | None) -> None:
    found = own_moment(FRAMED, moment, FPS)
    assert found is None if own is None else found == pytest.approx(own)


def test_the_clips_own_frames_keep_their_grid_after_an_intro_of_any_length() -> None:
    odd = Timeline(intro_s=1.017, shown_s=10.0, outro_s=0.0, fade_s=0.0)
    found = own_moment(odd, 2.0, FPS)
    assert found is not None
    assert found * 30 == pytest.approx(round(found * 30))


def test_a_stretch_of_the_clip_is_led_in() -> None:
    window = plan_window(PLAIN, 4.0, 3.0, FPS, EffectsSpec())
    assert (window.intro, window.outro) == (None, None)
    assert window.own == Part(3.5, 3.5)
    assert (window.lead_s, window.seconds) == (0.5, 3.0)
    assert (window.timeline.before_s, window.timeline.after_s) == (3.5, 3.0)
    assert window.source_options(TimeSpec(trim_start_s=1.0, speed=2.0)) == [
        "-ss",
        "8.000000",
        "-t",
        "7.000000",
    ]


def test_at_the_end_it_begins_earlier() -> None:
    window = plan_window(PLAIN, 9.0, 3.0, FPS, EffectsSpec())
    assert window.timeline.before_s + window.lead_s == 7.0
    short = plan_window(Timeline(0.0, 1.0, 0.0, 0.0), 5.0, 3.0, FPS, EffectsSpec())
    assert (short.lead_s, short.seconds) == (0.0, 1.0)


def test_steadying_looks_both_ways() -> None:
    window = plan_window(PLAIN, 5.0, 0.1, FPS, EffectsSpec(stabilise=True))
    assert window.own is not None
    assert window.own.skipped_s == pytest.approx(3.0)
    assert window.own.seconds == pytest.approx(4.1)


def test_a_cross_fade_is_made_whole() -> None:
    window = plan_window(FRAMED, 1.8, 0.1, FPS, EffectsSpec())
    assert window.intro == Part(1.0, 1.0)
    assert window.own == Part(0.0, 1.0)
    assert window.outro is None
    assert window.timeline.total_s == pytest.approx(1.0)


def test_the_outro_alone_needs_no_clip() -> None:
    window = plan_window(FRAMED, 12.0, 0.5, FPS, EffectsSpec())
    assert (window.intro, window.own) == (None, None)
    assert window.outro is not None
    assert window.made_s == pytest.approx(1.0)
    outro = Segment(Path("outro.mp4"), 3.0, None)
    cut = window.of(Assets(Path("clip.mp4"), intro=outro, outro=outro))
    assert cut.intro is None
    assert cut.outro is not None
    assert cut.outro.skipped_s == pytest.approx(1.5)


def test_without_a_known_length_any_second_can_be_asked_for() -> None:
    window = plan_window(ENDLESS, 40.0, 3.0, FPS, EffectsSpec())
    assert window.own == Part(39.5, 3.5)
    assert window.timeline.after_s == 0.0
