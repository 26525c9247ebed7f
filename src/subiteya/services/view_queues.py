"""The queues as an operator sees them: what Redis holds, what the rows say, who works; and one job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import segments
from subiteya.db.models import Event, Heartbeat, Job
from subiteya.db.slots import database_now
from subiteya.domain.errors import NotFound, QueueUnavailable
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import QueueStats
from subiteya.services.resources import Resources

LATER: Final = "later"
"""Rows that are queued and not due yet; the other words are those of `JobStatus`."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker process by its heartbeat.

    Attributes:
        silent: Time since its last beat.
        jobs: Ids of what it has in hand.
    """

    name: str
    queue: QueueName
    host: str
    pid: int
    version: str
    jobs: list[str]
    started_at: datetime
    silent: timedelta
    last_success_at: datetime | None

    @property
    def alive(self) -> bool:
        """Whether it was heard of lately."""
        return self.silent <= segments.ALIVE


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue.

    Attributes:
        redis: Counts in Redis and whether it is paused; None when Redis does not answer.
        rows: Counts in PostgreSQL: `LATER`, and each `JobStatus`.
        workers: Those of this queue, by name.
    """

    name: QueueName
    redis: QueueStats | None
    rows: dict[str, int]
    workers: list[WorkerView]


@dataclass(frozen=True, slots=True)
class JobView:
    """One job: its row, where Redis has it (None when Redis does not answer), and its last events."""

    job: Job
    redis: JobState | None
    events: Sequence[Event]


async def view_queues(resources: Resources) -> list[QueueView]:
    """Both queues; four Redis commands.

    Raises:
        DatabaseUnavailable: the database is away. Without Redis its counts are missing only.
    """
    async with resources.db.begin() as session:
        rows = await _row_counts(session)
        workers = await _workers(session)
    stats: dict[QueueName, QueueStats] = {}
    try:
        stats = await resources.queues.queue_stats()
    except QueueUnavailable:
        stats = {}
    return [
        QueueView(name, stats.get(name), rows[name], [one for one in workers if one.queue is name])
        for name in QueueName
    ]


async def view_job(resources: Resources, job_id: str, *, events: int = 10) -> JobView:
    """One job with its last events; one Redis command.

    Raises:
        NotFound: no such job.
    """
    async with resources.db.begin() as session:
        job = await session.get(Job, job_id)
        if job is None:
            raise NotFound(what="job")
        told = select(Event).where(Event.video_id == job.video_id)
        if job.post_id is None:
            told = told.where(Event.post_id.is_(None))
        else:
            told = told.where(Event.post_id == job.post_id)
        last = list(await session.scalars(told.order_by(Event.id.desc()).limit(events)))
    try:
        state = await job_state(resources.queues, job_id)
    except QueueUnavailable:
        state = None
    return JobView(job, state, last[::-1])


async def view_workers(resources: Resources) -> list[WorkerView]:
    """The workers of both queues by their heartbeats, in the order of their names.

    Raises:
        DatabaseUnavailable: the database is away.
    """
    async with resources.db.begin() as session:
        return await _workers(session)


async def _row_counts(session: AsyncSession) -> dict[QueueName, dict[str, int]]:
    counts = {name: dict.fromkeys([LATER, *(str(status) for status in JobStatus)], 0) for name in QueueName}
    # Its segments are being made: whoever asked for that edit sees it run.
    shared = (Job.status == JobStatus.QUEUED) & (Job.wait_reason == segments.WAITS)
    status = case((shared, JobStatus.ACTIVE), else_=Job.status)
    later = func.count().filter(status == JobStatus.QUEUED, Job.not_before > func.clock_timestamp())
    found = await session.execute(
        select(Job.queue, status, func.count(), later).where(segments.of_people()).group_by(Job.queue, status)
    )
    for queue, stands, number, not_due in found:
        counts[QueueName(queue)][str(stands)] += number - not_due
        counts[QueueName(queue)][LATER] += not_due
    return counts


async def _workers(session: AsyncSession) -> list[WorkerView]:
    now = await database_now(session)
    beats = await session.scalars(select(Heartbeat).order_by(Heartbeat.name))
    return [
        WorkerView(
            name=beat.name,
            queue=QueueName(beat.queue),
            host=beat.host,
            pid=beat.pid,
            version=beat.version,
            jobs=[str(job) for job in beat.jobs],
            started_at=beat.started_at,
            silent=max(now - beat.beat_at, timedelta(0)),
            last_success_at=beat.last_success_at,
        )
        for beat in beats
    ]
