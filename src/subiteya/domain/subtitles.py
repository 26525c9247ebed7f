"""Subtitles as a list of cues: what a person edits and what is burned in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class SubtitleOrigin(StrEnum):
    """Where a video's subtitles come from."""

    FILE = "file"
    """Its owner brought them."""
    TRANSCRIBED = "transcribed"
    """Written down from its sound; without any cue when nothing is said."""
    EDITED = "edited"
    """Written or corrected by hand."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its time, as speech recognition gives it. Times in milliseconds."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said between two moments. `text` is plain: no markup, lines parted by line feeds.

    Times in milliseconds from the start of the video. `words` is empty when nobody timed them.
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise ValueError(f"a cue must end after it starts: {self.start_ms}-{self.end_ms} ms")


def retimed(cues: Iterable[Cue], moment: Callable[[float], float], shown_s: float) -> tuple[Cue, ...]:
    """The cues on another clock, without those that fall outside it.

    Args:
        cues: On the source's clock.
        moment: From a second of the source to one of the output.
        shown_s: Seconds of the output; 0 when unknown, which cuts nothing at the end.
    """

    def clock(time_ms: int) -> int:
        seconds = max(0.0, moment(time_ms / 1000))
        return round(1000 * (min(seconds, shown_s) if shown_s else seconds))

    found = []
    for cue in cues:
        start, end = clock(cue.start_ms), clock(cue.end_ms)
        if start < end:
            words = tuple(
                replace(word, start_ms=clock(word.start_ms), end_ms=clock(word.end_ms)) for word in cue.words
            )
            found.append(replace(cue, start_ms=start, end_ms=end, words=words))
    return tuple(found)
