from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from integration.queue.harness import Cli, Meter, Valkey, Workers, job, until
from subiteya.config import QueueSettings
from subiteya.domain.outcome import Done, Outcome
from subiteya.queue.events import CHANGED, LISTENING, LOST, Change, announce, read_events
from subiteya.queue.hand import JobInHand, Processor
from subiteya.queue.names import QueueName
from subiteya.queue.presence import ensure
from subiteya.queue.queues import JobSpec, Queues

EDIT, UPLOAD = QueueName.EDIT, QueueName.UPLOAD


class Listener:
    def __init__(self) -> None:
        self.heard: list[Change] = []

    def of(self, spec: JobSpec) -> list[str]:
        return [change.event for change in self.heard if change.job_id == spec.id]

    def added(self) -> list[str | None]:
        return [change.job_id for change in self.heard if change.event == "added"]

    def times_listening(self) -> int:
        return sum(change.event == LISTENING for change in self.heard)


@asynccontextmanager
async def listening(settings: QueueSettings) -> AsyncIterator[Listener]:
    listener = Listener()

    async def follow() -> None:
        async for change in read_events(settings):
            listener.heard.append(change)

    task = asyncio.create_task(follow())
    try:
        await until(lambda: listener.times_listening() == 1)
        yield listener
    finally:
        task.cancel()
        await asyncio.wait({task})


async def works(hand: JobInHand) -> Outcome:
    await hand.progress(40)
    return Done()


async def test_a_job_of_each_queue_is_followed_from_start_to_end(
    queues: Queues, workers: Workers, settings: QueueSettings
) -> None:
    await workers.start(works, EDIT, profile="own")
    await workers.start(works, UPLOAD, profile="own")
    async with listening(settings) as listener:
        specs = [job(EDIT), job(UPLOAD)]
        for spec in specs:
            await queues.enqueue(spec)
        for spec in specs:
            await until(lambda spec=spec: "completed" in listener.of(spec))  # type: ignore[misc]  # binds this turn's
            assert listener.of(spec) == ["added", "waiting", "active", "progress", "completed"]
    progress = [change for change in listener.heard if change.event == "progress"]
    assert {(change.queue, change.data["data"]) for change in progress} == {(EDIT, "40"), (UPLOAD, "40")}


async def test_what_happened_before_is_not_repeated(queues: Queues, settings: QueueSettings) -> None:
    await queues.enqueue(job())
    async with listening(settings) as listener:
        spec = job()
        await queues.enqueue(spec)
        await until(lambda: listener.of(spec))
    assert listener.heard[0] == Change(LISTENING)
    assert listener.added() == [spec.id]


async def test_nothing_is_lost_or_doubled_when_the_connection_is_cut(
    queues: Queues, settings: QueueSettings, cli: Cli
) -> None:
    """BullMQ's own reader starts at `$` again after each reconnect, and lost 1 event of 9."""
    async with listening(settings) as listener:
        specs = [job() for _ in range(30)]
        for number, spec in enumerate(specs):
            await queues.enqueue(spec)
            if number % 10 == 5:
                await cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await until(lambda: len(listener.added()) == 30)
        last = job()
        await queues.enqueue(last)
        await until(lambda: listener.of(last))
    assert listener.added() == [spec.id for spec in [*specs, last]]
    words = [change.event for change in listener.heard if change.job_id is None]
    assert words.count(LOST) == listener.times_listening() - 1 >= 1


async def test_reading_goes_on_after_a_restart_of_redis(
    queues: Queues, settings: QueueSettings, valkey: Valkey
) -> None:
    async with listening(settings) as listener:
        before, after = job(), job()
        await queues.enqueue(before)
        valkey.kill()
        await asyncio.sleep(0.2)
        valkey.start()
        await queues.enqueue(after)
        await until(lambda: listener.of(after))
    assert listener.added() == [before.id, after.id]


async def test_reading_goes_on_when_redis_was_emptied(
    queues: Queues, settings: QueueSettings, cli: Cli
) -> None:
    async with listening(settings) as listener:
        await queues.enqueue(job())
        await asyncio.sleep(0.005)  # ids are milliseconds: the new stream's must not equal the old one's
        await cli("FLUSHALL")
        spec = job()
        await queues.enqueue(spec)
        await until(lambda: listener.of(spec))


