"""Subtitles as a list of cues: what a person edits and what is burned in."""

from __future__ import annotations

from dataclasses import dataclass


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
