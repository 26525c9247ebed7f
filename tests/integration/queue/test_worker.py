from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from integration.queue.harness import Cli, Meter, Stuck, Valkey, Workers, done, job, until, until_state
from subiteya.domain.errors import ConfigurationError, DatabaseUnavailable
from subiteya.domain.outcome import AskHuman, Done, GiveUp, Outcome, Retry, Wait
from subiteya.queue.hand import AbortReason, JobInHand
from subiteya.queue.names import PAYLOAD_VERSION, QueueName
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import JobSpec, Queues
from subiteya.queue.worker import WorkerDiedError

EDIT, UPLOAD = QueueName.EDIT, QueueName.UPLOAD


async def stored(cli: Cli, spec: JobSpec) -> dict[str, str]:
    found: dict[str, str] = await cli("HGETALL", f"bull:{spec.queue}:{spec.id}")
    return found


async def test_a_job_is_done_with_its_data_progress_and_log(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    hands: list[JobInHand] = []

    async def work(hand: JobInHand) -> Outcome:
        hands.append(hand)
        await hand.progress(70, {"stage": "encode"})
        hand.log("first line")
        hand.log("second line")
        return Done("all well")

    await workers.start(work)
    spec = job(data={"run": 3})
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)
    [hand] = hands
    assert (hand.id, hand.queue, spec.id) == (spec.id, EDIT, f"edit-{hand.subject}")
    assert hand.data == {"version": PAYLOAD_VERSION, "run": 3}
    assert (hand.attempts_made, hand.attempts, hand.crashes, hand.last_attempt) == (0, 4, 0, False)
    found = await stored(cli, spec)
    assert json.loads(found["progress"]) == {"progress": 70, "stage": "encode"}
    assert json.loads(found["returnvalue"]) == {"detail": "all well"}
    assert await cli("LRANGE", f"bull:video-edit:{spec.id}:logs", 0, -1) == ["first line", "second line"]


async def test_three_retries_follow_the_first_run_each_after_twice_the_time(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    seen: list[tuple[int, bool]] = []

    async def fail(hand: JobInHand) -> Outcome:
        seen.append((hand.attempts_made, hand.last_attempt))
        return Retry("storage_unavailable", "no answer")

    await workers.start(fail)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.FAILED)
    assert seen == [(0, False), (1, False), (2, False), (3, True)]
    entries = await cli("XRANGE", "bull:video-edit:events", "-", "+")
    words = [fields["event"] for _, fields in entries if fields.get("jobId") == spec.id]
    assert words.count("delayed") == 3
    assert words.count("failed") == 1
    found = await stored(cli, spec)
    assert found["failedReason"] == "storage_unavailable: no answer"
    assert found["delay"] == "0"


async def test_waiting_spends_no_attempt(queues: Queues, workers: Workers) -> None:
    seen: list[int] = []

    async def wait_often(hand: JobInHand) -> Outcome:
        seen.append(hand.attempts_made)
        if len(seen) <= 6:
            return Wait(datetime.now(UTC) + timedelta(milliseconds=5), "rate_limit_exceeded")
        return Done()

    await workers.start(wait_often)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)
    assert seen == [0] * 7


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GiveUp("not_a_video", "no stream"), "not_a_video: no stream"),
        (AskHuman("reconnect"), "reconnect"),
        (ConfigurationError(what="FFMPEG_BINARY", why="missing"), "configuration: FFMPEG_BINARY: missing"),
    ],
)
async def test_what_cannot_pass_by_itself_fails_at_once(
    queues: Queues, workers: Workers, cli: Cli, answer: Outcome | Exception, reason: str
) -> None:
    runs: list[str] = []

    async def work(hand: JobInHand) -> Outcome:
        runs.append(hand.id)
        if isinstance(answer, Exception):
            raise answer
        return answer

    await workers.start(work)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.FAILED)
    assert len(runs) == 1
    assert (await stored(cli, spec))["failedReason"] == reason


async def test_a_job_whose_row_cannot_be_asked_comes_again_unspent(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    async def work(_: JobInHand) -> Outcome:
        raise DatabaseUnavailable

    await workers.start(work)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.DELAYED)
    assert (await stored(cli, spec)).get("atm", "0") == "0"