async def test_a_stream_that_began_anew_behind_us_is_read_from_its_beginning(
    queues: Queues, settings: QueueSettings, cli: Cli
) -> None:
    future = "99999999999999-10"  # as a Redis wrote it whose clock was ahead
    await cli("XADD", "bull:video-edit:events", future, "event", "filler")
    async with listening(settings) as listener:
        await cli("FLUSHALL")
        spec = job()
        await queues.enqueue(spec)
        await cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await until(lambda: listener.of(spec) == ["added", "waiting"])


async def test_a_reader_may_start_before_redis_does(
    queues: Queues, settings: QueueSettings, valkey: Valkey
) -> None:
    valkey.kill()

    async def restart() -> None:
        await asyncio.sleep(0.2)
        valkey.start()

    starting = asyncio.create_task(restart())
    async with listening(settings) as listener:
        await starting
        spec = job()
        await queues.enqueue(spec)
        await until(lambda: listener.of(spec))


async def test_changes_outside_of_jobs_are_heard_too(
    queues: Queues, settings: QueueSettings, meter: Meter
) -> None:
    async with listening(settings) as listener:
        spec = job(UPLOAD)
        await announce(queues, spec.id)
        await announce(queues, spec.id, "cancelled", {"by": "owner"})
        await until(lambda: len(listener.of(spec)) == 2)
    assert listener.heard[1:] == [
        Change(CHANGED, UPLOAD, spec.id),
        Change("cancelled", UPLOAD, spec.id, {"by": "owner"}),
    ]
    assert (await meter.spent())["xadd"] == 2


async def test_announcing_does_not_cut_the_stream_short(queues: Queues, cli: Cli) -> None:
    pipe = queues.client.pipeline(transaction=False)
    for _ in range(3000):
        pipe.xadd("bull:video-edit:events", {"event": "filler"})
    await pipe.execute()
    await announce(queues, job().id)
    assert await cli("XLEN", "bull:video-edit:events") == 3001


async def test_a_burst_is_read_with_few_commands(
    queues: Queues, settings: QueueSettings, meter: Meter
) -> None:
    async with listening(settings) as listener:
        await meter.reset()
        for _ in range(40):
            await queues.enqueue(job())
        await until(lambda: len(listener.added()) == 40)
        assert (await meter.spent())["xread"] <= 8


async def test_a_quiet_worker_shows_progress_without_waking_readers(
    queues: Queues, workers: Workers, settings: QueueSettings, cli: Cli
) -> None:
    await workers.start(works)
    async with listening(settings) as listener:
        spec = job()
        await queues.enqueue(spec)
        await until(lambda: "completed" in listener.of(spec))
    assert listener.of(spec) == ["added", "waiting", "active", "completed"]
    assert await cli("HGET", f"bull:video-edit:{spec.id}", "progress") == "40"


async def test_listening_to_silence_costs_nothing(settings: QueueSettings, meter: Meter) -> None:
    async with listening(settings):
        await asyncio.sleep(0.2)
        await meter.reset()
        await asyncio.sleep(1)
        assert await meter.spent() == {}


async def test_a_reader_that_is_left_closes_its_connection(settings: QueueSettings, cli: Cli) -> None:
    async with listening(settings):
        assert len(await cli.clients()) == 1

    async def gone() -> bool:
        return await cli.clients() == []

    await until(gone)


async def test_a_video_costs_at_most_35_commands_with_everybody_listening(
    queues: Queues, workers: Workers, settings: QueueSettings, meter: Meter
) -> None:
    """Both jobs, all progress, a change outside of them, both workers and one api that follows live."""

    def by_steps(*steps: int) -> Processor:
        async def work(hand: JobInHand) -> Outcome:
            for step in steps:
                await hand.progress(step)
                await asyncio.sleep(0.15)  # longer than a reader rests: each step wakes it
            return Done()

        return work

    await workers.start(by_steps(10, 30, 40, 70, 90, 100), EDIT, concurrency=2)
    await workers.start(by_steps(10, 30, 40, 70, 90), UPLOAD)
    async with listening(settings) as listener:
        for _ in range(2):  # the first round teaches the server the scripts
            await asyncio.sleep(0.3)
            await meter.reset()
            for spec in (job(EDIT), job(UPLOAD)):
                assert await ensure(queues, spec)
                await until(lambda spec=spec: "completed" in listener.of(spec))  # type: ignore[misc]  # binds this turn's
            await asyncio.sleep(0.3)
            await announce(queues, spec.id)
            await asyncio.sleep(0.3)
        spent = await meter.spent()
    assert spent["evalsha"] >= 2 * 6 + 11, "the meter counts nothing"
    assert spent.total() <= 35, spent
