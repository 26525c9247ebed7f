"""The subtitles of a video as a list that people edit."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from subiteya.domain.errors import NotFound
from subiteya.domain.subtitles import Cue, SubtitleOrigin
from subiteya.media.cue_files import SubtitleFormat, write_file
from subiteya.media.subtitles import parse_subtitles
from subiteya.services.get_videos import get_video
from subiteya.services.resources import Resources


@dataclass(frozen=True, slots=True)
class CueList:
    """Subtitles by name; no name and no cues when the video has none.

    Attributes:
        by: What wrote them down, when something did.
        language: What is spoken, as BCP 47 writes it; None when nobody knows.
    """

    name: str | None
    origin: SubtitleOrigin | None
    by: str | None
    language: str | None
    cues: tuple[Cue, ...]


async def get_cues(resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID) -> CueList:
    """What is said when.

    Raises:
        NotFound: no such video of theirs.
    """
    video = (await get_video(resources, user_id=user_id, video_id=video_id)).video
    cues: tuple[Cue, ...] = ()
    if video.subtitles is not None:
        cues = await asyncio.to_thread(parse_subtitles, video.subtitles.encode())
    return CueList(
        video.subtitles_name, video.subtitles_origin, video.subtitles_by, video.subtitles_language, cues
    )


async def export_cues(
    resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID, kind: SubtitleFormat
) -> str:
    """The text of a subtitle file.

    Raises:
        NotFound: no such video of theirs, or it has no subtitles.
    """
    found = await get_cues(resources, user_id=user_id, video_id=video_id)
    if not found.cues:
        raise NotFound(what="subtitles")
    return await asyncio.to_thread(write_file, found.cues, kind)
