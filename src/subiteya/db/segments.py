"""Segments of shared edits as rows: which edits they belong to, when those go on, what is left to remove."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subiteya.db import jobs, slots
from subiteya.db.jobs import Claim
from subiteya.db.models import Heartbeat, Job, Segment
from subiteya.domain.segments import Stretch
from subiteya.domain.states import JobStatus

WAITS: Final = "segments"
"""`wait_reason` of an edit whose segments are being made."""
ALIVE: Final = timedelta(seconds=20)
"""A worker whose heartbeat is older has died or hangs: it beats every five seconds."""
SOON: Final = timedelta(minutes=1)
"""Jobs that come due within this are waiting already, as far as sharing is concerned."""
_ENDED_BADLY: Final = (JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment, and how its job stands."""

    segment: Segment
    status: JobStatus

    @property
    def stretch(self) -> Stretch:
        """Which frames it holds."""
        return Stretch(self.segment.first, self.segment.end)


def of_people() -> Any:
    """The condition that a job is one that somebody asked for, and not a segment of one."""
    return ~select(Segment.job_id).where(Segment.job_id == Job.id).exists()


async def of_edit(session: AsyncSession, edit: Claim) -> list[Standing]:
    """The segments of this very run of an edit, in their order; none when it was not divided."""
    rows = await session.execute(
        select(Segment, Job.status)
        .join(Job, Job.id == Segment.job_id)
        .where(Segment.edit_id == edit.job_id, Segment.edit_run == edit.run)
        .order_by(Segment.number),
        execution_options={"populate_existing": True},
    )
    return [Standing(segment, status) for segment, status in rows]


async def of_job(session: AsyncSession, job_id: str) -> Segment | None:
    """The segment that a job makes, while its edit waits for it; None otherwise."""
    edit = aliased(Job)
    found: Segment | None = await session.scalar(
        select(Segment)
        .join(edit, and_(edit.id == Segment.edit_id, edit.run == Segment.edit_run))
        .where(Segment.job_id == job_id, edit.status.in_(jobs.LIVE))
    )
    return found


async def take(session: AsyncSession, segment: Segment, host: str, patience: timedelta) -> bool:
    """Take a segment for a machine, in the transaction of the job that makes it.

    Args:
        session: The transaction.
        segment: Which.
        host: The machine.
        patience: How long a new segment is left to machines that make none of its edit yet. Two on one
            machine gain nothing.

    Returns:
        False when this machine shall leave it to others for now.
    """
    # Two of a machine's slots may ask at the same moment.
    await slots.lock(session, [f"segments:{segment.edit_id}"])
    beside = (
        select(Segment.job_id)
        .join(Job, Job.id == Segment.job_id)
        .where(
            Segment.edit_id == segment.edit_id,
            Segment.edit_run == segment.edit_run,
            Segment.job_id != segment.job_id,
            Segment.host == host,
            Job.status == JobStatus.ACTIVE,
        )
    )
    new = select(Job.id).where(
        Job.id == segment.job_id, Job.created_at > func.clock_timestamp() - patience, beside.exists()
    )
    if await session.scalar(new) is not None:
        return False
    await session.execute(update(Segment).where(Segment.job_id == segment.job_id).values(host=host))
    return True


async def call_off(session: AsyncSession, standings: Sequence[Standing]) -> None:
    """Call off those that still wait or run: their edit has no use for them."""
    for job_id in sorted(standing.segment.job_id for standing in standings):
        await jobs.cancel(session, job_id)


async def wake(session: AsyncSession, edit_id: str | None = None) -> list[str]:
    """Let edits go on whose segments have all ended, or one of them badly.

    Args:
        session: The transaction.
        edit_id: Only this one.

    Returns:
        Ids of the edits' jobs.
    """
    part = aliased(Job)
    theirs = (
        select(part.id)
        .join(Segment, Segment.job_id == part.id)
        .where(Segment.edit_id == Job.id, Segment.edit_run == Job.run)
        .correlate(Job)
    )
    under_way = theirs.where(part.status.in_(jobs.LIVE)).exists()
    broken = theirs.where(part.status.in_(_ENDED_BADLY)).exists()
    waiting = [Job.status == JobStatus.QUEUED, Job.wait_reason == WAITS, or_(~under_way, broken)]
    if edit_id is not None:
        waiting.append(Job.id == edit_id)
    woken = await session.scalars(
        update(Job)
        .where(*waiting)
        .values(not_before=func.clock_timestamp(), wait_reason=None, enqueued_at=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return list(woken)


async def idle_hosts(session: AsyncSession, queue: str, own: str) -> list[str]:
    """Other machines whose workers of a queue live and have nothing in hand."""
    busy = select(Job.lease_owner).where(Job.status == JobStatus.ACTIVE, Job.lease_owner.is_not(None))
    works = func.bool_or(or_(Heartbeat.jobs != [], Heartbeat.name.in_(busy)))
    found = await session.scalars(
        select(Heartbeat.host)
        .where(
            Heartbeat.queue == queue,
            Heartbeat.host != own,
            Heartbeat.beat_at > func.clock_timestamp() - ALIVE,
        )
        .group_by(Heartbeat.host)
        .having(~works)
        .order_by(Heartbeat.host)
    )
    return list(found)


async def others_wait(session: AsyncSession, queue: str) -> bool:
    """Whether any job of a queue waits for a worker, or will within a moment."""
    waiting = select(Job.id).where(
        Job.queue == queue,
        Job.status == JobStatus.QUEUED,
        Job.not_before < func.clock_timestamp() + SOON,
    )
    return await session.scalar(waiting.limit(1)) is not None


async def count(session: AsyncSession, segment: Segment) -> int:
    """How many segments its edit has."""
    theirs = select(func.count()).select_from(Segment)
    of = await session.scalar(
        theirs.where(Segment.edit_id == segment.edit_id, Segment.edit_run == segment.edit_run)
    )
    return of or 1


async def show_percent(session: AsyncSession, segment: Segment, percent: int) -> float:
    """Write down how much of a segment is made; the mean of all of its edit, 0 to 1."""
    await session.execute(update(Segment).where(Segment.job_id == segment.job_id).values(percent=percent))
    mean = await session.scalar(
        select(func.avg(Segment.percent)).where(
            Segment.edit_id == segment.edit_id, Segment.edit_run == segment.edit_run
        )
    )
    return float(mean or 0) / 100


async def left_over(session: AsyncSession, rest: timedelta, limit: int = 100) -> list[Segment]:
    """Segments whose edit does not wait for them any more, and whose file is to be removed now.

    Args:
        session: The transaction.
        rest: How long after the first removal the second one comes.
        limit: At most so many.
    """
    edit = aliased(Job)
    wanted = and_(edit.run == Segment.edit_run, edit.status.in_(jobs.LIVE))
    rows = await session.scalars(
        select(Segment)
        .join(edit, edit.id == Segment.edit_id)
        .where(
            ~wanted,
            or_(Segment.cleared_at.is_(None), Segment.cleared_at < func.clock_timestamp() - rest),
        )
        .order_by(Segment.job_id)
        .limit(limit)
    )
    return list(rows)


async def cleared(session: AsyncSession, segments: Collection[Segment]) -> None:
    """Write down that the files of segments are removed: the first time a stamp, the second time no row."""
    first = [segment.job_id for segment in segments if segment.cleared_at is None]
    again = [segment.job_id for segment in segments if segment.cleared_at is not None]
    await session.execute(
        update(Segment).where(Segment.job_id.in_(first)).values(cleared_at=func.clock_timestamp())
    )
    await session.execute(delete(Job).where(Job.id.in_(again)))
