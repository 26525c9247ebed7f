from __future__ import annotations

import asyncio
import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from integration.queue.harness import Cli, Meter, Stuck, Valkey, Workers, done, job, until
from subiteya.config import JobSettings, QueueSettings
from subiteya.domain.errors import QueueUnavailable
from subiteya.domain.outcome import Done, GiveUp, Outcome
from subiteya.queue import queues as queues_module
from subiteya.queue.hand import JobInHand
from subiteya.queue.health import ping
from subiteya.queue.names import Priority, QueueName
from subiteya.queue.queues import JobSpec, Queues

EDIT, UPLOAD = QueueName.EDIT, QueueName.UPLOAD


PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "troubleshoot.md"


async def type_lines(cli: Cli) -> dict[str, Any]:
    """What each `redis-cli` line of the page answers, by the line without its beginning."""
    found: dict[str, Any] = {}
    for line in re.findall(r"^redis-cli -u \$REDIS_URL (.+)$", PAGE.read_text("utf-8"), re.MULTILINE):
        command, _, wanted = line.partition(" | grep ")
        answer = await cli(*shlex.split(command))
        found[line] = [each for each in answer.splitlines() if wanted in each] if wanted else answer
    return found


async def test_the_pages_redis_cli_lines_say_what_the_page_says(
    queues: Queues, cli: Cli, workers: Workers
) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    running, low, urgent, later = job(), job(priority=Priority.LOW), job(priority=Priority.CRITICAL), job()
    await queues.enqueue(running)
    await until(lambda: stuck.started)
    for spec in (low, urgent, JobSpec(later.id, delay_ms=60_000)):
        await queues.enqueue(spec)
    await queues.bull(EDIT).add("other", {}, {"jobId": "stranger"})

    seen = await type_lines(cli)
    await queues.pause_queues()
    paused = (await type_lines(cli))['hget "bull:video-edit:meta" "paused"']

    workers_seen = seen.pop("client list | grep bull")
    assert len(workers_seen) == 2
    assert all("name=bull:video-edit:w:edit-0" in line for line in workers_seen)
    first, highest, second, lower = seen.pop('zrange "bull:video-edit:prioritized" 0 -1 withscores')
    assert (first, second) == (urgent.id, low.id)
    assert [int(score) >> 32 for score in (highest, lower)] == [Priority.CRITICAL, Priority.LOW]
    assert seen == {
        'zcard "bull:video-edit:prioritized"': 2,
        'zrange "bull:video-upload:prioritized" 0 -1 withscores': [],
        'lrange "bull:video-edit:wait" 0 -1': ["stranger"],
        'lrange "bull:video-upload:wait" 0 -1': [],
        'llen "bull:video-edit:wait"': 1,
        'lrange "bull:video-edit:active" 0 -1': [running.id],
        'zrange "bull:video-edit:delayed" 0 -1': [later.id],
        'hget "bull:video-edit:meta" "paused"': None,
    }
    assert paused == "1"


async def test_a_job_carries_the_seeds_options(settings: QueueSettings, cli: Cli) -> None:
    spec = job(UPLOAD, priority=Priority.HIGH, data={"run": 2})
    async with Queues.open(settings, JobSettings()) as opened:
        await opened.enqueue(spec)
    stored = await cli("HGETALL", f"bull:video-upload:{spec.id}")
    options = json.loads(stored["opts"])
    assert options["attempts"] == 4
    assert options["backoff"] == {"type": "exponential", "delay": 5000}
    assert options["removeOnComplete"] == {"count": 50}
    assert options["removeOnFail"] == {"count": 100}
    assert stored["priority"] == "3"
    assert stored["name"] == "upload"
    assert json.loads(stored["data"]) == {"version": 1, "run": 2}


async def test_a_job_enqueued_twice_is_one_job(queues: Queues, cli: Cli, workers: Workers) -> None:
    spec = job(data={"run": 1})
    await queues.enqueue(spec)
    await queues.enqueue(JobSpec(spec.id, data={"run": 2}))
    assert (await queues.queue_stats())[EDIT].prioritized == 1
    assert json.loads(await cli("HGET", f"bull:video-edit:{spec.id}", "data"))["run"] == 1

    ran: list[str] = []

    async def note(hand: JobInHand) -> Outcome:
        ran.append(hand.id)
        return Done()

    await workers.start(note)
    await until(lambda: ran)
    await queues.enqueue(spec)  # completed by now, and kept: still the same job
    last = job()
    await queues.enqueue(last)
    await until(lambda: last.id in ran)
    assert ran == [spec.id, last.id]


