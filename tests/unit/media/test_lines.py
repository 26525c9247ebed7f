from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.subtitles import Cue, Word
from subiteya.media.lines import Room, Screen, arrange, timed_words, wrap

WORDS = st.lists(st.text("abcdeñ", min_size=1, max_size=12), min_size=1, max_size=40)


def room(characters: int = 20, lines: int = 2) -> Room:
    return Room(width=characters, measure=len, max_lines=lines)


def shown(screens: tuple[Screen, ...]) -> list[list[str]]:
    return [[" ".join(word.text for word in line) for line in screen.lines] for screen in screens]


def test_what_fits_stays_as_its_author_broke_it() -> None:
    assert shown(arrange(Cue(0, 1000, "uno\ndos tres"), room())) == [["uno", "dos tres"]]


def test_lines_are_of_even_width() -> None:
    assert shown(arrange(Cue(0, 1000, "aaaa bbbb cccc dddd eeee ffff"), room(24))) == [
        ["aaaa bbbb cccc", "dddd eeee ffff"]
    ]


def test_a_word_wider_than_the_room_stands_alone() -> None:
    assert wrap("a supercalifragilístico b", room(10)) == ["a", "supercalifragilístico", "b"]


def test_empty_lines_of_a_text_leave_nothing() -> None:
    assert wrap("uno\n\ndos", room()) == ["uno", "dos"]


@given(WORDS, st.integers(6, 40), st.integers(1, 4))
def test_nothing_is_lost_and_nothing_overlaps(words: list[str], width: int, lines: int) -> None:
    cue = Cue(100, 100_100, " ".join(words))
    screens = arrange(cue, room(width, lines))
    assert [word.text for screen in screens for word in screen.words] == words
    assert screens[0].start_ms == cue.start_ms
    assert screens[-1].end_ms == cue.end_ms
    assert all(one.end_ms == other.start_ms for one, other in pairwise(screens))
    assert all(len(screen.lines) <= lines for screen in screens)
    for line in [line for screen in shown(screens) for line in screen]:
        assert len(line) <= width or " " not in line


@given(WORDS)
def test_shared_times_cover_the_cue_without_gaps(words: list[str]) -> None:
    timed = timed_words(Cue(50, 9_950, " ".join(words)))
    assert (timed[0].start_ms, timed[-1].end_ms) == (50, 9_950)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(timed))


def test_given_times_are_kept_only_while_the_words_are_the_same() -> None:
    words = (Word(100, 200, "hola"), Word(300, 400, "mundo"))
    assert timed_words(Cue(0, 1000, "hola mundo", words)) == words
    assert timed_words(Cue(0, 1000, "hola gente", words)) != words
