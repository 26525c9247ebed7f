"""Let what waits for a video go earlier, or later, than what others wait for."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import select, update

from subiteya.db.models import Job, Video
from subiteya.db.moves import Why, note
from subiteya.domain.errors import NotFound, QueueUnavailable, WrongState
from subiteya.domain.states import JobStatus
from subiteya.queue.names import Priority
from subiteya.queue.operate import reprioritize
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)


async def change_priority(
    resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID, priority: Priority
) -> Video:
    """Give every job of a video that waits another priority, in its row and in Redis.

    Raises:
        NotFound: no such video of theirs.
        WrongState: nothing waits for it.
    """
    async with resources.db.begin() as session:
        # Jobs before the video: the order of locks that everybody keeps.
        waiting = select(Job.id).where(
            Job.video_id == video_id,
            Job.user_id == user_id,
            Job.status.in_([JobStatus.QUEUED, JobStatus.HELD]),
        )
        job_ids = list(await session.scalars(waiting.order_by(Job.id).with_for_update()))
        video = await session.scalar(
            select(Video).where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
        )
        if video is None:
            raise NotFound(what="video")
        if not job_ids:
            raise WrongState(what="video", state=video.status.value)
        await session.execute(update(Job).where(Job.id.in_(job_ids)).values(priority=int(priority)))
        why = Why(f"user:{user_id}", "priority", detail={"priority": priority.name})
        await note(session, why, video=video, kind="note")
    try:
        for job_id in job_ids:
            await reprioritize(resources.queues, job_id, priority)
    except QueueUnavailable:
        log.warning("Redis does not answer; it learns the priority when it gets the job anew", jobs=job_ids)
    return video
