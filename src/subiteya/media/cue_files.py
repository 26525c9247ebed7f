"""Cues as files: our own JSON, which keeps the times of words, and what other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import pysubs2
from pydantic import TypeAdapter, ValidationError

from subiteya.domain.errors import BadSubtitles
from subiteya.domain.subtitles import Cue

JSON_START = "[{"


class SubtitleFormat(StrEnum):
    """What subtitles can be saved as."""

    SRT = "srt"
    VTT = "vtt"
    ASS = "ass"

    @property
    def content_type(self) -> str:
        """The media type."""
        return {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa"}[self.value]


def write_json(cues: Sequence[Cue]) -> str:
    """The cues with their words, as `read_json` reads them."""
    return TypeAdapter(tuple[Cue, ...]).dump_json(tuple(cues)).decode()


def read_json(text: str) -> tuple[Cue, ...]:
    """The cues that `write_json` wrote, or somebody in its manner.

    Raises:
        BadSubtitles: It is no list of cues.
    """
    try:
        return TypeAdapter(tuple[Cue, ...]).validate_json(text)
    except ValidationError as error:
        raise BadSubtitles(why="it is no list of cues") from error


def write_file(cues: Sequence[Cue], kind: SubtitleFormat) -> str:
    """The cues as a file for other programs; the times of words are lost."""
    match kind:
        case SubtitleFormat.SRT:
            return "\n".join(f"{number}\n{_lines(cue, ',')}" for number, cue in enumerate(cues, 1))
        case SubtitleFormat.VTT:
            return "WEBVTT\n\n" + "\n".join(_lines(cue, ".", escaped=True) for cue in cues)
        case SubtitleFormat.ASS:
            return _ass(cues)


def _lines(cue: Cue, point: str, *, escaped: bool = False) -> str:
    text = cue.text
    if escaped:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_clock(cue.start_ms, point)} --> {_clock(cue.end_ms, point)}\n{text}\n"


def _clock(time_ms: int, point: str) -> str:
    seconds, thousandths = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _ass(cues: Sequence[Cue]) -> str:
    file = pysubs2.SSAFile()
    for cue in cues:
        # A word joiner parts a backslash from what follows, which would make it a command.
        text = cue.text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")
        file.append(pysubs2.SSAEvent(cue.start_ms, cue.end_ms, text.replace("\n", r"\N")))
    return file.to_string("ass")
