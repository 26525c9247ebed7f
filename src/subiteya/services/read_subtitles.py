"""Subtitles that come with a video: read once when they arrive, so that a mistake is said at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from subiteya.media.subtitles import MAX_BYTES, decode_text, parse_subtitles
from subiteya.services.start_upload import clean_filename

__all__ = ["MAX_BYTES", "Subtitles", "read_subtitles"]


@dataclass(frozen=True, slots=True)
class Subtitles:
    """A subtitle file that can be read.

    Attributes:
        name: As its owner calls it.
        text: What is in it.
        cues: How many lines are said in it.
    """

    name: str
    text: str
    cues: int


async def read_subtitles(name: str, data: bytes) -> Subtitles:
    """Read an SRT, WebVTT or ASS file.

    Raises:
        BadSubtitles: too large, no format that we read, or no line in it.
    """
    cues = await asyncio.to_thread(parse_subtitles, data)
    # PostgreSQL's text holds no NUL, and no subtitle needs one.
    return Subtitles(clean_filename(name), decode_text(data).replace("\x00", ""), len(cues))
