"""Job rows: queued with the outbox, claimed and kept by lease, finished under a fence.

A lease is a worker's name and a time. Whoever holds it may write the job's outcome; a worker that lost
it (it was paused, cut off, or thought dead) finds its writes refused.

Order of locks everywhere: the edit job, upload jobs, the video, posts, windows of starts (of uploads before
edits). Whoever needs several takes them in this order.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subiteya.db.models import Job, Outbox
from subiteya.domain.states import JobStatus

EARLY: Final = timedelta(seconds=1)
"""A job that comes this much before its time is not sent back."""

LIVE: Final = (JobStatus.QUEUED, JobStatus.HELD, JobStatus.ACTIVE)
"""Not ended yet."""

USER_IN_REDIS: Final = 20
"""Jobs of one user that wait in Redis at a time, per queue. The rest waits as rows and moves up with the
sweep, so that whoever comes with one video waits behind this many of anybody else's at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in hand: which, whose, and in which run; the fence of everything written about it."""

    job_id: str
    owner: str
    run: int
    attempts: int
    max_attempts: int
    away_since: datetime | None = None

    @property
    def attempt(self) -> int:
        """The attempt now running, counted from 1."""
        return self.attempts + 1


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a service asks for; `held` until something else lets it go."""

    job_id: str
    queue: str
    user_id: uuid.UUID
    video_id: uuid.UUID
    post_id: uuid.UUID | None
    priority: int
    max_attempts: int
    not_before: datetime
    wait_reason: str | None = None
    held: bool = False


async def queue_job(session: AsyncSession, new: NewJob) -> Job:
    """Write a job row, anew or as the next run of the same id, and the outbox row when it is due."""
    fresh = {
        "queue": new.queue,
        "priority": new.priority,
        "status": JobStatus.HELD if new.held else JobStatus.QUEUED,
        "attempts": 0,
        "max_attempts": new.max_attempts,
        "not_before": new.not_before,
        "wait_reason": new.wait_reason,
        "away_since": None,
        "enqueued_at": None,
        "lease_owner": None,
        "lease_until": None,
        "started_at": None,
        "finished_at": None,
        "error_code": None,
        "error_context": None,
    }
    statement = insert(Job).values(
        id=new.job_id, user_id=new.user_id, video_id=new.video_id, post_id=new.post_id, **fresh
    )
    row: Job | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[Job.id], set_={**fresh, "run": Job.run + 1}
        ).returning(Job),
        execution_options={"populate_existing": True},
    )
    assert row is not None  # noqa: S101 - an upsert returns its row; this tells mypy so
    await put_due_in_outbox(session, [new.job_id])
    return row


async def put_due_in_outbox(session: AsyncSession, job_ids: Sequence[str] | None = None) -> list[str]:
    """Give queued jobs that are due, and not in Redis yet, an outbox row: so many of each user.

    Args:
        session: The transaction.
        job_ids: Only these, as far as it is their turn; all when None.

    Returns:
        Ids of the jobs that got one.
    """
    turns = _turns(job_ids).subquery()
    theirs = select(turns.c.id).where(turns.c.place + turns.c.in_redis <= USER_IN_REDIS)
    if job_ids is not None:
        theirs = theirs.where(turns.c.id.in_(job_ids))
    statement = insert(Outbox).from_select([Outbox.job_id], theirs.order_by(turns.c.not_before))
    statement = statement.on_conflict_do_nothing()
    return list(await session.scalars(statement.returning(Outbox.job_id)))


def _turns(job_ids: Sequence[str] | None) -> Select[Any]:
    """Due jobs that are not in Redis: each one's place among its user's, and how many of theirs are there."""
    there = (
        select(Job.queue, Job.user_id, func.count().label("number"))
        .where(Job.status == JobStatus.QUEUED, Job.enqueued_at.is_not(None))
        .group_by(Job.queue, Job.user_id)
        .subquery()
    )
    place = func.row_number().over(
        partition_by=(Job.queue, Job.user_id), order_by=(Job.priority, Job.not_before, Job.id)
    )
    in_redis = func.coalesce(there.c.number, 0)
    due = (
        select(Job.id, Job.not_before, place.label("place"), in_redis.label("in_redis"))
        .outerjoin(there, and_(there.c.queue == Job.queue, there.c.user_id == Job.user_id))
        .where(
            Job.status == JobStatus.QUEUED,
            Job.enqueued_at.is_(None),
            Job.not_before <= func.clock_timestamp(),
        )
    )
    if job_ids is not None:
        asked = aliased(Job)
        due = due.where(Job.user_id.in_(select(asked.user_id).where(asked.id.in_(job_ids))))
    return due


async def claim(session: AsyncSession, job_id: str, owner: str, lease: timedelta) -> Claim | None:
    """Take a job, if it is free: queued and due, or held by a lease that ran out.

    Returns:
        The claim, or None: not there, done, cancelled, not due yet, or in another worker's hands.
    """
    due = func.clock_timestamp() + EARLY
    free = or_(
        and_(Job.status == JobStatus.QUEUED, Job.not_before <= due),
        and_(Job.status == JobStatus.ACTIVE, Job.lease_until < func.clock_timestamp()),
    )
    row = await session.scalar(
        update(Job)
        .where(Job.id == job_id, free)
        .values(
            status=JobStatus.ACTIVE,
            lease_owner=owner,
            lease_until=func.clock_timestamp() + lease,
            started_at=func.clock_timestamp(),
            wait_reason=None,
        )
        .returning(Job),
        execution_options={"populate_existing": True},
    )
    if row is None:
        return None
    return Claim(row.id, owner, row.run, row.attempts, row.max_attempts, row.away_since)


def held(claim: Claim) -> Any:
    """The fence as a condition: this job, this run, still in this worker's hands."""
    return and_(
        Job.id == claim.job_id,
        Job.run == claim.run,
        Job.status == JobStatus.ACTIVE,
        Job.lease_owner == claim.owner,
    )


