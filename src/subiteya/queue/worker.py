"""A BullMQ worker that says when it dies, hands back what it cannot finish, and keeps an idle Redis quiet.

What the Python port does by itself, and what is done about it here:

* An `asyncio.CancelledError` that leaks out of a processor ends its loop for good, silently: guarded.
* Whatever ends its loop, nobody hears of it: `run` raises `WorkerDiedError`, so that the process restarts.
* Without knowing the server's version it rounds waits up to whole seconds: asked once.
* A lost lock is only reported: the job is told to stop.
* `close()` may sleep a whole idle wait, cut the connection of a job just taken, or forget it: `stop` ends
  the loop by itself, hands such a job back untouched, and closes after that.
* Its limiter does not wake up: not used; rates are slots in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from bullmq import Job, Worker
from redis.exceptions import RedisError

from subiteya.config import QueueSettings
from subiteya.domain.outcome import Outcome, Retry
from subiteya.observe.meter import Meter
from subiteya.queue.connection import redis_options
from subiteya.queue.hand import Abort, AbortReason, JobInHand, Processor
from subiteya.queue.names import QueueName
from subiteya.queue.settle import outcome_of, settle, subject_of, too_new

HAND_BACK_SECONDS: Final = 5.0
"""How long a stopping job gets to end and be handed back after its grace time."""

_REPORT_S: Final = 2.0
_CLOSE_S: Final = 5.0
_TICK_S: Final = 0.02

_SET_PROGRESS: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'progress', ARGV[1]) end
"""

_log = structlog.get_logger(__name__)


class WorkerDiedError(RuntimeError):
    """The worker's loop ended though nobody stopped it; the process should end and be started again."""


