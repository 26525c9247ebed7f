from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

from integration.queue.harness import Cli, Stuck, Valkey, Workers, done, job, until, until_state
from subiteya.domain.outcome import Done, Outcome
from subiteya.queue.hand import AbortReason, JobInHand
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import JobSpec, Queues
from subiteya.queue.worker import QueueWorker


async def test_an_idle_worker_stops_at_once_and_closes_its_connections(workers: Workers, cli: Cli) -> None:
    worker = await workers.start(done)
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    await worker.stop(grace_s=30)
    await workers.tasks[worker]
    assert time.monotonic() - begun < 5

    async def gone() -> bool:
        return await cli.clients() == []

    await until(gone)


async def test_a_job_that_fits_into_the_grace_time_is_finished_and_no_other_begun(
    queues: Queues, workers: Workers
) -> None:
    stuck = Stuck()
    worker = await workers.start(stuck)
    first, second = job(), job()
    await queues.enqueue(first)
    await until(lambda: stuck.started)
    await queues.enqueue(second)
    stopping = asyncio.create_task(worker.stop(grace_s=30))
    await asyncio.sleep(0.1)
    assert not stuck.started[0].abort.is_set()
    stuck.let_go.set()
    await stopping
    assert await job_state(queues, first.id) is JobState.COMPLETED
    assert await job_state(queues, second.id) is JobState.PRIORITIZED
    assert len(stuck.started) == 1


async def test_jobs_that_do_not_fit_are_handed_back_without_spending_an_attempt(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    stuck, heir = Stuck(), Stuck()
    worker = await workers.start(stuck, concurrency=2)
    specs = [job(), job()]
    for spec in specs:
        await queues.enqueue(spec)
    await until(lambda: len(stuck.started) == 2)
    await worker.stop(grace_s=0.1)
    await workers.tasks[worker]
    assert stuck.aborted == [AbortReason.SHUTDOWN] * 2
    for spec in specs:
        assert "atm" not in await cli("HGETALL", f"bull:video-edit:{spec.id}")
        assert not await cli("EXISTS", f"bull:video-edit:{spec.id}:lock")

    heir.let_go.set()
    await workers.start(heir)
    for spec in specs:
        await until_state(queues, spec.id, JobState.COMPLETED)
    assert [(hand.attempts_made, hand.crashes) for hand in heir.started] == [(0, 0)] * 2


async def test_an_idle_colleague_takes_over_what_is_handed_back(queues: Queues, workers: Workers) -> None:
    stuck, colleague = Stuck(), Stuck()
    colleague.let_go.set()
    worker = await workers.start(stuck)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    await workers.start(colleague)
    await asyncio.sleep(0.1)
    await worker.stop(grace_s=0)
    await until_state(queues, spec.id, JobState.COMPLETED)
    assert [hand.id for hand in colleague.started] == [spec.id]


async def test_one_job_that_ends_does_not_hide_another_that_still_runs(
    queues: Queues, workers: Workers
) -> None:
    """BullMQ's loop ends, and forgets its abort signals, as soon as one job ends while it closes."""
    quick, slow = asyncio.Event(), Stuck()

    async def work(hand: JobInHand) -> Outcome:
        if hand.data.get("quick"):
            await quick.wait()
            return Done()
        return await slow(hand)

    worker = await workers.start(work, concurrency=2)
    first, second = job(data={"quick": True}), job()
    await queues.enqueue(first)
    await queues.enqueue(second)
    await until(lambda: len(worker.in_hand) == 2)
    stopping = asyncio.create_task(worker.stop(grace_s=0.5))
    await asyncio.sleep(0.1)
    quick.set()
    await until_state(queues, first.id, JobState.COMPLETED)
    await stopping
    assert slow.aborted == [AbortReason.SHUTDOWN]
    assert await job_state(queues, second.id) is JobState.DELAYED


async def test_a_job_that_ignores_the_signal_is_cancelled_and_cleans_up(
    queues: Queues, workers: Workers
) -> None:
    cleaned: list[str] = []

    async def deaf(hand: JobInHand) -> Outcome:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.append(hand.id)
        return Done()

    worker = await workers.start(deaf)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: worker.in_hand)
    begun = time.monotonic()
    await worker.stop(grace_s=0.1, hand_back_s=0.1)
    assert time.monotonic() - begun < 10
    assert cleaned == [spec.id]
    assert worker.in_hand == ()
    assert workers.tasks[worker].done()
    assert await job_state(queues, spec.id) is JobState.ACTIVE  # for the sweep: its lease runs out