async def test_a_surprise_is_retried_and_its_text_stays_out_of_redis(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    runs: list[int] = []

    async def work(hand: JobInHand) -> Outcome:
        runs.append(hand.attempts_made)
        raise ValueError("geheim")

    await workers.start(work)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.FAILED)
    assert runs == [0, 1, 2, 3]
    found = await stored(cli, spec)
    assert found["failedReason"]
    assert "geheim" not in str(found)


async def test_a_leaked_cancellation_fails_the_attempt_and_the_worker_lives_on(
    queues: Queues, workers: Workers
) -> None:
    """Facts 0.3: it would end the worker for good, without a word."""

    async def leak(hand: JobInHand) -> Outcome:
        if hand.attempts_made == 0:
            task = asyncio.create_task(asyncio.sleep(60))
            task.cancel()
            await task
        return Done()

    await workers.start(leak)
    first, second = job(), job()
    await queues.enqueue(first)
    await until_state(queues, first.id, JobState.COMPLETED)
    await queues.enqueue(second)
    await until_state(queues, second.id, JobState.COMPLETED)


async def test_a_worker_whose_loop_ends_says_so(workers: Workers) -> None:
    worker = await workers.start(done)
    assert worker._loop is not None
    worker._loop.cancel()
    with pytest.raises(WorkerDiedError, match="video-edit"):
        await workers.tasks[worker]


async def test_many_short_jobs_do_not_wait_for_an_idle_wait_to_end(queues: Queues, workers: Workers) -> None:
    """Facts 0.2: with BullMQ's limiter each batch would take a whole idle wait, 300 s here."""
    await workers.start(done, UPLOAD)
    specs = [job(UPLOAD) for _ in range(12)]
    for spec in specs:
        await queues.enqueue(spec)
    for spec in specs:
        await until_state(queues, spec.id, JobState.COMPLETED)


async def test_an_idle_worker_sends_nothing_and_hears_at_once(
    queues: Queues, workers: Workers, meter: Meter, cli: Cli
) -> None:
    """Facts 0.1: a read time-out would end each wait and leave the worker deaf."""
    await workers.start(done, concurrency=2)
    await workers.start(done, UPLOAD)
    await asyncio.sleep(0.3)
    await meter.reset()
    await asyncio.sleep(1.5)
    assert await meter.spent() == {}
    names = [name for name in await cli.clients() if name]
    assert sorted(names) == ["bull:video-edit:w:edit-0"] * 2 + ["bull:video-upload:w:upload-1"] * 2
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)


async def test_an_idle_wait_costs_three_commands(workers: Workers, meter: Meter) -> None:
    await workers.start(done, concurrency=2, drain_delay_s=1)
    await asyncio.sleep(0.3)
    await meter.reset()
    await asyncio.sleep(2.2)  # two waits end
    spent = await meter.spent()
    assert spent.total() <= 3 * 3
    assert spent["bzpopmin"] >= 1


async def test_a_job_whose_lock_is_lost_is_told_to_stop_and_writes_nothing(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    """Facts 0.4: BullMQ only reports it, and would refuse the result."""
    stuck = Stuck()
    await workers.start(stuck, lock_duration_ms=400)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    await cli("SET", f"bull:video-edit:{spec.id}:lock", "somebody-else")
    await until(lambda: stuck.aborted == [AbortReason.LOCK_LOST])
    assert await job_state(queues, spec.id) is JobState.ACTIVE
    assert await cli("GET", f"bull:video-edit:{spec.id}:lock") == "somebody-else"
    assert "atm" not in await stored(cli, spec)


async def test_a_long_job_keeps_its_lock(queues: Queues, workers: Workers, cli: Cli) -> None:
    stuck = Stuck()
    await workers.start(stuck, lock_duration_ms=300)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    await asyncio.sleep(1)
    assert await cli("GET", f"bull:video-edit:{spec.id}:lock") == stuck.started[0].token
    stuck.let_go.set()
    await until_state(queues, spec.id, JobState.COMPLETED)


async def test_bullmqs_own_check_takes_back_what_nobody_else_did(queues: Queues, workers: Workers) -> None:
    dead, heir = Stuck(obeys=False), Stuck()
    doomed = await workers.start(dead, lock_duration_ms=300)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: dead.started)
    await doomed.stop(grace_s=0, hand_back_s=0)
    await workers.start(heir, stalled_interval_ms=200)
    await until(lambda: heir.started)
    assert (heir.started[0].attempts_made, heir.started[0].crashes) == (0, 1)
    heir.let_go.set()


