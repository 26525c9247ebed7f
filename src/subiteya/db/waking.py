"""Jobs that wait for something, let go when it has come."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Job
from subiteya.domain.states import JobStatus


async def wake(
    session: AsyncSession, queue: str, reasons: Collection[str], *, job_id: str | None = None
) -> list[str]:
    """Let queued jobs run now that wait as rows for one of these reasons; the sweep adds them to Redis.

    Args:
        session: The transaction.
        queue: Which queue's.
        reasons: Words of `wait_reason`.
        job_id: Only this one.

    Returns:
        Ids of the jobs that were woken.
    """
    waiting = [Job.queue == queue, Job.status == JobStatus.QUEUED, Job.wait_reason.in_(reasons)]
    if job_id is not None:
        waiting.append(Job.id == job_id)
    woken = await session.scalars(
        update(Job)
        .where(*waiting)
        .values(not_before=func.clock_timestamp(), wait_reason=None, enqueued_at=None)
        .returning(Job.id)
    )
    return list(woken)