async def test_stopping_has_a_limit_without_redis(queues: Queues, workers: Workers, valkey: Valkey) -> None:
    stuck = Stuck()
    worker = await workers.start(stuck)
    await queues.enqueue(job())
    await until(lambda: stuck.started)
    valkey.kill()
    begun = time.monotonic()
    await worker.stop(grace_s=0.1, hand_back_s=0.2)
    assert time.monotonic() - begun < 25
    await asyncio.wait_for(workers.tasks[worker], 5)


async def test_a_worker_that_never_reached_redis_stops(workers: Workers, valkey: Valkey) -> None:
    valkey.kill()
    worker = await workers.start(done, wait_ready=False)
    await asyncio.sleep(0.1)
    await worker.stop(grace_s=30)
    await asyncio.wait_for(workers.tasks[worker], 5)


async def test_cancelling_run_cancels_the_jobs(queues: Queues, workers: Workers) -> None:
    stuck = Stuck(obeys=False)
    worker: QueueWorker = await workers.start(stuck)
    await queues.enqueue(job())
    await until(lambda: stuck.started)
    task = workers.tasks[worker]
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
    assert worker.in_hand == ()


async def test_a_stopped_worker_does_not_run_again(workers: Workers) -> None:
    worker = await workers.start(done)
    await worker.stop(grace_s=1)
    await worker.stop(grace_s=1)
    await worker.run()


async def test_stopping_in_the_instant_a_job_is_taken_loses_nothing(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """BullMQ's close() cuts the connection under such a job, or forgets it as active."""
    specs: list[JobSpec] = []
    for turn in range(60):
        worker = await workers.start(done, concurrency=1 + turn % 3)
        await asyncio.sleep(0.01)
        batch = [job(), job()]
        await asyncio.gather(*(queues.enqueue(spec) for spec in batch))
        await asyncio.sleep(turn * 0.0001)
        begun = time.monotonic()
        await worker.stop(grace_s=10)
        await workers.tasks[worker]
        assert time.monotonic() - begun < 1.5
        specs += batch
        states = [await job_state(queues, spec.id) for spec in specs]
        assert JobState.ACTIVE not in states
    await workers.start(done)
    for spec in specs[-40:]:
        await until_state(queues, spec.id, JobState.COMPLETED)

    async def gone() -> bool:
        return len([name for name in await cli.clients() if name]) == 2

    await until(gone)


async def test_a_job_that_was_fetched_but_not_begun_is_handed_back(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """BullMQ's loop may end between the two; the job would stay active with nobody running it."""
    await queues.pause_queues()
    worker = await workers.start(done)
    await asyncio.sleep(0.1)
    spec = job()
    await queues.enqueue(spec)
    await cli("HDEL", "bull:video-edit:meta", "paused")  # behind BullMQ's back: the worker sleeps on
    assert worker._worker is not None
    fetching = asyncio.create_task(worker._worker.moveToActive("t:1"))
    await fetching
    assert await job_state(queues, spec.id) is JobState.ACTIVE
    nothing = asyncio.create_task(asyncio.sleep(0))
    await nothing
    await worker._hand_back_unseen(SimpleNamespace(processing={fetching, nothing}))
    await until_state(queues, spec.id, JobState.COMPLETED)  # the sleeping worker was woken and took it
    found = await cli("HGETALL", f"bull:video-edit:{spec.id}")
    assert (found["ats"], found["atm"]) == ("2", "1")
