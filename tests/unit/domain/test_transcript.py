from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.transcript import LONGEST_CHARACTERS, LONGEST_MS, Passage, Spoken, Transcript, shifted


def said(text: str, start_s: float = 0.0, each_s: float = 0.3, **told: float) -> Passage:
    """A passage whose words follow each other without a pause."""
    words = tuple(
        Spoken(start_s + place * each_s, start_s + (place + 1) * each_s, f" {word}")
        for place, word in enumerate(text.split())
    )
    return Passage(start_s, start_s + len(words) * each_s, text, words, **told)


def texts(*passages: Passage, length_s: float = 0.0) -> list[str]:
    return [cue.text for cue in Transcript("es", passages).cues(length_s)]


def test_words_keep_their_times_and_take_their_punctuation_from_the_text() -> None:
    passage = Passage(
        1, 3, "¿Qué tal, Ana?", (Spoken(1, 1.4, "Qué"), Spoken(1.4, 2, "tal"), Spoken(2, 3, "Ana"))
    )
    [cue] = Transcript("es", (passage,)).cues()
    assert (cue.text, cue.start_ms, cue.end_ms) == ("¿Qué tal, Ana?", 1000, 3000)
    assert [(word.text, word.start_ms, word.end_ms) for word in cue.words] == [
        ("¿Qué", 1000, 1400),
        ("tal,", 1400, 2000),
        ("Ana?", 2000, 3000),
    ]


def test_a_cue_ends_with_a_sentence_at_a_pause_and_when_it_gets_long() -> None:
    assert texts(said("Hola. Adiós.")) == ["Hola.", "Adiós."]
    assert texts(said("uno dos"), said("tres cuatro", start_s=2)) == ["uno dos", "tres cuatro"]
    for text in texts(said("palabra " * 40, each_s=0.1)):
        assert len(text) <= LONGEST_CHARACTERS
    assert len(texts(said("larga " * 8, each_s=1.5))) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"no_speech": 0.7, "log_probability": -1.2},
        {"no_speech": 0.95, "log_probability": -0.1},
        {"log_probability": -2.0},
        {"compression": 3.0, "log_probability": -0.2},
    ],
    ids=["doubtful silence", "surely silence", "guessed", "round in circles"],
)
def test_what_was_not_said_is_left_out(told: dict[str, float]) -> None:
    assert texts(said("Gracias por ver el video", **told), said("Hola", start_s=5)) == ["Hola"]


def test_what_was_said_with_some_doubt_stays() -> None:
    assert texts(said("Hola", no_speech=0.5, log_probability=-1.1, compression=1.9)) == ["Hola"]


def test_words_after_the_end_of_the_clip_were_not_heard_in_it() -> None:
    assert texts(said("Hola a todos"), said("Suscríbete", start_s=30), length_s=10) == ["Hola a todos"]


def test_words_without_times_share_those_of_their_passage_by_length() -> None:
    [cue] = Transcript(None, (Passage(2, 4, "ab abcdefg"),)).cues()
    first, second = cue.words
    assert (first.start_ms, second.end_ms) == (2000, 4000)
    assert first.end_ms == second.start_ms
    assert second.end_ms - second.start_ms > 2 * (first.end_ms - first.start_ms)


def test_nothing_heard_is_no_cue() -> None:
    assert Transcript("es", ()).cues(10) == ()
    assert texts(Passage(0, 1, "   ")) == []


def test_a_piece_is_put_on_the_clock_of_the_whole() -> None:
    [cue] = Transcript("es", (shifted(said("Hola", start_s=1, no_speech=0.1), 60),)).cues()
    assert (cue.start_ms, cue.words[0].end_ms) == (61_000, 61_300)


_times = st.floats(0, 60, allow_nan=False)
_words = st.builds(Spoken, _times, _times, st.text(min_size=0, max_size=8))
_passages = st.builds(
    Passage,
    _times,
    _times,
    st.text(max_size=60),
    st.lists(_words, max_size=4).map(tuple),
    st.none() | st.floats(0, 1),
)


@given(st.lists(_passages, max_size=4), st.sampled_from([0.0, 10.0]))
def test_whatever_a_recogniser_says_becomes_cues_in_order_with_its_words_only(
    passages: list[Passage], length_s: float
) -> None:
    cues = Transcript(None, tuple(passages)).cues(length_s)
    for cue in cues:
        assert cue.words
        assert cue.end_ms - cue.start_ms <= LONGEST_MS or len(cue.words) == 1
        assert cue.text == " ".join(word.text for word in cue.words)
        assert length_s == 0 or cue.end_ms <= length_s * 1000
        for word in cue.words:
            assert word.start_ms < word.end_ms
            assert any(word.text in passage.text for passage in passages), "no word of its own"
    for before, after in itertools.pairwise(cues):
        assert before.end_ms <= after.start_ms
