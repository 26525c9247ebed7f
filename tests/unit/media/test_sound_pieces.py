from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from subiteya.media.transcribe.sound import plan_pieces, read_silences

LOG = """frame:3    pts:1024    pts_time:0.5
lavfi.silence_start=0.5
frame:9    pts:4096    pts_time:2
lavfi.silence_end=2.25
lavfi.silence_duration=1.75
lavfi.silence_start=9
"""


def test_silences_are_read_and_the_last_one_ends_with_the_sound() -> None:
    assert read_silences(LOG, 10.0) == [(0.5, 2.25), (9.0, 10.0)]
    assert read_silences("", 10.0) == []


def test_a_piece_ends_in_the_last_silence_that_fits() -> None:
    assert plan_pieces(100, 60, [(10, 11), (40, 42), (50, 54), (80, 81)]) == [(0, 52.0), (52.0, None)]


def test_where_nobody_is_ever_silent_a_piece_ends_where_it_must() -> None:
    assert plan_pieces(100, 40, [(5, 6)]) == [(0, 40), (40, 80), (80, None)]


_spans = st.tuples(st.floats(0, 500), st.floats(0, 5)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.floats(1, 500), st.floats(5, 100), st.lists(_spans, max_size=30).map(sorted))
def test_pieces_cover_the_sound_without_overlap_and_none_is_too_long(
    length_s: float, longest_s: float, silences: list[tuple[float, float]]
) -> None:
    pieces = plan_pieces(length_s, longest_s, silences)
    assert pieces[0][0] == 0
    assert pieces[-1][1] is None
    assert all(before[1] == after[0] for before, after in itertools.pairwise(pieces))
    ends = [length_s if end is None else end for _, end in pieces]
    assert all(0 < end - start <= longest_s + 1e-9 for (start, _), end in zip(pieces, ends, strict=True))
