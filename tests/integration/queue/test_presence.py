from __future__ import annotations

import asyncio

from integration.queue.harness import Cli, Meter, Stuck, Workers, done, job, until, until_state
from subiteya.domain.outcome import Done, GiveUp, Outcome, Retry
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import Priority, QueueName
from subiteya.queue.presence import (
    JobState,
    ensure,
    job_state,
    release_orphan,
    remove,
    runnable_jobs,
    wake_workers,
)
from subiteya.queue.queues import JobSpec, Queues

EDIT, UPLOAD = QueueName.EDIT, QueueName.UPLOAD


async def test_a_whole_queue_is_looked_at_with_one_command(
    queues: Queues, workers: Workers, meter: Meter
) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    running, waiting, delayed = job(), job(priority=Priority.LOW), job(delay_ms=600_000)
    await queues.enqueue(running)
    await until(lambda: stuck.started)
    for spec in (waiting, delayed):
        await queues.enqueue(spec)
    plain = job()
    await queues.bull(EDIT).add("edit", {}, {"jobId": plain.id})  # from another producer, without priority
    await runnable_jobs(queues, EDIT)  # the server knows the script now
    await meter.reset()

    found = await runnable_jobs(queues, EDIT)
    assert found == {
        running.id: JobState.ACTIVE,
        waiting.id: JobState.PRIORITIZED,
        delayed.id: JobState.DELAYED,
        plain.id: JobState.WAITING,
    }
    assert await runnable_jobs(queues, UPLOAD) == {}
    assert await meter.spent() == {"evalsha": 2}
    assert [await job_state(queues, job_id) for job_id in found] == list(found.values())


async def test_ensure_leaves_alone_what_will_run_anyway(queues: Queues, workers: Workers) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    running, waiting, delayed = job(), job(), job(delay_ms=600_000)
    await queues.enqueue(running)
    await until(lambda: stuck.started)
    for spec in (waiting, delayed):
        assert await ensure(queues, spec)
    for spec in (running, waiting, delayed):
        assert not await ensure(queues, spec)
    stuck.let_go.set()
    await until(lambda: len(stuck.started) == 2)


async def test_ensure_runs_a_finished_job_again(queues: Queues, workers: Workers) -> None:
    runs: list[object] = []

    async def note(hand: JobInHand) -> Outcome:
        runs.append(hand.data["run"])
        return Done() if hand.data["run"] == 1 else GiveUp("x")

    await workers.start(note)
    spec = job(data={"run": 1})
    again = JobSpec(spec.id, data={"run": 2})
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)
    assert await ensure(queues, again)
    await until_state(queues, spec.id, JobState.FAILED)
    assert await ensure(queues, again)
    await until(lambda: runs == [1, 2, 2])


async def test_a_spent_job_gets_all_its_attempts_again(queues: Queues, workers: Workers) -> None:
    """BullMQ's own retry() of a spent job grants one attempt."""
    seen: list[int] = []

    async def fail(hand: JobInHand) -> Outcome:
        seen.append(hand.attempts_made)
        return Retry("x")

    await workers.start(fail)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.FAILED)
    assert await ensure(queues, spec)
    await until(lambda: len(seen) == 8)
    await until_state(queues, spec.id, JobState.FAILED)
    assert seen == [0, 1, 2, 3, 0, 1, 2, 3]


async def test_an_emptied_redis_is_filled_again(queues: Queues, workers: Workers, cli: Cli) -> None:
    specs = [job(), job()]
    for spec in specs:
        await queues.enqueue(spec)
    await cli("FLUSHALL")
    assert await runnable_jobs(queues, EDIT) == {}
    for spec in specs:
        assert await ensure(queues, spec)
    ran = Stuck()
    ran.let_go.set()
    await workers.start(ran)
    await until(lambda: {hand.id for hand in ran.started} == {spec.id for spec in specs})


async def test_a_half_lost_job_is_added_anew(queues: Queues, cli: Cli) -> None:
    """An evicting Redis may drop the list and keep the job's data, which would block adding it."""
    spec = job()
    await queues.enqueue(spec)
    await cli("DEL", "bull:video-edit:prioritized")
    await queues.enqueue(spec)
    assert await job_state(queues, spec.id) is JobState.UNKNOWN
    assert await ensure(queues, spec)
    assert await job_state(queues, spec.id) is JobState.PRIORITIZED


