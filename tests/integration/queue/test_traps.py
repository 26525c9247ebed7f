"""Traps of BullMQ's Python port that no other test walks into."""

from __future__ import annotations

import json

from integration.queue.harness import Cli, Meter, Stuck, Workers, done, job, until, until_state
from subiteya.config import JobSettings, QueueSettings
from subiteya.domain.outcome import Done, Outcome
from subiteya.queue import strangers
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import Queues

EDIT = QueueName.EDIT


async def test_a_worker_knows_the_server_and_so_waits_for_parts_of_a_second(workers: Workers) -> None:
    """Otherwise it rounds each wait up to whole seconds, and a delayed job comes up to one late."""
    worker = await workers.start(done)
    assert worker._worker is not None
    assert worker._worker.backend.capabilities["canDoubleTimeout"]


async def test_a_new_connection_introduces_itself_with_nothing(
    settings: QueueSettings, jobs: JobSettings, meter: Meter
) -> None:
    """redis-py would send two `CLIENT SETINFO` each time."""
    async with Queues.open(settings, jobs) as first:
        await first.queue_stats()
    await meter.reset()
    async with Queues.open(settings, jobs) as second:
        await second.is_paused(EDIT)
    assert dict(await meter.spent()) == {"hexists": 1}


async def test_a_strangers_spent_job_gets_all_its_attempts_again(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """`retry` as such grants one attempt more."""
    spec = job()
    stored = f"bull:video-edit:{spec.id}"
    await queues.enqueue(spec)
    await workers.start(done)
    await until_state(queues, spec.id, JobState.COMPLETED)
    await cli("HSET", stored, "atm", 4, "ats", 4)
    await queues.pause_queues()
    await strangers.retry(queues, EDIT, spec.id, JobState.COMPLETED)
    found = await cli("HGETALL", stored)
    assert {found.get("atm", "0"), found.get("ats", "0")} == {"0"}


async def test_what_a_job_returns_can_always_be_written_down(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """A value that is not JSON would fail a job whose work is done."""

    async def work(_: JobInHand) -> Outcome:
        return Done("comillas \" ' \\ \u2028 🎬")

    await workers.start(work)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)
    told = json.loads(await cli("HGET", f"bull:video-edit:{spec.id}", "returnvalue"))
    assert told == {"detail": "comillas \" ' \\ \u2028 🎬"}


async def test_a_worker_that_is_closed_by_force_leaves_a_job_that_the_sweep_can_free(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """BullMQ leaves such a job active and locked, until its own check has looked twice."""
    stuck = Stuck(obeys=False)
    worker = await workers.start(stuck)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    await worker.stop(grace_s=0, hand_back_s=0)
    assert await job_state(queues, spec.id) is JobState.ACTIVE
    assert await cli("EXISTS", f"bull:video-edit:{spec.id}:lock") == 1
