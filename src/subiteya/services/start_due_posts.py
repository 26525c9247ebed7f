"""The calendar in the sweep: what is due waits for a worker now; what comes too late asks its owner."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs
from subiteya.db.models import Job, Outbox, Post
from subiteya.db.moves import Why, move_post
from subiteya.db.slots import database_now
from subiteya.domain.errors import QueueUnavailable
from subiteya.domain.post_errors import MissedSchedule
from subiteya.domain.schedule import is_missed
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus
from subiteya.queue.events import announce
from subiteya.queue.names import upload_job_id
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

_WAITING = (PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED)


async def start_due_posts(resources: Resources) -> int:
    """Move scheduled posts whose time has come; how many. Comes before their jobs are put into Redis."""
    # Queued ones too: a post may have been due while only the workers, or Redis, were down.
    due = (
        select(Post.id)
        .join(Job, Job.post_id == Post.id)
        .where(
            Post.status.in_(_WAITING),
            Post.scheduled_at.is_not(None),
            Post.step == LedgerStep.PLANNED,
            Job.status == JobStatus.QUEUED,
            Job.not_before <= func.clock_timestamp(),
        )
        .order_by(Job.not_before)
    )
    async with resources.db.begin() as session:
        waiting = list(await session.scalars(due))
    moved = 0
    for post_id in waiting:
        async with resources.db.begin() as session:
            started = await _start(session, resources, post_id)
        if started:
            moved += 1
            await _show(resources, post_id)
    return moved


async def _show(resources: Resources, post_id: uuid.UUID) -> None:
    try:
        await announce(resources.queues, upload_job_id(post_id))
    except QueueUnavailable:
        log.info("open pages learn of it late: the queue does not answer")


async def _start(session: AsyncSession, resources: Resources, post_id: uuid.UUID) -> bool:
    job = await session.scalar(
        select(Job)
        .where(Job.id == upload_job_id(post_id), Job.status == JobStatus.QUEUED)
        .with_for_update(skip_locked=True)
    )
    now = await database_now(session)
    if job is None or job.not_before > now:
        return False
    actor = f"sweep:{resources.name}"
    detail = {"due": job.not_before.isoformat()}
    if not is_missed(job.not_before, now):
        why = Why(actor, "due", detail=detail)
        expect = {PostStatus.SCHEDULED}
        return await move_post(session, post_id, PostStatus.UPLOAD_QUEUED, why, expect=expect) is not None
    moved = await move_post(
        session,
        post_id,
        PostStatus.NEEDS_ATTENTION,
        Why(actor, MissedSchedule.code, detail=detail),
        expect=_WAITING,
        error_code=MissedSchedule.code,
        error_context=None,
    )
    if moved is None:
        return False
    await jobs.cancel(session, job.id)
    await session.execute(delete(Outbox).where(Outbox.job_id == job.id))
    log.warning("a post was due more than an hour ago; its owner is asked", post_id=str(post_id))
    return True