async def test_a_waiting_job_can_be_taken_out_and_a_running_one_not(queues: Queues, workers: Workers) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    running, waiting = job(), job()
    await queues.enqueue(running)
    await until(lambda: stuck.started)
    await queues.enqueue(waiting)
    assert await remove(queues, waiting.id)
    assert not await remove(queues, running.id)
    assert await remove(queues, job().id)
    assert await runnable_jobs(queues, EDIT) == {running.id: JobState.ACTIVE}


async def test_a_dead_workers_job_goes_back_at_once_and_others_stay(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    living, dead = Stuck(), Stuck(obeys=False)
    spared = await workers.start(living)
    other, orphan, later = job(), job(), job()
    await queues.enqueue(other)
    await until(lambda: living.started)
    doomed = await workers.start(dead)
    await queues.enqueue(orphan)
    await until(lambda: dead.started)
    await doomed.stop(grace_s=0, hand_back_s=0)  # cancelled for good: its job stays active, as after kill -9
    assert await cli("EXISTS", f"bull:video-edit:{orphan.id}:lock")

    heir = Stuck()
    heir.let_go.set()
    await workers.start(heir)
    await queues.enqueue(later)
    await until(lambda: [hand.id for hand in heir.started] == [later.id])
    assert await release_orphan(queues, orphan.id, dead.started[0].token)

    await until(lambda: [hand.id for hand in heir.started] == [later.id, orphan.id])
    assert (heir.started[1].attempts_made, heir.started[1].crashes) == (0, 1)
    await until_state(queues, orphan.id, JobState.COMPLETED)
    assert [hand.id for hand in spared.in_hand] == [other.id]
    assert await job_state(queues, other.id) is JobState.ACTIVE
    assert len(living.started) == 1


async def test_a_released_job_stands_in_front_of_its_equals(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    dead = Stuck(obeys=False)
    doomed = await workers.start(dead)
    orphan, equal, urgent = job(), job(), job(priority=Priority.HIGH)
    await queues.enqueue(orphan)
    await until(lambda: dead.started)
    for spec in (equal, urgent):
        await queues.enqueue(spec)
    await doomed.stop(grace_s=0, hand_back_s=0)
    assert await release_orphan(queues, orphan.id)
    assert await cli("ZRANGE", "bull:video-edit:prioritized", 0, -1) == [urgent.id, orphan.id, equal.id]
    assert not await cli("EXISTS", f"bull:video-edit:{orphan.id}:lock")


async def test_only_the_run_that_died_is_released(queues: Queues, workers: Workers) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    spec, waiting = job(), job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    await queues.enqueue(waiting)
    assert not await release_orphan(queues, spec.id, "somebody-else:1")
    assert not await release_orphan(queues, waiting.id)
    assert not await release_orphan(queues, job().id)
    assert await runnable_jobs(queues, EDIT) == {
        spec.id: JobState.ACTIVE,
        waiting.id: JobState.PRIORITIZED,
    }
    assert await release_orphan(queues, spec.id, stuck.started[0].token)
    assert await job_state(queues, spec.id) is JobState.PRIORITIZED


async def test_a_worker_that_was_wrongly_taken_for_dead_finishes_nothing(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    alive, heir = Stuck(obeys=False), Stuck()
    await workers.start(alive)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: alive.started)
    assert await release_orphan(queues, spec.id)
    await workers.start(heir)
    await until(lambda: heir.started)
    alive.let_go.set()  # the first one finishes; the second still runs
    await asyncio.sleep(0.2)
    assert await job_state(queues, spec.id) is JobState.ACTIVE
    assert await cli("GET", f"bull:video-edit:{spec.id}:lock") == heir.started[0].token
    heir.let_go.set()
    await until_state(queues, spec.id, JobState.COMPLETED)


async def test_a_lost_wake_up_is_made_good(queues: Queues, workers: Workers, cli: Cli) -> None:
    await workers.start(done)
    await asyncio.sleep(0.1)
    await queues.pause_queues()
    spec = job()
    await queues.enqueue(spec)
    await cli("HDEL", "bull:video-edit:meta", "paused")  # resumed behind BullMQ's back: nobody is woken
    await asyncio.sleep(0.1)
    assert await job_state(queues, spec.id) is JobState.PRIORITIZED
    await wake_workers(queues, EDIT)
    await until_state(queues, spec.id, JobState.COMPLETED)
