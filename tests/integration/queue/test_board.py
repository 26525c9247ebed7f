"""What a dashboard reads of the queues, and what that costs."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from integration.queue.harness import Cli, Meter, Valkey
from subiteya.domain.errors import QueueUnavailable
from subiteya.queue import operate
from subiteya.queue.board import STATES, JobWish, ListView, look
from subiteya.queue.board_cache import FORGET_SECONDS, BoardCache
from subiteya.queue.names import Priority, QueueName, edit_job_id
from subiteya.queue.presence import JobState
from subiteya.queue.queues import JobSpec, Queues

POLL_SECONDS = 5
EDITS = ListView(QueueName.EDIT, (JobState.PRIORITIZED,), 0, 9)
LATEST = ListView(QueueName.UPLOAD, STATES, 0, 9)


class Clock:
    """Moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(queues: Queues, clock: Clock) -> BoardCache:
    return BoardCache(queues, clock)


async def test_two_open_dashboards_cost_at_most_20_commands_a_minute(
    board: BoardCache, clock: Clock, meter: Meter
) -> None:
    await board.look(EDITS, LATEST)
    await board.statistics()
    begun = clock.now
    clock.now += FORGET_SECONDS - 1
    await meter.reset()
    for tick in range(int(60 / POLL_SECONDS * 2)):  # the second viewer asks in the middle between two polls
        clock.now = begun + FORGET_SECONDS - 1 + tick * POLL_SECONDS / 2
        await board.look(EDITS if tick % 2 else LATEST, JobWish(QueueName.EDIT, "edit-x"))
        await board.statistics()
    spent = await meter.spent()
    assert sum(spent.values()) <= 20
    assert set(spent) == {"evalsha", "info"}


async def test_viewers_at_the_same_moment_share_one_look(
    board: BoardCache, meter: Meter, queues: Queues
) -> None:
    await look(queues)
    await meter.reset()
    seen = await asyncio.gather(*(board.look(EDITS) for _ in range(10)))
    assert all(one is seen[0] for one in seen)
    assert dict(await meter.spent()) == {"evalsha": 1}


async def test_a_view_that_nobody_wants_any_more_is_let_go(board: BoardCache, clock: Clock) -> None:
    assert (await board.look(EDITS)).holds(EDITS)
    clock.now += FORGET_SECONDS + 1
    later = await board.look(LATEST)
    assert later.holds(LATEST)
    assert not later.holds(EDITS)


async def test_after_a_change_the_next_look_is_new(board: BoardCache, queues: Queues) -> None:
    assert not (await board.look()).queues[QueueName.EDIT].paused
    await operate.pause(queues, QueueName.EDIT)
    assert not (await board.look()).queues[QueueName.EDIT].paused
    board.forget()
    assert (await board.look()).queues[QueueName.EDIT].paused


async def test_an_old_answer_is_not_passed_off_as_a_new_one(
    board: BoardCache, clock: Clock, valkey: Valkey
) -> None:
    await board.look()
    valkey.kill()
    assert await board.look()
    clock.now += POLL_SECONDS
    with pytest.raises(QueueUnavailable):
        await board.look()


async def test_jobs_are_counted_and_listed_where_they_are(queues: Queues, cli: Cli) -> None:
    ids = [edit_job_id(uuid4()) for _ in range(3)]
    for job_id, priority in zip(ids, (Priority.LOW, Priority.CRITICAL, Priority.NORMAL), strict=True):
        await queues.enqueue(JobSpec(job_id, priority, {"videoId": "v"}))
    delayed = JobSpec(edit_job_id(uuid4()), delay_ms=60_000)
    await queues.enqueue(delayed)
    await cli("RPUSH", f"bull:video-edit:{ids[0]}:logs", "one", "two")
    await cli("ZADD", "bull:video-edit:failed", 1, "ghost")  # its data is gone

    seen = await look(
        queues,
        [
            ListView(QueueName.EDIT, (JobState.PRIORITIZED,), 0, 1),
            ListView(QueueName.EDIT, STATES, 0, 9),
            JobWish(QueueName.EDIT, ids[0]),
            JobWish(QueueName.EDIT, "ghost"),
            JobWish(QueueName.UPLOAD, ids[0]),
        ],
    )

    counts = seen.queues[QueueName.EDIT].counts
    assert {state: number for state, number in counts.items() if number} == {
        JobState.PRIORITIZED: 3,
        JobState.DELAYED: 1,
        JobState.FAILED: 1,
    }
    first, everything = seen.lists.values()
    assert [job.id for job in first] == [ids[0], ids[2]]
    assert {job.id for job in everything} == {*ids, delayed.id}
    found, ghost, elsewhere = seen.jobs.values()
    assert found is not None
    assert (found.state, found.logs, found.job.priority) == (JobState.PRIORITIZED, ("one", "two"), 7)
    assert found.job.data == {"version": 1, "videoId": "v"}
    assert found.job.options["attempts"] == 4
    assert ghost is None
    assert elsewhere is None


async def test_limits_that_tools_have_set_are_seen(queues: Queues, cli: Cli) -> None:
    await cli("HSET", "bull:video-edit:meta", "concurrency", 3, "max", 2, "paused", 1)
    await cli("SET", "bull:video-edit:limiter", 2, "PX", 60_000)
    await cli("SET", "bull:video-upload:limiter", 1, "PX", 60_000)
    facts = (await look(queues)).queues
    edit, upload = facts[QueueName.EDIT], facts[QueueName.UPLOAD]
    assert (edit.paused, edit.concurrency) == (True, 3)
    assert 0 < edit.limited_ms <= 60_000
    assert (upload.paused, upload.concurrency) == (False, None)
    assert 0 < upload.limited_ms <= 60_000
