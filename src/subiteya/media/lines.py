"""Long sentences become lines, and lines become screens: what is shown together, and when. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from subiteya.domain.subtitles import Cue, Word

Line = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """Lines that are seen at once. Times in milliseconds."""

    start_ms: int
    end_ms: int
    lines: tuple[Line, ...]

    @property
    def words(self) -> Line:
        """All words in order."""
        return tuple(word for line in self.lines for word in line)


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits."""

    width: float
    """In the unit of `measure`."""
    measure: Callable[[str], float]
    max_lines: int
    max_characters: int | None = None

    def fits(self, text: str) -> bool:
        """Whether the text may stand in one line."""
        if self.max_characters is not None and len(text) > self.max_characters:
            return False
        return self.measure(text) <= self.width


def arrange(cue: Cue, room: Room) -> tuple[Screen, ...]:
    """The screens of a cue, one after the other without a gap.

    Breaks that the author made are kept when every line fits. A word that is wider than the room stands alone
    in its line and is left to the renderer.
    """
    words = timed_words(cue)
    authored = _authored_lines(cue, words)
    if len(authored) <= room.max_lines and all(room.fits(_text(line)) for line in authored):
        return (Screen(cue.start_ms, cue.end_ms, authored),)
    lines = _fill(words, room)
    groups = [lines[at : at + room.max_lines] for at in range(0, len(lines), room.max_lines)]
    starts = [cue.start_ms, *(group[0][0].start_ms for group in groups[1:]), cue.end_ms]
    return tuple(
        Screen(start, end, _balanced([word for line in group for word in line], len(group), room))
        for group, (start, end) in zip(groups, pairwise(starts), strict=True)
        if start < end
    )


def timed_words(cue: Cue) -> Line:
    """The cue's words with their times; without given ones they share the cue's time by their length."""
    texts = cue.text.split()
    if [word.text for word in cue.words] == texts:
        return cue.words
    weights = [len(text) + 1 for text in texts]
    total, passed, words = sum(weights), 0, []
    for text, weight in zip(texts, weights, strict=True):
        start = cue.start_ms + (cue.end_ms - cue.start_ms) * passed // total
        passed += weight
        words.append(Word(start, cue.start_ms + (cue.end_ms - cue.start_ms) * passed // total, text))
    return tuple(words)


def _authored_lines(cue: Cue, words: Line) -> tuple[Line, ...]:
    lines, at = [], 0
    for line in cue.text.split("\n"):
        count = len(line.split())
        lines.append(words[at : at + count])
        at += count
    return tuple(lines)


def _text(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line)


def _fill(words: Sequence[Word], room: Room) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in words:
        if lines and room.fits(_text([*lines[-1], word])):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _balanced(words: Sequence[Word], count: int, room: Room) -> tuple[Line, ...]:
    """The words in `count` lines that are filled as evenly as can be: the fullest is as empty as possible."""
    if len(words) <= count:
        return tuple((word,) for word in words)
    space = room.measure(" ")
    widths = [0.0, *accumulate(room.measure(word.text) + space for word in words)]
    lengths = [0, *accumulate(len(word.text) + 1 for word in words)]

    def fill(start: int, end: int) -> tuple[int, float]:
        """Whether the line is overfull (a single word cannot be helped), and how full it is."""
        width = (widths[end] - widths[start] - space) / room.width
        length = (lengths[end] - lengths[start] - 1) / (room.max_characters or math.inf)
        full = max(width, length)
        return int(full > 1 and end - start > 1), full

    @cache
    def cuts(start: int, left: int) -> tuple[int, float, tuple[int, ...]]:
        """The best `left` lines from word `start` on: overfull ones, the fullest, and where they end."""
        if left == 1:
            return (*fill(start, len(words)), (len(words),))
        options = []
        for end in range(start + 1, len(words) - left + 2):
            over, full = fill(start, end)
            others_over, fullest, ends = cuts(end, left - 1)
            options.append((over + others_over, max(full, fullest), (end, *ends)))
        return min(options)

    ends = cuts(0, count)[2]
    return tuple(tuple(words[start:end]) for start, end in pairwise((0, *ends)))


def wrap(text: str, room: Room) -> list[str]:
    """A text without times in lines that fit; the author's own breaks stay."""
    found: list[str] = []
    for line in text.split("\n"):
        words = [Word(0, 1, word) for word in line.split()]
        filled = _fill(words, room)
        found.extend(_text(part) for part in _balanced(words, len(filled), room))
    return found
