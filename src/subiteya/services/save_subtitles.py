"""Give a video other subtitles, for its next edit."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from subiteya.db import jobs
from subiteya.db.models import Video
from subiteya.db.moves import Why, note
from subiteya.db.versions import make_again
from subiteya.db.waking import wake
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.states import VIDEO_EDITABLE, VIDEO_POSTABLE
from subiteya.domain.subtitles import SubtitleOrigin
from subiteya.domain.word_errors import WAITS_FOR_WORDS
from subiteya.queue.names import QueueName, edit_job_id
from subiteya.services.announce_change import announce_change
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.read_subtitles import Subtitles
from subiteya.services.request_words import refuse_while_words
from subiteya.services.resources import Resources


async def save_subtitles(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    subtitles: Subtitles,
    origin: SubtitleOrigin = SubtitleOrigin.FILE,
) -> None:
    """Replace a video's subtitles.

    Args:
        resources: The process's connections.
        user_id: Whose.
        video_id: Which.
        subtitles: What is said when.
        origin: EDITED keeps in mind what wrote them down first, and in which language.

    Raises:
        NotFound: no such video of theirs.
        WrongState: an edit waits or runs, or a post is under way: what is shown and what is made must agree.
            An edit that waits for these very words gets them, and goes on.
        WordsUnderWay: they are being written down.
    """
    job_id = edit_job_id(video_id)
    async with resources.db.begin() as session:
        # The job before the video: the order of locks that everybody keeps.
        woken = await wake(session, QueueName.EDIT, WAITS_FOR_WORDS, job_id=job_id)
        video = await session.scalar(
            select(Video)
            .where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
            .with_for_update()
        )
        if video is None:
            raise NotFound(what="video")
        if video.status not in VIDEO_EDITABLE and not woken:
            raise WrongState(what="video", state=video.status.value)
        await refuse_while_words(session, video_id)
        corrected = origin is SubtitleOrigin.EDITED
        await session.execute(
            update(Video)
            .where(Video.id == video_id)
            .values(
                subtitles=subtitles.text,
                subtitles_name=subtitles.name,
                subtitles_origin=origin,
                subtitles_by=Video.subtitles_by if corrected else None,
                subtitles_language=Video.subtitles_language if corrected else None,
                subtitles_missing=None,
                version=Video.version + 1,
            )
        )
        if video.status not in VIDEO_POSTABLE:
            # What an edit that ended badly has made already shows other words.
            await make_again(session, video_id)
        detail = {"name": subtitles.name, "cues": subtitles.cues, "origin": origin.value}
        await note(session, Why(f"user:{user_id}", "subtitles", detail=detail), video=video)
        if woken:
            await jobs.put_due_in_outbox(session, woken)
    if woken:
        await deliver_soon(resources, woken)
    await announce_change(resources, video_id)
