"""The producer's side of both queues: add, count, pause. One connection, each call with a time limit.

It knows no database: whoever calls decides what must be in Redis, and does so after commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from bullmq import Queue
from redis.asyncio import Redis
from redis.exceptions import RedisError

from subiteya.config import JobSettings, QueueSettings
from subiteya.domain.errors import QueueUnavailable
from subiteya.observe.meter import Meter
from subiteya.queue.connection import impatient_client
from subiteya.queue.names import PAYLOAD_VERSION, Priority, QueueName, parse_job_id

KEEP_COMPLETED: Final = 50
KEEP_FAILED: Final = 100
CALL_SECONDS: Final = 5.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as it should be in Redis.

    Attributes:
        id: `edit-{video_id}` or `upload-{post_id}`.
        priority: Who goes first.
        data: JSON values for the worker; small, and never a secret: dashboards show it.
        delay_ms: Milliseconds until it may run. A delayed job makes each idle worker poll every 10 s, so
            what waits for long waits in PostgreSQL.
        parent: The job of the same queue that waits for this one, if any. Such a job leaves Redis when it has
            ended: the lists of ended jobs are of what people asked for.
    """

    id: str
    priority: Priority = Priority.NORMAL
    data: Mapping[str, Any] = field(default_factory=dict)
    delay_ms: int = 0
    parent: str | None = None

    @property
    def queue(self) -> QueueName:
        """The queue that its id belongs to."""
        return parse_job_id(self.id)[0]


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How many jobs a queue holds, by state, and whether it is paused."""

    waiting: int
    prioritized: int
    active: int
    delayed: int
    completed: int
    failed: int
    paused: bool

    @property
    def runnable(self) -> int:
        """Jobs that a free worker would take now."""
        return self.waiting + self.prioritized


class Queues:
    """Both queues, for whoever adds jobs or looks at them; made once per process.

    Each method takes at most `CALL_SECONDS` and raises `QueueUnavailable` when Redis does not answer by
    then; a caller that has committed its rows may ignore that, since the sweep adds what is missing.
    """

    def __init__(self, settings: QueueSettings, jobs: JobSettings, meter: Meter | None = None) -> None:
        self.client: Redis = impatient_client(settings, meter)
        options = {
            "connection": self.client,
            "prefix": settings.prefix,
            "defaultJobOptions": job_options(jobs),
        }
        self._queues = {name: Queue(str(name), options) for name in QueueName}

    @classmethod
    def open(cls, settings: QueueSettings, jobs: JobSettings, meter: Meter | None = None) -> Self:
        """Build it; connects on first use. The meter, if any, counts its commands.

        Raises:
            ConfigurationError: `REDIS_URL` is missing or cannot be understood.
        """
        return cls(settings, jobs, meter)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_queues()

    async def enqueue(self, job: JobSpec) -> None:
        """Add a job; one command. Does nothing when Redis holds its id in any state, finished ones too.

        To run a finished job again, use `presence.ensure`.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        options: dict[str, Any] = {"jobId": job.id, "priority": int(job.priority), "delay": job.delay_ms}
        if job.parent is not None:
            await self._add_child(job, options, job.parent)
        else:
            await self._add(job, options)

    async def _add(self, job: JobSpec, options: Mapping[str, Any]) -> None:
        data = {"version": PAYLOAD_VERSION, **job.data}
        # The object that comes back carries what we sent, even when Redis kept an older job: not used.
        await self.bounded(self.bull(job.queue).add(job.queue.kind, data, dict(options)))

    async def _add_child(self, job: JobSpec, options: Mapping[str, Any], parent: str) -> None:
        alone = {**options, "removeOnComplete": True, "removeOnFail": True}
        flow = {
            "parent": {"id": parent, "queue": self.bull(job.queue).qualifiedName},
            "continueParentOnFailure": True,
        }
        try:
            await self._add(job, {**alone, **flow})
        except TypeError:  # bullmq's word for a parent that Redis does not hold: emptied since
            await self._add(job, alone)

    async def queue_stats(self) -> dict[QueueName, QueueStats]:
        """Counts of both queues; four commands."""
        return {name: await self._stats(name) for name in QueueName}

    async def is_paused(self, queue: QueueName) -> bool:
        """Whether workers leave the queue's jobs alone; one command."""
        return bool(await self.bounded(self.bull(queue).isPaused()))

    async def pause_queues(self) -> None:
        """Let no worker anywhere take another job; jobs in hand go on."""
        for name in QueueName:
            await self.bounded(self.bull(name).pause())

    async def resume_queues(self) -> None:
        """Let workers take jobs again."""
        for name in QueueName:
            await self.bounded(self.bull(name).resume())

    async def close_queues(self) -> None:
        """Close the connection. Jobs and workers do not notice."""
        await self.client.aclose()

    def bull(self, queue: QueueName) -> Queue:
        """BullMQ's own object, for the modules beside this one."""
        return self._queues[queue]

    def key(self, queue: QueueName, suffix: str) -> str:
        """A key of a queue, for instance `bull:video-edit:events`."""
        return str(self.bull(queue).toKey(suffix))

    async def bounded(self, call: Awaitable[_T]) -> _T:
        """Await a Redis call within the time limit, and say `QueueUnavailable` when it fails.

        Raises:
            QueueUnavailable: Redis does not answer, or refuses (out of memory, quota spent, no rights).
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            raise QueueUnavailable from error

    async def run_script(self, text: str, keys: list[str], args: list[str]) -> Any:
        """Run a Lua script of ours; one command once the server knows it.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        script = self.client.register_script(text)
        return await self.bounded(script(keys=keys, args=args))

    async def _stats(self, name: QueueName) -> QueueStats:
        states = ("waiting", "prioritized", "active", "delayed", "completed", "failed")
        counts = await self.bounded(self.bull(name).getJobCounts(*states))
        return QueueStats(**counts, paused=await self.is_paused(name))


def job_options(jobs: JobSettings) -> dict[str, Any]:
    """The seed's options: 1 run + 3 retries after 5, 10 and 20 s; 50 completed and 100 failed jobs kept."""
    return {
        "attempts": jobs.max_retries + 1,
        "backoff": {"type": "exponential", "delay": round(jobs.retry_base_seconds * 1000)},
        "removeOnComplete": {"count": KEEP_COMPLETED},
        "removeOnFail": {"count": KEEP_FAILED},
    }
