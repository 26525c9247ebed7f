"""What speech recognition heard, and how it becomes subtitles. Pure.

Recognisers of the Whisper family answer also where nothing is said: with words from their training. What they
themselves think is silence, or could not make out, is left out. No subtitles are better than invented ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from subiteya.domain.subtitles import Cue, Word

NO_SPEECH: Final = 0.6
"""Probability of silence above which doubtful words do not count: Whisper's own `no_speech_threshold`."""
DOUBTFUL: Final = -1.0
"""Mean log-probability of a word's pieces below which words are doubtful: Whisper's `logprob_threshold`."""
HOPELESS: Final = -1.5
"""Below it (a chance of 22 % a piece) words are guesses, whatever the recogniser thinks of silence."""
SURE_SILENCE: Final = 0.9
"""Probability of silence above which no words count, however fluent they are."""
REPETITIVE: Final = 2.4
"""A text that compresses better goes round in circles: Whisper's `compression_ratio_threshold`."""

PAUSE_MS: Final = 700
"""A silence that ends a cue."""
LONGEST_MS: Final = 6_000
LONGEST_CHARACTERS: Final = 84  # two lines of 42, the usual measure of subtitles
_SENTENCE_END: Final = re.compile(r"[.!?…。！？؟][\"'»”’)\]]*$")  # noqa: RUF001 - other scripts' full stops
_TOKEN: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word with its time in seconds, as the recogniser gives it."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What was heard in one go ("segment"), and what the recogniser thinks of it. Times in seconds.

    Attributes:
        words: Empty when they were not timed.
        no_speech: Probability that nothing is said here; None when not told.
        log_probability: Mean over the pieces of words; 0 is certainty; None when not told.
        compression: How well the text compresses; None when not told.
    """

    start_s: float
    end_s: float
    text: str
    words: tuple[Spoken, ...] = ()
    no_speech: float | None = None
    log_probability: float | None = None
    compression: float | None = None

    @property
    def is_speech(self) -> bool:
        """Whether words were said and made out, as far as the recogniser can tell."""
        silence, likely, circles = self.no_speech or 0.0, self.log_probability or 0.0, self.compression or 0.0
        if silence > SURE_SILENCE or likely < HOPELESS or circles > REPETITIVE:
            return False
        return not (silence > NO_SPEECH and likely < DOUBTFUL)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard in a clip; `language` as BCP 47 writes it, None when nobody knows."""

    language: str | None
    passages: tuple[Passage, ...]

    def cues(self, length_s: float = 0.0) -> tuple[Cue, ...]:
        """The subtitles: short, one after the other, each word with its time. Empty when nothing is said.

        Args:
            length_s: Of the clip; 0 when unknown. What is said to be heard after its end was not heard.
        """
        words = [word for passage in self.passages if passage.is_speech for word in _words(passage)]
        limit_ms = round(length_s * 1000) if length_s > 0 else None
        ordered = list(_in_order(words, limit_ms))
        return tuple(_cue(group) for group in _grouped(ordered))


def shifted(passage: Passage, by_s: float) -> Passage:
    """The passage on the clock of the whole, when it was heard in a piece that begins at `by_s`."""
    return Passage(
        passage.start_s + by_s,
        passage.end_s + by_s,
        passage.text,
        tuple(Spoken(word.start_s + by_s, word.end_s + by_s, word.text) for word in passage.words),
        passage.no_speech,
        passage.log_probability,
        passage.compression,
    )


def _words(passage: Passage) -> Iterator[Word]:
    """The passage's text, word by word, with times.

    The text has the punctuation, the recogniser's words have the times, and one does not always part words
    where the other does: so the words are looked up in the text.
    """
    spans = list(_spans(passage))
    tokens = list(_TOKEN.finditer(passage.text))
    start, end = round(passage.start_s * 1000), round(passage.end_s * 1000)
    if not spans:
        yield from _shared(tokens, start, end)
        return
    at = start
    waiting: list[re.Match[str]] = []
    for token in tokens:
        inside = [word for first, last, word in spans if first < token.end() and last > token.start()]
        if not inside:
            waiting.append(token)  # not timed: it shares what lies before the next timed one
            continue
        begins, ends = round(inside[0].start_s * 1000), round(inside[-1].end_s * 1000)
        yield from _shared(waiting, at, begins)
        waiting = []
        yield Word(begins, ends, token.group())
        at = ends
    yield from _shared(waiting, at, max(at, end))


def _spans(passage: Passage) -> Iterator[tuple[int, int, Spoken]]:
    """Where each word stands in the text; what is not in it is left out."""
    # Folding makes two letters of some (ß): then positions would not fit, and words must match as they are.
    fold = str.casefold if len(passage.text.casefold()) == len(passage.text) else str
    text, at = fold(passage.text), 0
    for word in passage.words:
        wanted = fold(word.text.strip())
        found = text.find(wanted, at) if wanted else -1
        if found >= 0:
            at = found + len(wanted)
            yield found, at, word


def _shared(tokens: Sequence[re.Match[str]], start: int, end: int) -> Iterator[Word]:
    """Words that share a time by their length."""
    total, passed = sum(len(token.group()) + 1 for token in tokens), 0
    for token in tokens:
        first = start + (end - start) * passed // total
        passed += len(token.group()) + 1
        yield Word(first, start + (end - start) * passed // total, token.group())


def _in_order(words: Iterable[Word], limit_ms: int | None) -> Iterator[Word]:
    """The words without overlaps, none shorter than a millisecond, none after the end."""
    at = 0
    for word in sorted(words, key=lambda word: word.start_ms):
        start = max(at, word.start_ms)
        end = max(start + 1, word.end_ms)
        if limit_ms is not None:
            end = min(end, limit_ms)
        if start < end:
            yield Word(start, end, word.text)
            at = end


def _grouped(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words shown together: up to a pause, the end of a sentence, or as much as one reads at once."""
    group: list[Word] = []
    for word in words:
        if group and _ends(group, word):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _ends(group: Sequence[Word], after: Word) -> bool:
    length = sum(len(word.text) + 1 for word in group) + len(after.text)
    return (
        after.start_ms - group[-1].end_ms > PAUSE_MS
        or after.end_ms - group[0].start_ms > LONGEST_MS
        or length > LONGEST_CHARACTERS
        or _SENTENCE_END.search(group[-1].text) is not None
    )


def _cue(words: Sequence[Word]) -> Cue:
    text = " ".join(word.text for word in words)
    return Cue(words[0].start_ms, words[-1].end_ms, text, tuple(words))
