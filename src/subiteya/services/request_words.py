"""Have what is said in a video written down now, to be corrected before the edit.

A job of its own kind on the edit queue: an edit that stopped half-way would need the video to say that it is
being edited, and to remember what it was before. So the video's status stays, and while the job waits or runs
nothing else may change the words or begin an edit (`WordsUnderWay`).
"""

from __future__ import annotations

import contextlib
import uuid

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, slots
from subiteya.db.models import Job, Outbox, Video
from subiteya.db.moves import Why, note
from subiteya.domain.errors import BadInput, NotFound, QueueUnavailable, WrongState
from subiteya.domain.states import VIDEO_EDITABLE, JobStatus
from subiteya.domain.word_errors import WordsUnderWay
from subiteya.queue.names import Priority, words_job_id
from subiteya.queue.plan_jobs import plan_words
from subiteya.queue.presence import remove
from subiteya.services.announce_change import announce_change
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.resources import Resources

_LIVE = (JobStatus.QUEUED, JobStatus.ACTIVE)


async def request_words(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    language: str | None = None,
    replace: bool = False,
    priority: Priority = Priority.NORMAL,
) -> None:
    """Queue the writing down of what is said. Asked again while it is under way, it goes on as it is.

    Args:
        resources: The process's connections.
        user_id: Whose.
        video_id: Which.
        language: What is spoken, as BCP 47 writes it; None to find it out.
        replace: Whether subtitles that are there may be lost.
        priority: Of the job.

    Raises:
        NotFound: no such video of theirs.
        WrongState: an edit waits or runs, or a post is under way.
        BadInput: it has subtitles, and they shall not be replaced.
    """
    job_id = words_job_id(video_id)
    async with resources.db.begin() as session:
        video = await _theirs(session, user_id, video_id)
        if await words_under_way(session, video_id):
            return
        # The job before the video's lock: the order that everybody keeps.
        await plan_words(session, resources.settings, video, priority)
        video = await _theirs(session, user_id, video_id, locked=True)
        if video.status not in VIDEO_EDITABLE:
            raise WrongState(what="video", state=video.status.value)
        if video.subtitles is not None and not replace:
            raise BadInput(what="replace", why="the video has subtitles, which this would replace")
        if language is not None or video.subtitles is None:
            await session.execute(
                update(Video).where(Video.id == video_id).values(subtitles_language=language)
            )
        await _note(session, video, Why(f"user:{user_id}", "words_asked", detail={"language": language}))
    await deliver_soon(resources, [job_id])
    await announce_change(resources, video_id)


async def cancel_words(resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID) -> None:
    """Call it off, also while it runs; what was there before stays. Nothing to call off is no mistake.

    Raises:
        NotFound: no such video of theirs.
    """
    job_id = words_job_id(video_id)
    async with resources.db.begin() as session:
        await _theirs(session, user_id, video_id)
        gone = await jobs.cancel(session, job_id)
        if gone is None:
            return
        await slots.release(session, job_id)
        await session.execute(delete(Outbox).where(Outbox.job_id == job_id))
        video = await _theirs(session, user_id, video_id, locked=True)
        await _note(session, video, Why(f"user:{user_id}", "words_cancelled"))
    with contextlib.suppress(QueueUnavailable):  # a worker that is handed a cancelled job drops it
        await remove(resources.queues, job_id)
    await announce_change(resources, video_id)


async def words_under_way(session: AsyncSession, video_id: uuid.UUID) -> bool:
    """Whether such a job waits or runs."""
    found = select(Job.id).where(Job.id == words_job_id(video_id), Job.status.in_(_LIVE))
    return await session.scalar(found) is not None


async def refuse_while_words(session: AsyncSession, video_id: uuid.UUID) -> None:
    """Keep the words as they are while they are being written; call it with the video locked.

    Raises:
        WordsUnderWay: they are.
    """
    if await words_under_way(session, video_id):
        raise WordsUnderWay


async def _theirs(
    session: AsyncSession, user_id: uuid.UUID, video_id: uuid.UUID, *, locked: bool = False
) -> Video:
    query = select(Video).where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    video = await session.scalar(query)
    if video is None:
        raise NotFound(what="video")
    return video


async def _note(session: AsyncSession, video: Video, why: Why) -> None:
    await session.execute(
        update(Video).where(Video.id == video.id).values(progress_detail=None, version=Video.version + 1)
    )
    await note(session, why, video=video)
