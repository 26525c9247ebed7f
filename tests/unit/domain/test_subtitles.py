from __future__ import annotations

import pytest

from subiteya.domain.pattern import TimeSpec
from subiteya.domain.subtitles import Cue, Word, retimed


def test_a_cue_must_end_after_it_starts() -> None:
    with pytest.raises(ValueError, match="must end after"):
        Cue(1000, 1000, "x")


def test_cues_move_with_cut_and_speed() -> None:
    time = TimeSpec(trim_start_s=2, trim_end_s=6, speed=2)
    cues = [
        Cue(0, 1900, "before"),
        Cue(1000, 3000, "across", (Word(1000, 2000, "across"),)),
        Cue(4000, 5000, "within"),
        Cue(5500, 9000, "over"),
        Cue(7000, 8000, "after"),
    ]
    moved = retimed(cues, time.moment, time.shown_s(10))
    assert [(cue.text, cue.start_ms, cue.end_ms) for cue in moved] == [
        ("across", 0, 500),
        ("within", 1000, 1500),
        ("over", 1750, 2000),
    ]
    assert moved[0].words == (Word(0, 0, "across"),)


def test_an_unknown_length_cuts_nothing_at_the_end() -> None:
    assert retimed([Cue(0, 99_000, "x")], TimeSpec().moment, 0) == (Cue(0, 99_000, "x"),)
