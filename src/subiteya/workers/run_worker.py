"""A worker process: takes jobs of one queue, beats, sweeps when it leads, and stops when told to."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from subiteya.config import Settings
from subiteya.domain.outcome import Done, Outcome, Wait
from subiteya.pipeline.journey import Journey
from subiteya.pipeline.tools import Tools
from subiteya.queue.hand import JobInHand
from subiteya.queue.worker import QueueWorker, WorkerDiedError
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.resources import Resources, open_resources
from subiteya.services.sweep import Sweeper
from subiteya.watch.quotas import warn_of_quotas
from subiteya.workers.heartbeat import Pulse
from subiteya.workers.run_job import run_job
from subiteya.workers.watchdog import Watchdog

log = structlog.get_logger(__name__)

SideTask = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Something that goes on beside the jobs until its event is set."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What one kind of worker is made of."""

    title: str
    """As the log line says it: `Edit Worker`."""
    journey: Journey
    concurrency: int
    beside: Sequence[SideTask] = ()

    def says(self, what: str) -> str:
        """A log line as operators know it: `[Edit Worker] Started with concurrency 2`."""
        return f"[{self.title}] {what}"


async def run_worker(
    settings: Settings, make_shift: Callable[[Tools, AsyncExitStack], Awaitable[Shift]], suffix: str
) -> None:
    """Run until SIGTERM or SIGINT; then finish or hand back what is in hand within the grace time.

    Args:
        settings: As read at start.
        make_shift: Builds the journey; what it opens goes on the stack.
        suffix: Tells this worker from another one with the same name: `edit`, `upload`.

    Raises:
        WorkerDiedError: BullMQ's loop ended by itself, or takes no job; the process should be started again.
    """
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        tools = _tools(resources, f"{resources.name}:{suffix}")
        shift = await make_shift(tools, stack)
        await _work(settings, resources, tools, shift)


def _tools(resources: Resources, name: str) -> Tools:
    return Tools(
        settings=resources.settings,
        db=resources.db,
        queues=resources.queues,
        storage=resources.storage,
        sealer=resources.sealer,
        tiktok=resources.tiktok,
        name=name,
    )


async def _work(settings: Settings, resources: Resources, tools: Tools, shift: Shift) -> None:
    journey = shift.journey

    async def process(hand: JobInHand) -> Outcome:
        outcome = await run_job(tools, journey, hand)
        if isinstance(outcome, Wait) and outcome.for_jobs:
            # While BullMQ still shows this job as running: the others are added as its children.
            await deliver_soon(resources, outcome.for_jobs)
        if isinstance(outcome, Done):
            pulse.last_success_at = datetime.now(UTC)
        return outcome

    worker = QueueWorker(
        journey.queue,
        process,
        settings.queue,
        name=tools.name,
        concurrency=shift.concurrency,
        meter=resources.meter,
    )
    pulse = Pulse(tools.db, tools.name, settings.observe.worker_host, journey.queue, worker)
    stop = asyncio.Event()
    _stop_on_signals(stop)
    warn = partial(warn_of_quotas, resources.db, settings.costs)
    beside = [pulse.run, Sweeper(resources, [warn]).run, *shift.beside]
    quiet = asyncio.Event()
    watchdog = Watchdog(tools.db, tools.queues, worker, settings.jobs.deaf_seconds)
    async with asyncio.TaskGroup() as group:
        for side in beside:
            group.create_task(side(quiet))
        running = group.create_task(worker.run())
        ready = group.create_task(_say_ready(worker, shift))
        stopping = group.create_task(stop.wait())
        deaf = group.create_task(watchdog.run())
        await asyncio.wait({running, stopping, deaf}, return_when=asyncio.FIRST_COMPLETED)
        died = deaf.done() and not stop.is_set()
        if not running.done():
            log.info(shift.says("Takes no jobs though some wait" if died else "Stopping"))
            await worker.stop(settings.jobs.grace_seconds)
        for task in (ready, stopping, deaf):
            task.cancel()
        quiet.set()
    log.info(shift.says("Stopped"))
    if died:
        raise WorkerDiedError(
            f"{tools.name} took no job for {settings.jobs.deaf_seconds:.0f} s though some waited"
        )


async def _say_ready(worker: QueueWorker, shift: Shift) -> None:
    await worker.ready.wait()
    log.info(shift.says(f"Started with concurrency {shift.concurrency}"))


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
