"""The sweep: what came due, what was left behind, what fell silent. One process at a time does it.

Every process runs a `Sweeper`; a lease row decides who works, so that the next one takes over when the
leader dies. Each duty is harmless to repeat: it moves rows by compare-and-set and puts jobs into Redis by
an id that is there already or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, func, select, update

from subiteya.db import jobs, leases, segments, slots
from subiteya.db.models import Heartbeat, Job, Outbox
from subiteya.domain.errors import DatabaseUnavailable, SubiteyaError, Unavailable
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState, release_orphan, runnable_jobs, wake_workers
from subiteya.services.abort_uploads import abort_uploads
from subiteya.services.deliver_jobs import deliver
from subiteya.services.expire_uploads import expire_uploads
from subiteya.services.reclaim_job import reclaim
from subiteya.services.release_held_posts import release_held_posts
from subiteya.services.resources import Resources
from subiteya.services.start_due_posts import start_due_posts
from subiteya.services.tidy_segments import tidy_segments
from subiteya.services.write_meter import write_meter

log = structlog.get_logger(__name__)

ROLE: Final = "sweep"
LEAVE_SECONDS: Final = 2.0
"""How long a sweep that is under way may go on when the process wants to end: S3 may hang."""
LEASE_SWEEPS: Final = 5
"""A leader that misses this many sweeps is replaced."""
HOUSEKEEPING_SECONDS: Final = 60
METER_SECONDS: Final = 60
ABORT_SECONDS: Final = 6 * 3600
"""Between two looks for unfinished uploads: each is a few billed requests."""


class Sweeper:
    """Does the duties while it leads; made once per process.

    Args:
        resources: The process's connections.
        duties: What else the leader does once a minute.
    """

    def __init__(self, resources: Resources, duties: Sequence[Callable[[], Awaitable[object]]] = ()) -> None:
        self._resources = resources
        self._duties = duties
        self._every = resources.settings.jobs.sweep_seconds
        self._presence_seconds = resources.settings.jobs.presence_seconds
        self._looked_at = 0.0
        self._cleaned_at = 0.0
        self._aborted_at = -float(ABORT_SECONDS)
        self._metered_at = time.monotonic()
        self._stuck: set[str] = set()
        self._reclaims_from = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop` is set; what goes wrong is said and tried again at the next sweep."""
        while not stop.is_set():
            try:
                await self._write_meter()
                await _unless_stopped(self.once(), stop)
            except Unavailable as error:
                if isinstance(error, DatabaseUnavailable):
                    self._forgive()
                log.warning("the sweep waits", why=error.sentence())
            except Exception:
                # One duty's mistake must not end the others: everything that was left behind relies on them.
                log.exception("the sweep broke off")
            try:
                await asyncio.wait_for(stop.wait(), self._every)
            except TimeoutError:
                continue
        await self._let_go()

    async def once(self) -> bool:
        """One sweep; False when another process leads."""
        lease = timedelta(seconds=max(self._every * LEASE_SWEEPS, 2))
        async with self._resources.db.begin() as session:
            if not await leases.hold(session, ROLE, self._resources.name, lease):
                return False
        if time.monotonic() >= self._reclaims_from:
            await self._reclaim_silent()
        await release_held_posts(self._resources)
        await start_due_posts(self._resources)
        async with self._resources.db.begin() as session:
            await segments.wake(session)
            await jobs.put_due_in_outbox(session)
            waiting = await session.scalar(select(func.count()).select_from(Outbox))
        if waiting:
            await deliver(self._resources)
        await tidy_segments(self._resources)
        now = time.monotonic()
        if now - self._looked_at >= self._presence_seconds:
            self._looked_at = now
            await self.find_missing()
        if now - self._cleaned_at >= HOUSEKEEPING_SECONDS:
            self._cleaned_at = now
            await self._housekeeping()
        return True

    async def _write_meter(self) -> None:
        """Every process writes its own counts down, leader or not."""
        now = time.monotonic()
        if now - self._metered_at >= METER_SECONDS:
            self._metered_at = now
            await write_meter(self._resources.db, self._resources.meter)

    def _forgive(self) -> None:
        """While the database was away nobody could keep a lease: the living get a lease's time to speak."""
        self._reclaims_from = time.monotonic() + self._resources.settings.jobs.lease_seconds

    async def _reclaim_silent(self) -> None:
        async with self._resources.db.begin() as session:
            silent = [job.id for job in await jobs.expired(session)]
        for job_id in silent:
            await reclaim(self._resources, job_id)

    async def find_missing(self) -> int:
        """Put jobs back that should be in Redis and are not: it was emptied, or replaced.

        Costs a handful of commands, and none while no job is expected there.
        """
        patience = timedelta(seconds=self._presence_seconds)
        async with self._resources.db.begin() as session:
            rows = await session.execute(
                select(Job.id, Job.queue).where(
                    Job.status == JobStatus.QUEUED, Job.enqueued_at < func.clock_timestamp() - patience
                )
            )
            expected: dict[QueueName, set[str]] = {}
            for job_id, queue in rows:
                expected.setdefault(QueueName(queue), set()).add(job_id)
        missing: set[str] = set()
        stuck: set[str] = set()
        for queue, ids in expected.items():
            there = await runnable_jobs(self._resources.queues, queue)
            missing |= ids - there.keys()
            if there.keys() & ids and JobState.ACTIVE not in there.values():
                # Jobs wait and nobody runs any: a worker may have died in the moment of being woken.
                await wake_workers(self._resources.queues, queue)
            stuck |= {job_id for job_id in ids if there.get(job_id) is JobState.ACTIVE}
        await self._release(stuck)
        if missing:
            log.warning("Redis lost jobs; they are put back", jobs=sorted(missing))
            async with self._resources.db.begin() as session:
                await session.execute(
                    update(Job)
                    .where(Job.id.in_(missing), Job.status == JobStatus.QUEUED)
                    .values(enqueued_at=None)
                )
                await jobs.put_due_in_outbox(session, sorted(missing))
            await deliver(self._resources, sorted(missing), left_over=True)
        return len(missing)

    async def _release(self, stuck: set[str]) -> None:
        """Put back what Redis thinks runs and no worker has claimed: its hand-back never reached Redis.

        Seen at two looks in a row, because a worker that takes a job needs a moment to claim it.
        """
        for job_id in stuck & self._stuck:
            log.warning("a job hung in Redis without a worker; it is put back", job=job_id)
            await release_orphan(self._resources.queues, job_id)
        self._stuck = stuck

    async def _housekeeping(self) -> None:
        await expire_uploads(self._resources)
        if time.monotonic() - self._aborted_at >= ABORT_SECONDS:
            self._aborted_at = time.monotonic()
            await abort_uploads(self._resources, datetime.now(UTC))
        async with self._resources.db.begin() as session:
            await slots.forget_old(session)
            await session.execute(
                delete(Heartbeat).where(Heartbeat.beat_at < func.clock_timestamp() - timedelta(days=1))
            )
        for duty in self._duties:
            await duty()

    async def _let_go(self) -> None:
        try:
            async with self._resources.db.begin() as session:
                await leases.let_go(session, self._resources.name)
        except SubiteyaError:
            log.warning("the sweep's lease runs out by itself")


async def _unless_stopped(work: Coroutine[Any, Any, object], stop: asyncio.Event) -> None:
    """Do the work; break it off soon after `stop` is set. Each duty is harmless to repeat."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=LEAVE_SECONDS)
        if working.done():
            working.result()
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
