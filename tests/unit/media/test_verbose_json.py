from __future__ import annotations

import json
from typing import Any

import pytest

from subiteya.domain.word_errors import TranscriptionFailed
from subiteya.media.transcribe.verbose_json import language_code, read_answer


def answer(**parts: Any) -> bytes:
    return json.dumps({"task": "transcribe", "duration": 3, **parts}).encode()


def segment(start: float, end: float, text: str, **more: Any) -> dict[str, Any]:
    return {"id": 0, "seek": 0, "start": start, "end": end, "text": text, "tokens": [1], **more}


def word(start: float, end: float, text: str) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end}


def test_words_go_to_the_segment_that_they_are_spoken_in() -> None:
    told = answer(
        language="spanish",
        text="Hola. Adiós.",
        segments=[
            segment(0, 1, " Hola.", no_speech_prob=0.1, avg_logprob=-0.3, compression_ratio=1.1),
            segment(1, 2, " Adiós."),
        ],
        words=[word(0.1, 0.9, "Hola"), word(1.1, 1.9, "Adiós")],
    )
    transcript = read_answer(told)
    assert transcript.language == "es"
    assert [[one.text for one in passage.words] for passage in transcript.passages] == [["Hola"], ["Adiós"]]
    first = transcript.passages[0]
    assert (first.no_speech, first.log_probability, first.compression) == (0.1, -0.3, 1.1)
    assert [cue.text for cue in transcript.cues()] == ["Hola.", "Adiós."]


def test_services_that_nest_the_words_or_tell_words_only_are_read_too() -> None:
    nested = answer(text="Hola", segments=[segment(0, 1, "Hola", words=[word(0, 1, "Hola")])])
    plain = answer(text="Hola", words=[word(0, 1, "Hola")])
    for told in (nested, plain):
        assert [cue.text for cue in read_answer(told).cues()] == ["Hola"]


def test_nothing_said_is_no_passage() -> None:
    assert read_answer(answer(text="", segments=[])).passages == ()


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"Hola",
        b"[]",
        answer(text="Words without any time"),
        answer(text="x", segments=[segment(-1, 1, "x")]),
        b'{"text":"x","words":[{"word":"x","start":NaN,"end":1}]}',
        answer(text="x", segments=[{"text": "x"}]),
    ],
)
def test_what_cannot_be_read_is_an_error_and_not_a_guess(told: bytes) -> None:
    with pytest.raises(TranscriptionFailed) as caught:
        read_answer(told)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("es", "es"),
        ("Spanish", "es"),
        ("english", "en"),
        ("yue", "yue"),
        ("klingon?", None),
        ("", None),
        (None, None),
    ],
)
def test_languages_are_known_by_code_and_by_name(told: str | None, code: str | None) -> None:
    assert language_code(told) == code