async def renew(session: AsyncSession, claim: Claim, lease: timedelta) -> bool:
    """Keep the lease; False when it is no longer ours (taken over, or cancelled)."""
    result = await session.scalar(
        update(Job).where(held(claim)).values(lease_until=func.clock_timestamp() + lease).returning(Job.id)
    )
    return result is not None


async def still_held(session: AsyncSession, claim: Claim) -> bool:
    """Whether the claim stands, with the row locked until this transaction ends: the fence of a write."""
    return await session.scalar(select(Job.id).where(held(claim)).with_for_update()) is not None


async def finish(session: AsyncSession, claim: Claim) -> bool:
    """Mark the job done; False when the claim is lost."""
    return await _end(session, claim, JobStatus.DONE, None, None)


async def fail(session: AsyncSession, claim: Claim, code: str, context: dict[str, Any] | None) -> bool:
    """Mark the job failed for good; False when the claim is lost."""
    return await _end(session, claim, JobStatus.FAILED, code, context)


async def _end(
    session: AsyncSession, claim: Claim, status: JobStatus, code: str | None, context: dict[str, Any] | None
) -> bool:
    result = await session.scalar(
        update(Job)
        .where(held(claim))
        .values(
            status=status,
            lease_owner=None,
            lease_until=None,
            finished_at=func.clock_timestamp(),
            error_code=code,
            error_context=context,
        )
        .returning(Job.id)
    )
    return result is not None


async def put_back(
    session: AsyncSession,
    claim: Claim,
    *,
    not_before: datetime,
    reason: str,
    burn_attempt: bool,
    in_redis: bool,
    context: dict[str, Any] | None = None,
    away: bool = False,
) -> bool:
    """Queue the job again: for a retry (burns an attempt) or to wait (does not).

    Args:
        session: The transaction.
        claim: What we hold.
        not_before: Aware time before which it shall not run.
        reason: Error code or reason of the wait.
        burn_attempt: Whether this run counts as a failed attempt.
        in_redis: Whether BullMQ itself brings the job back (its delayed set, for seconds); otherwise the
            row waits here and the sweep adds it when it is due.
        context: Values for the reason's sentence.
        away: Whether it waits for something that does not answer.

    Returns:
        False when the claim is lost.
    """
    result = await session.scalar(
        update(Job)
        .where(held(claim))
        .values(
            status=JobStatus.QUEUED,
            lease_owner=None,
            lease_until=None,
            not_before=not_before,
            wait_reason=reason,
            away_since=func.coalesce(Job.away_since, func.clock_timestamp()) if away else None,
            attempts=Job.attempts + (1 if burn_attempt else 0),
            enqueued_at=func.clock_timestamp() if in_redis else None,
            error_code=reason if burn_attempt else Job.error_code,
            error_context=context if burn_attempt else Job.error_context,
        )
        .returning(Job.id)
    )
    return result is not None


async def cancel(session: AsyncSession, job_id: str) -> Job | None:
    """Call a job off, queued, held or running; a worker that runs it finds its lease gone.

    Returns:
        The row, or None when there was nothing to call off.
    """
    return await session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(LIVE))
        .values(
            status=JobStatus.CANCELLED, lease_owner=None, lease_until=None, finished_at=func.clock_timestamp()
        )
        .returning(Job),
        execution_options={"populate_existing": True},
    )


async def expired(session: AsyncSession) -> list[Job]:
    """Running jobs whose worker has been silent for longer than its lease."""
    rows = await session.scalars(
        select(Job)
        .where(Job.status == JobStatus.ACTIVE, Job.lease_until < func.clock_timestamp())
        .order_by(Job.lease_until)
        .with_for_update(skip_locked=True)
    )
    return list(rows)