class QueueWorker:
    """Runs the jobs of one queue in this process.

    Args:
        queue: Which queue.
        processor: Does the work.
        settings: Where Redis is, and how often to ask it.
        name: For `CLIENT LIST` and logs; no spaces.
        concurrency: Jobs at once.
        max_stalled: How many crashes BullMQ's own check forgives before it fails the job.
        meter: Counts the commands.
    """

    def __init__(
        self,
        queue: QueueName,
        processor: Processor,
        settings: QueueSettings,
        *,
        name: str,
        concurrency: int = 1,
        max_stalled: int = 1,
        meter: Meter | None = None,
    ) -> None:
        self.queue = queue
        self.ready = asyncio.Event()
        """Set once Redis has answered and jobs are taken."""
        self._processor = processor
        self._options = {
            "connection": redis_options(settings, meter),
            "prefix": settings.prefix,
            "name": name,
            "concurrency": concurrency,
            "autorun": False,
            "lockDuration": settings.lock_duration_ms,
            "stalledInterval": settings.stalled_interval_ms,
            "maxStalledCount": max_stalled,
            "drainDelay": settings.drain_delay_s,
        }
        self._concurrency = concurrency
        self._quiet = settings.profile == "metered"
        self._log = _log.bind(queue=str(queue), worker=name)
        self._worker: Worker | None = None
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._free_since: float | None = None
        # By id and token: a job whose lock was lost may run here twice, and two jobs may share a token.
        self._in_hand: dict[tuple[str, str], JobInHand] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def in_hand(self) -> tuple[JobInHand, ...]:
        """The jobs that run here now."""
        return tuple(self._in_hand.values())

    @property
    def free_since(self) -> float | None:
        """When it last took or ended a job, by the monotonic clock; None while it has no hand free."""
        return None if len(self._in_hand) >= self._concurrency else self._free_since

    def abort(self, job_id: str, reason: AbortReason = AbortReason.CANCELLED) -> bool:
        """Ask a job that runs here to stop; False when it does not run here."""
        runs = [hand for hand in self._in_hand.values() if hand.id == job_id]
        for hand in runs:
            hand.abort.set(reason)
        return bool(runs)

    async def run(self) -> None:
        """Take and run jobs until `stop` is called. Survives a restart of Redis.

        Raises:
            WorkerDiedError: The loop ended by itself.
        """
        if self._stopping:
            return
        # Made here and not before: BullMQ wants a running loop.
        worker = self._worker = Worker(str(self.queue), self._process, self._options)
        worker.on("error", self._on_error)
        worker.on("failed", self._on_failed)
        worker.on("stalled", self._on_stalled)
        worker.on("lockRenewalFailed", self._on_lock_lost)
        self._loop = asyncio.create_task(self._serve(worker))
        try:
            await asyncio.wait({self._loop})
            if not self._stopping:
                cause = None if self._loop.cancelled() else self._loop.exception()
                raise WorkerDiedError(f"the worker of {self.queue} ended by itself") from cause
        finally:
            if not self._stopping:
                self._stopping = True
                await self._force(worker)

    async def stop(self, grace_s: float, hand_back_s: float = HAND_BACK_SECONDS) -> None:
        """Take no more jobs; let those in hand end; hand back what is left. Never raises for Redis.

        Takes at most `grace_s` + `hand_back_s` + a few seconds.

        Args:
            grace_s: Seconds that jobs in hand get to finish.
            hand_back_s: Seconds from the abort signal until they are cancelled for good; a job that misses
                them stays active in Redis until its lease or lock runs out.
        """
        if self._stopping:
            return
        self._stopping = True
        worker, loop = self._worker, self._loop
        if worker is None or loop is None:
            return
        if not worker.running:  # BullMQ would close first, and connect again after that
            await self._force(worker)
            return
        worker.closing = True  # take no more; not close(), which cuts the connection of a job just taken

        def empty() -> bool:
            return not self._in_hand and not worker.jobs

        def over() -> bool:
            return empty() and loop.done() and all(task.done() for task in worker.processing)

        if not await _drained(worker, empty, grace_s):
            for hand in self._in_hand.values():
                hand.abort.set(AbortReason.SHUTDOWN)
            await _drained(worker, empty, hand_back_s)
        if empty() and await _drained(worker, over, _CLOSE_S):
            await self._hand_back_unseen(worker)
            await _within(_CLOSE_S, worker.close())
        else:
            await self._force(worker)

    async def _serve(self, worker: Worker) -> None:
        await worker.blockingRedisConnection.getRedisVersion()
        self._free_since = time.monotonic()
        self.ready.set()
        await worker.run()

    async def _hand_back_unseen(self, worker: Worker) -> None:
        """Hand back what was fetched in the instant in which BullMQ's loop ended: nobody would run it."""
        fetched = (
            task.result() for task in worker.processing if not task.cancelled() and not task.exception()
        )
        for job in fetched:
            if isinstance(job, Job):
                await self._report(job.moveToDelayed(round(time.time() * 1000), job.token))

    async def _force(self, worker: Worker) -> None:
        """Cancel what still runs and close the connections."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.wait({self._loop}, timeout=_CLOSE_S)
        await _within(_CLOSE_S, worker.close(force=True))
        await _within(_CLOSE_S, self._idle.wait())  # processors clean up behind themselves
        await _within(_CLOSE_S, worker.backend.close(force=True))  # what they may have opened again

    async def _process(self, job: Job, token: str) -> dict[str, Any] | None:
        hand = JobInHand(
            id=job.id,
            queue=self.queue,
            subject=subject_of(job.id, self.queue),
            data=job.data if isinstance(job.data, dict) else {},
            attempts_made=job.attemptsMade,
            attempts=job.attempts,
            crashes=job.stalledCounter,
            token=token,
            abort=Abort(),
            report=lambda value: self._report(self._progress(job, value)),
        )
        self.abort(job.id, AbortReason.LOCK_LOST)  # an earlier run of it here, that Redis took for dead
        self._in_hand[job.id, token] = hand
        self._free_since = time.monotonic()
        self._idle.clear()
        try:
            outcome = await self._outcome(hand)
            await self._send_log(job, hand)
            return await settle(job, hand, outcome)
        finally:
            del self._in_hand[job.id, token]
            self._free_since = time.monotonic()
            if not self._in_hand:
                self._idle.set()

    async def _outcome(self, hand: JobInHand) -> Outcome:
        if self._stopping:
            hand.abort.set(AbortReason.SHUTDOWN)
            return Retry(AbortReason.SHUTDOWN)
        if (wait := too_new(hand)) is not None:
            return wait
        try:
            return await self._processor(hand)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # a forced stop
            self._log.exception("a cancelled sub-task leaked out of the processor", job=hand.id)
            return outcome_of(error)
        except Exception as error:  # noqa: BLE001 - whatever it is becomes the outcome
            self._log.exception("the processor raised", job=hand.id)
            return outcome_of(error)

    def _progress(self, job: Job, value: int | dict[str, Any]) -> Awaitable[Any]:
        if not self._quiet:
            return job.updateProgress(value)  # type: ignore[no-any-return]  # bullmq has no types
        # BullMQ's own also writes an event, and each event wakes every reader: a second command.
        script = job.backend.conn.register_script(_SET_PROGRESS)
        return script(keys=[job.backend.toKey(job.id)], args=[json.dumps(value)])  # type: ignore[no-any-return]  # same

    async def _send_log(self, job: Job, hand: JobInHand) -> None:
        if hand.lines and hand.abort.reason is not AbortReason.LOCK_LOST:
            key = job.backend.toKey(f"{job.id}:logs")
            # Not Job.log: three commands per line.
            await self._report(job.backend.conn.rpush(key, *hand.lines))

    async def _report(self, call: Awaitable[Any]) -> None:
        """Something nice to have in Redis; never worth a job."""
        try:
            async with asyncio.timeout(_REPORT_S):
                await call
        except (RedisError, OSError, TimeoutError, TypeError) as error:  # TypeError: the job is gone
            self._log.info("Redis did not take a report", error=str(error))

    def _on_error(self, error: Exception, job: Job | None = None) -> None:
        self._log.warning("queue trouble", error=str(error), job=job.id if job else None)

    def _on_failed(self, job: Job, error: Exception) -> None:
        self._log.info("attempt failed", job=job.id, attempt=job.attemptsMade, error=str(error))

    def _on_stalled(self, job_id: str) -> None:
        self._log.warning("took back a job whose worker is gone", job=job_id)

    def _on_lock_lost(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            self._log.warning("lost the lock of a job in hand", job=job_id)
            self.abort(job_id, AbortReason.LOCK_LOST)


async def _drained(worker: Worker, done: Callable[[], bool], limit_s: float) -> bool:
    """Wait until `done`, at most `limit_s` seconds; whether it is."""
    clock = asyncio.get_running_loop().time
    end = clock() + limit_s
    while not done():
        if clock() >= end:
            return False
        if worker.waiting is not None:  # an idle wait, also one that began after the end was called
            worker.waiting.cancel()
        await asyncio.sleep(_TICK_S)
    return True


async def _within(limit_s: float, step: Coroutine[Any, Any, object]) -> None:
    """Give a step of closing its time, and go on then: the process is about to end."""
    task = asyncio.create_task(step)
    await asyncio.wait({task}, timeout=limit_s)
    task.cancel()
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("closing was not clean", error=str(error))