async def test_adding_costs_one_command(queues: Queues, meter: Meter) -> None:
    await queues.enqueue(job())
    await meter.reset()
    await queues.enqueue(job())
    assert await meter.spent() == {"evalsha": 1}


async def test_both_queues_share_one_connection(queues: Queues, cli: Cli) -> None:
    await queues.enqueue(job(EDIT))
    await queues.enqueue(job(UPLOAD))
    await queues.queue_stats()
    assert len(await cli.clients()) == 1


async def test_urgent_jobs_go_first_and_equals_in_order(queues: Queues, workers: Workers) -> None:
    ranks = [
        Priority.VERY_LOW,
        Priority.NORMAL,
        Priority.CRITICAL,
        Priority.NORMAL,
        Priority.LOW,
        Priority.HIGH,
    ]
    specs = [job(priority=rank) for rank in ranks]
    for spec in specs:
        await queues.enqueue(spec)
    ran: list[str] = []

    async def note(hand: JobInHand) -> Outcome:
        ran.append(hand.id)
        return Done()

    await workers.start(note)
    await until(lambda: len(ran) == len(specs))
    assert ran == [specs[index].id for index in (2, 5, 1, 3, 4, 0)]


async def test_a_paused_queue_hands_out_nothing_until_resumed(queues: Queues, workers: Workers) -> None:
    await queues.pause_queues()
    assert await queues.is_paused(EDIT)
    await workers.start(done)
    await queues.enqueue(job())
    await asyncio.sleep(0.2)
    stats = (await queues.queue_stats())[EDIT]
    assert (stats.paused, stats.runnable, stats.completed) == (True, 1, 0)
    await queues.resume_queues()

    async def ran() -> bool:
        return (await queues.queue_stats())[EDIT].completed == 1

    await until(ran)
    assert not await queues.is_paused(EDIT)


async def test_a_delayed_job_waits_as_delayed(queues: Queues, workers: Workers) -> None:
    await workers.start(done)
    await queues.enqueue(job(delay_ms=600_000))
    await queues.enqueue(job(delay_ms=20))

    async def ran() -> bool:
        stats = (await queues.queue_stats())[EDIT]
        return (stats.delayed, stats.completed) == (1, 1)

    await until(ran)


async def test_fifty_completed_and_a_hundred_failed_are_kept(queues: Queues, workers: Workers) -> None:
    async def fail_edits_with_a_run(hand: JobInHand) -> Outcome:
        return GiveUp("x") if hand.data.get("fail") else Done()

    for _ in range(53):
        await queues.enqueue(job())
    for _ in range(104):
        await queues.enqueue(job(data={"fail": True}))
    await workers.start(fail_edits_with_a_run, concurrency=4)

    async def settled() -> bool:
        stats = (await queues.queue_stats())[EDIT]
        return (stats.runnable, stats.active) == (0, 0)

    await until(settled)
    stats = (await queues.queue_stats())[EDIT]
    assert (stats.completed, stats.failed) == (50, 100)


async def test_a_dead_redis_is_said_and_does_not_hold_the_caller(
    queues: Queues, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues_module, "CALL_SECONDS", 1.0)
    await queues.enqueue(job())
    valkey.kill()
    with pytest.raises(QueueUnavailable):
        await queues.enqueue(job())
    valkey.start()
    await queues.enqueue(job())
    assert (await queues.queue_stats())[EDIT].runnable == 2


async def test_a_silent_redis_is_said_and_does_not_hold_the_caller(
    queues: Queues, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues_module, "CALL_SECONDS", 0.3)
    await queues.enqueue(job())
    valkey.freeze()
    begun = time.monotonic()
    with pytest.raises(QueueUnavailable):
        await queues.enqueue(job())
    with pytest.raises(QueueUnavailable):
        await ping(queues, limit_s=0.1)
    assert time.monotonic() - begun < 3
    valkey.thaw()
    assert await ping(queues) < 2


async def test_a_full_redis_is_said_too(queues: Queues, cli: Cli) -> None:
    await cli("CONFIG", "SET", "maxmemory", 1)
    with pytest.raises(QueueUnavailable) as caught:
        await queues.enqueue(job())
    assert "maxmemory" in str(caught.value.__cause__)


async def test_closing_ends_the_connection(settings: QueueSettings, jobs: JobSettings, cli: Cli) -> None:
    async with Queues.open(settings, jobs) as opened:
        await opened.enqueue(job())
        assert len(await cli.clients()) == 1

    async def gone() -> bool:
        return await cli.clients() == []

    await until(gone)