async def test_a_job_that_crashed_too_often_fails_by_itself(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    spec = job()
    await queues.enqueue(spec)
    for _ in range(2):
        dead = Stuck(obeys=False)
        doomed = await workers.start(dead, lock_duration_ms=200, stalled_interval_ms=150)
        await until(lambda dead=dead: dead.started)  # type: ignore[misc]  # the lambda binds this turn's
        await doomed.stop(grace_s=0, hand_back_s=0)
    await workers.start(done, stalled_interval_ms=150)
    await until_state(queues, spec.id, JobState.FAILED)
    assert (await stored(cli, spec))["failedReason"] == "job stalled more than allowable limit"


async def test_a_job_of_a_newer_version_waits_for_its_worker(
    queues: Queues, workers: Workers, cli: Cli
) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    spec = job(data={"version": PAYLOAD_VERSION + 1})
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.DELAYED)
    assert stuck.started == []
    assert "atm" not in await stored(cli, spec)


async def test_a_job_that_is_not_ours_fails_at_once(queues: Queues, workers: Workers) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    await queues.bull(EDIT).add("edit", "no data of ours", {"jobId": "12345"})

    async def failed() -> bool:
        return (await queues.queue_stats())[EDIT].failed == 1

    await until(failed)
    assert stuck.started == []


async def test_a_cancelled_job_stops_and_is_not_retried(queues: Queues, workers: Workers, cli: Cli) -> None:
    stuck = Stuck()
    worker = await workers.start(stuck)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    assert not worker.abort(job().id)
    assert worker.abort(spec.id)
    await until_state(queues, spec.id, JobState.FAILED)
    assert stuck.aborted == [AbortReason.CANCELLED]
    assert (await stored(cli, spec))["failedReason"] == "cancelled"
    assert worker.in_hand == ()


@pytest.mark.parametrize("profile", ["metered", "own"])
async def test_a_progress_report_that_redis_does_not_take_fails_no_job(
    queues: Queues, workers: Workers, cli: Cli, profile: str
) -> None:
    async def work(hand: JobInHand) -> Outcome:
        await cli("RENAME", f"bull:video-edit:{hand.id}", "elsewhere")
        await hand.progress(50)
        left_behind = await cli("EXISTS", f"bull:video-edit:{hand.id}")
        await cli("RENAME", "elsewhere", f"bull:video-edit:{hand.id}")
        return Done() if not left_behind else GiveUp("progress made half a job")

    await workers.start(work, profile=profile)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)


async def test_an_idle_worker_survives_a_restart_of_redis(
    queues: Queues, workers: Workers, valkey: Valkey
) -> None:
    ran = Stuck()
    ran.let_go.set()
    worker = await workers.start(ran)
    before, after = job(), job()
    await queues.enqueue(before)
    await until_state(queues, before.id, JobState.COMPLETED)
    valkey.kill()
    await asyncio.sleep(0.3)
    valkey.start()
    await queues.enqueue(after)
    await until_state(queues, after.id, JobState.COMPLETED)
    assert [hand.id for hand in ran.started] == [before.id, after.id]
    assert not workers.tasks[worker].done()


async def test_a_job_in_hand_survives_a_restart_of_redis(
    queues: Queues, workers: Workers, valkey: Valkey
) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    spec = job()
    await queues.enqueue(spec)
    await until(lambda: stuck.started)
    valkey.kill()
    stuck.let_go.set()
    await asyncio.sleep(0.2)
    valkey.start()
    await until_state(queues, spec.id, JobState.COMPLETED)
    assert len(stuck.started) == 1


async def test_a_worker_may_start_before_redis_does(queues: Queues, workers: Workers, valkey: Valkey) -> None:
    valkey.kill()
    worker = await workers.start(done, wait_ready=False)
    await asyncio.sleep(0.2)
    valkey.start()
    await until(worker.ready.is_set)
    spec = job()
    await queues.enqueue(spec)
    await until_state(queues, spec.id, JobState.COMPLETED)
