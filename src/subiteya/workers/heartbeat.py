"""A worker's sign of life: a row every few seconds, which costs no Redis command."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from subiteya import __version__
from subiteya.db.database import Database
from subiteya.db.models import Heartbeat
from subiteya.domain.errors import DatabaseUnavailable
from subiteya.queue.names import QueueName
from subiteya.queue.worker import QueueWorker

log = structlog.get_logger(__name__)

BEAT_SECONDS: Final = 5.0


class Pulse:
    """Beats for one worker; made once per worker process."""

    def __init__(self, db: Database, name: str, host: str, queue: QueueName, worker: QueueWorker) -> None:
        self._db = db
        self._name = name
        self._host = host
        self._queue = queue
        self._worker = worker
        self.last_success_at: datetime | None = None
        """When a job last ended well here; set by whoever runs them."""

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until `stop` is set, then take the row away."""
        while not stop.is_set():
            try:
                await self.beat()
            except DatabaseUnavailable:
                log.warning("no heartbeat: the database is away")
            try:
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
            except TimeoutError:
                continue
        await self._leave()

    async def beat(self) -> None:
        """Write the row."""
        now = func.clock_timestamp()
        fresh: dict[str, Any] = {
            "queue": self._queue,
            "host": self._host,
            "pid": os.getpid(),
            "version": __version__,
            "jobs": [hand.id for hand in self._worker.in_hand],
            "beat_at": now,
            "last_success_at": self.last_success_at,
        }
        async with self._db.begin() as session:
            await session.execute(
                insert(Heartbeat)
                .values(name=self._name, started_at=now, **fresh)
                .on_conflict_do_update(index_elements=[Heartbeat.name], set_=fresh)
            )

    async def _leave(self) -> None:
        try:
            async with self._db.begin() as session:
                await session.execute(delete(Heartbeat).where(Heartbeat.name == self._name))
        except DatabaseUnavailable:
            log.info("the heartbeat's row stays until it is old")
