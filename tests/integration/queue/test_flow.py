"""A job that waits for others by BullMQ's flow: an edit for its segments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from integration.queue.harness import Stuck, Workers, job, until, until_state
from subiteya.domain.outcome import Done, GiveUp, Outcome, Wait
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import segment_job_id
from subiteya.queue.presence import JobState, ensure, job_state
from subiteya.queue.queues import JobSpec, Queues


def children(parent: JobSpec, count: int = 2) -> list[JobSpec]:
    return [JobSpec(segment_job_id(uuid4()), parent=parent.id) for _ in range(count)]


class Family:
    """Divides a job at its first run; its first child fails, the second one does not."""

    def __init__(self, queues: Queues, parent: JobSpec) -> None:
        self.runs: list[str] = []
        self.children = children(parent)
        self._queues, self._parent = queues, parent

    async def __call__(self, hand: JobInHand) -> Outcome:
        self.runs.append(hand.id)
        if hand.id != self._parent.id:
            return GiveUp("broken") if hand.id == self.children[0].id else Done()
        if self.runs.count(hand.id) > 1:
            return Done("joined")
        for child in self.children:
            await self._queues.enqueue(child)
        later = datetime.now(UTC) + timedelta(days=1)
        return Wait(later, "segments", for_jobs=tuple(child.id for child in self.children))


class Held:
    """The same with one child that hangs."""

    def __init__(self, queues: Queues, parent: JobSpec) -> None:
        self.stuck, self.runs = Stuck(), 0
        [self._child] = children(parent, 1)
        self._queues, self._parent = queues, parent

    async def __call__(self, hand: JobInHand) -> Outcome:
        if hand.id != self._parent.id:
            return await self.stuck(hand)
        self.runs += 1
        if self.runs > 1:
            return Done()
        await self._queues.enqueue(self._child)
        return Wait(datetime.now(UTC) + timedelta(days=1), "segments", for_jobs=(self._child.id,))


async def test_a_parent_goes_on_as_soon_as_a_child_has_failed_and_children_leave_no_trace(
    queues: Queues, workers: Workers
) -> None:
    parent = job()
    family = Family(queues, parent)
    await workers.start(family)
    await queues.enqueue(parent)
    await until_state(queues, parent.id, JobState.COMPLETED)
    assert family.runs[:2] == [parent.id, family.children[0].id]
    assert family.runs.count(parent.id) == 2
    await until(lambda: len(family.runs) == 4)
    for child in family.children:
        await until_state(queues, child.id, JobState.UNKNOWN)


async def test_a_parent_whose_row_is_due_is_added_anew_though_it_waits_for_children(
    queues: Queues, workers: Workers
) -> None:
    parent = job()
    held = Held(queues, parent)
    await workers.start(held)
    await queues.enqueue(parent)
    await until_state(queues, parent.id, JobState.WAITING_CHILDREN)
    await until(lambda: held.stuck.started)
    assert await ensure(queues, parent)
    assert await job_state(queues, parent.id) is JobState.PRIORITIZED
    assert not await ensure(queues, parent)
    held.stuck.let_go.set()
    await until_state(queues, parent.id, JobState.COMPLETED)
    assert held.runs == 2, "a child that ends later moves nothing"


async def test_a_child_whose_parent_redis_has_forgotten_runs_all_the_same(
    queues: Queues, workers: Workers
) -> None:
    stuck = Stuck()
    await workers.start(stuck)
    [child] = children(job(), 1)
    await queues.enqueue(child)
    await until(lambda: stuck.started)
    stuck.let_go.set()
    await until_state(queues, child.id, JobState.UNKNOWN)


async def test_a_parent_without_children_in_redis_is_over_for_redis(queues: Queues, workers: Workers) -> None:
    async def waits(_: JobInHand) -> Outcome:
        return Wait(datetime.now(UTC) + timedelta(days=1), "segments", for_jobs=("segment-x",))

    await workers.start(waits)
    parent = job()
    await queues.enqueue(parent)
    await until_state(queues, parent.id, JobState.COMPLETED)
