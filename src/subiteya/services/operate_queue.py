"""What an operator does to waiting jobs: run one now, or call all of a queue off."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, segments, slots
from subiteya.db.ledger import may_appear
from subiteya.db.models import Job, Outbox, Post, RateSlot, Video
from subiteya.db.moves import Why, move_post, move_video, note
from subiteya.db.slots import database_now
from subiteya.domain.errors import NotFound, QueueUnavailable, WrongState
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.events import announce
from subiteya.queue.names import QueueName, is_segment_job, is_words_job
from subiteya.queue.presence import JobState, remove
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

PROMOTED: Final = "promoted"
DRAINED: Final = "drained"
CALLED_OFF: Final = "called_off"


async def promote_job(resources: Resources, job_id: str, *, actor: str) -> bool:
    """Run a job now that waits for its slot, its time or its next retry.

    Its place in the rate windows moves along, so that those after it keep their distance from now on. A post
    still keeps its own distance to what its account has begun already: it goes out as soon as there is room.

    Returns:
        False when it was due already: it runs as soon as a worker is free.

    Raises:
        NotFound: no such job.
        WrongState: it does not wait.
    """
    async with resources.db.begin() as session:
        job = await session.scalar(select(Job).where(Job.id == job_id).with_for_update())
        if job is None:
            raise NotFound(what="job")
        if job.status is not JobStatus.QUEUED:
            raise WrongState(what="job", state=job.status.value)
        if job.wait_reason == segments.WAITS:
            raise WrongState(what="job", state=JobState.WAITING_CHILDREN.value)
        now = await database_now(session)
        if job.not_before <= now:
            return False
        why = Why(actor, PROMOTED, detail={"was": job.not_before.isoformat()})
        await session.execute(
            update(Job).where(Job.id == job_id).values(not_before=now, enqueued_at=None, wait_reason=None)
        )
        ahead = RateSlot.at - now
        await session.execute(
            update(RateSlot)
            .where(RateSlot.owner == job_id, RateSlot.at > now)
            .values(at=now, keep_until=RateSlot.keep_until - ahead)
        )
        await _start(session, job, why)
    try:
        await remove(resources.queues, job_id)  # from among the delayed, where it may wait for its retry
    except QueueUnavailable:
        log.warning("Redis does not answer; the job runs when it is back", job=job_id)
    async with resources.db.begin() as session:
        await jobs.put_due_in_outbox(session, [job_id])
    await deliver_soon(resources, [job_id])
    return True


async def drain_queue(resources: Resources, queue: QueueName, *, actor: str) -> tuple[int, int]:
    """Call off every job of a queue that waits for a worker or its slot: its video or post is CANCELLED.

    Left alone is what runs, what is scheduled for a time of its owner's choice, and what TikTok may have.

    Returns:
        How many were called off, and how many that wait were left alone.
    """
    waiting = select(Job.id).where(Job.queue == queue, Job.status == JobStatus.QUEUED, segments.of_people())
    async with resources.db.begin() as session:
        job_ids = list(await session.scalars(waiting.order_by(Job.not_before)))
    gone = 0
    for job_id in job_ids:
        gone += await call_off(resources, job_id, actor=actor, reason=DRAINED)
    return gone, len(job_ids) - gone


async def call_off(resources: Resources, job_id: str, *, actor: str, reason: str = CALLED_OFF) -> bool:
    """Call one waiting job off: its video or post is CANCELLED, and Redis forgets the job.

    Returns:
        False when it does not wait, is scheduled by its owner, or TikTok may have its post already.
    """
    async with resources.db.begin() as session:
        called_off = await _call_off(session, job_id, Why(actor, reason))
    if called_off:
        await _take_out(resources, job_id)
    return called_off


async def _start(session: AsyncSession, job: Job, why: Why) -> None:
    """Show in the timeline, and in a scheduled post's status, that it goes ahead now."""
    if job.post_id is None:
        await note(session, why, video=await session.get_one(Video, job.video_id), kind="note")
        return
    values = {"scheduled_at": None, "slot_at": func.clock_timestamp()}
    scheduled = {PostStatus.SCHEDULED}
    if await move_post(session, job.post_id, PostStatus.UPLOAD_QUEUED, why, expect=scheduled, **values):
        return
    await session.execute(update(Post).where(Post.id == job.post_id).values(slot_at=func.clock_timestamp()))
    await note(session, why, post=await session.get_one(Post, job.post_id), kind="note")


async def _call_off(session: AsyncSession, job_id: str, why: Why) -> bool:
    job = await session.scalar(
        select(Job).where(Job.id == job_id, Job.status == JobStatus.QUEUED).with_for_update(),
    )
    if job is None or is_segment_job(job_id):
        return False  # a segment goes with its edit
    if is_words_job(job_id):
        await note(session, why, video=await session.get_one(Video, job.video_id), kind="note")
        moved = True
    elif job.post_id is None:
        queued = {VideoStatus.EDITING_QUEUED}
        moved = await move_video(session, job.video_id, VideoStatus.CANCELLED, why, expect=queued) is not None
    else:
        moved = await _call_post_off(session, job, why)
    if moved:
        await jobs.cancel(session, job_id)
        await slots.release(session, job_id)
        await session.execute(delete(Outbox).where(Outbox.job_id == job_id))
    return moved


async def _call_post_off(session: AsyncSession, job: Job, why: Why) -> bool:
    await session.scalar(select(Video.id).where(Video.id == job.video_id).with_for_update())
    post = await session.get_one(Post, job.post_id, with_for_update=True)
    if may_appear(post):
        return False
    queued = {PostStatus.UPLOAD_QUEUED}
    return (
        await move_post(session, post.id, PostStatus.CANCELLED, why, expect=queued, slot_at=None) is not None
    )


async def _take_out(resources: Resources, job_id: str) -> None:
    try:
        await remove(resources.queues, job_id)
        await announce(resources.queues, job_id)
    except QueueUnavailable:
        # A worker that is handed a cancelled job finds nothing to claim and drops it.
        return
