"""Bring jobs from the outbox into Redis, after the transaction that wanted them has committed."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import delete, func, select, update

from subiteya.db.models import Job, Outbox
from subiteya.domain.errors import QueueUnavailable
from subiteya.domain.states import JobStatus
from subiteya.queue.names import Priority, edit_job_id, is_segment_job
from subiteya.queue.presence import ensure
from subiteya.queue.queues import JobSpec
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

BATCH = 200


async def deliver(
    resources: Resources, job_ids: Sequence[str] | None = None, *, left_over: bool = False
) -> int:
    """Put jobs with an outbox row into Redis, then delete their rows.

    Dying in between costs nothing: the row stays, the next delivery finds the job in Redis and leaves it.

    Args:
        resources: The process's connections.
        job_ids: Only these; the oldest ones of all when None.
        left_over: Whether Redis may hold something finished or half lost under their ids, which must go
            first; costs two commands more for each.

    Returns:
        How many were delivered.

    Raises:
        QueueUnavailable: Redis does not answer; the rows stay for the sweep.
    """
    query = select(Job).join(Outbox, Outbox.job_id == Job.id).order_by(Outbox.id).limit(BATCH)
    if job_ids is not None:
        query = query.where(Job.id.in_(job_ids))
    async with resources.db.begin() as session:
        jobs = list(await session.scalars(query))
    for job in jobs:
        if job.status is JobStatus.QUEUED:
            parent = edit_job_id(job.video_id) if is_segment_job(job.id) else None
            spec = JobSpec(job.id, Priority(job.priority), payload(job), parent=parent)
            if left_over or job.run > 1 or job.started_at is not None:
                await ensure(resources.queues, spec)
            else:
                await resources.queues.enqueue(spec)
    ids = [job.id for job in jobs]
    async with resources.db.begin() as session:
        await session.execute(
            update(Job)
            .where(Job.id.in_(ids), Job.status == JobStatus.QUEUED)
            .values(enqueued_at=func.clock_timestamp())
        )
        await session.execute(delete(Outbox).where(Outbox.job_id.in_(ids)))
    return len(ids)


async def deliver_soon(resources: Resources, job_ids: Sequence[str]) -> None:
    """Deliver now if Redis answers; otherwise the sweep does, and whoever asked is not kept waiting."""
    try:
        await deliver(resources, job_ids)
    except QueueUnavailable:
        log.warning("Redis does not answer; the outbox keeps the jobs", jobs=list(job_ids))


def payload(job: Job) -> dict[str, object]:
    """What travels in Redis: ids only, so that nothing in there can be out of date."""
    data: dict[str, object] = {"videoId": str(job.video_id)}
    if job.post_id is not None:
        data["postId"] = str(job.post_id)
    return data
