"""OpenAI's `verbose_json`: segments with their probabilities, and words with their times."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

from babel import Locale
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subiteya.domain.transcript import Passage, Spoken, Transcript
from subiteya.domain.word_errors import TranscriptionFailed

_CODE_LETTERS: Final = 3


class _Word(BaseModel):
    word: str
    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)


class _Segment(BaseModel):
    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    text: str
    words: list[_Word] | None = None
    no_speech_prob: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str = ""
    language: str | None = None
    segments: list[_Segment] | None = None
    words: list[_Word] | None = None


def read_answer(body: bytes) -> Transcript:
    """What the service heard.

    Raises:
        TranscriptionFailed: It is no `verbose_json`, or has words without any time.
    """
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise TranscriptionFailed(why="the service's answer cannot be read") from error
    words = answer.words or []
    segments = answer.segments or []
    if not segments and words:
        segments = [_Segment(start=words[0].start, end=words[-1].end, text=answer.text or _joined(words))]
    if answer.text.strip() and not segments:
        raise TranscriptionFailed(why="the service tells no times; choose a model that does")
    shared = _shared_out(words, segments)
    passages = [
        _passage(segment, segment.words if segment.words is not None else own)
        for segment, own in zip(segments, shared, strict=True)
    ]
    return Transcript(language_code(answer.language), tuple(passages))


def _shared_out(words: Sequence[_Word], segments: Sequence[_Segment]) -> list[list[_Word]]:
    """Each segment's words: those whose middle lies in it. OpenAI tells words apart from segments."""
    shared: list[list[_Word]] = [[] for _ in segments]
    for word in words:
        middle = (word.start + word.end) / 2
        for number, segment in enumerate(segments):
            if segment.start <= middle <= segment.end:
                shared[number].append(word)
                break
    return shared


def _passage(segment: _Segment, words: Sequence[_Word]) -> Passage:
    return Passage(
        segment.start,
        segment.end,
        segment.text.strip(),
        tuple(Spoken(word.start, word.end, word.word) for word in words),
        segment.no_speech_prob,
        segment.avg_logprob,
        segment.compression_ratio,
    )


def _joined(words: Sequence[_Word]) -> str:
    return " ".join(word.word.strip() for word in words)


def language_code(told: str | None) -> str | None:
    """A language's code: services tell the code (`es`) or the English name (`spanish`)."""
    if told is None:
        return None
    word = told.strip().lower()
    if len(word) <= _CODE_LETTERS:
        return word if word.isascii() and word.isalpha() else None
    return _codes().get(word)


@functools.cache
def _codes() -> Mapping[str, str]:
    names = Locale("en").languages
    return {str(name).lower(): str(code) for code, name in names.items() if len(str(code)) <= _CODE_LETTERS}
