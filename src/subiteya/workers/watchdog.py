"""A worker whose process lives and that takes no job is dead, and should say so.

A connection may be dropped without a word: an address translation forgets it, a cable is pulled. BullMQ's
idle wait then waits for an answer that never comes, while everything else in the process goes on.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import func, select

from subiteya.db.database import Database
from subiteya.db.models import Job
from subiteya.domain.errors import DatabaseUnavailable, QueueUnavailable
from subiteya.domain.states import JobStatus
from subiteya.queue.presence import JobState, is_held_back, runnable_jobs
from subiteya.queue.queues import Queues
from subiteya.queue.worker import QueueWorker

log = structlog.get_logger(__name__)

LOOKS: Final = 4
"""Looks in the time after which a worker counts as deaf; they read PostgreSQL only."""
_WAITING: Final = frozenset({JobState.WAITING, JobState.PRIORITIZED})


class Watchdog:
    """Watches one worker; made once per worker process.

    Args:
        db: Knows which jobs should have been taken.
        queues: Asks Redis, over another connection than the worker's, when some were not.
        worker: Whom it watches.
        deaf_seconds: How long jobs may wait beside a worker that has a hand free.
    """

    def __init__(self, db: Database, queues: Queues, worker: QueueWorker, deaf_seconds: float) -> None:
        self._db = db
        self._queues = queues
        self._worker = worker
        self._deaf_seconds = deaf_seconds
        self._asks_from = 0.0

    async def run(self) -> None:
        """Return when the worker is deaf."""
        while True:
            await asyncio.sleep(self._deaf_seconds / LOOKS)
            try:
                if await self._is_deaf():
                    return
            except (DatabaseUnavailable, QueueUnavailable) as error:
                # Nobody can take a job then, and that heals by itself.
                log.info("the watchdog sees nothing", why=error.sentence())

    async def _is_deaf(self) -> bool:
        now = time.monotonic()
        free_since = self._worker.free_since
        if free_since is None or now - free_since < self._deaf_seconds or now < self._asks_from:
            return False
        overdue = await self._overdue()
        if not overdue:
            return False
        self._asks_from = now + self._deaf_seconds
        if await is_held_back(self._queues, self._worker.queue):
            return False
        there = await runnable_jobs(self._queues, self._worker.queue)
        return any(there.get(job_id) in _WAITING for job_id in overdue)

    async def _overdue(self) -> list[str]:
        since = func.clock_timestamp() - timedelta(seconds=self._deaf_seconds)
        query = select(Job.id).where(
            Job.queue == self._worker.queue,
            Job.status == JobStatus.QUEUED,
            Job.enqueued_at < since,
            Job.not_before < since,
        )
        async with self._db.begin() as session:
            return list(await session.scalars(query))
