"""BullMQ for Node beside ours on the same queues: as producer, as worker, as colleague."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fixtures.node import ask, node_program
from integration.queue.harness import Valkey, Workers, job, until, until_state
from subiteya.domain.outcome import Done, Outcome
from subiteya.queue.board import JobWish, look
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import PAYLOAD_VERSION, Priority, QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import Queues

EDIT, UPLOAD = QueueName.EDIT, QueueName.UPLOAD
BACKOFF = {"type": "exponential", "delay": 20}


@pytest.fixture
async def node(valkey: Valkey) -> AsyncIterator[asyncio.subprocess.Process]:
    async with node_program("bullmq.cjs", valkey.url) as program:
        yield program


async def test_our_worker_does_what_node_adds_and_node_reads_how_it_went(
    node: asyncio.subprocess.Process, queues: Queues, workers: Workers
) -> None:
    hands: list[JobInHand] = []

    async def work(hand: JobInHand) -> Outcome:
        hands.append(hand)
        await hand.progress(70, {"stage": "encode"})
        hand.log("a line of Python")
        return Done("all well")

    await workers.start(work)
    spec = job()
    data = {"version": PAYLOAD_VERSION, "videoId": spec.id.removeprefix("edit-")}
    options = {"jobId": spec.id, "priority": int(Priority.HIGH), "attempts": 4, "backoff": BACKOFF}
    added = await ask(node, "add", queue=EDIT, name="edit", data=data, opts=options)
    await until_state(queues, spec.id, JobState.COMPLETED)

    [hand] = hands
    assert added == {"id": hand.id}
    assert (str(hand.subject), hand.data, hand.attempts) == (data["videoId"], data, 4)
    told = await ask(node, "job", queue=EDIT, id=spec.id)
    assert (told["state"], told["attemptsMade"], told["priority"]) == ("completed", 1, 3)
    assert told["progress"] == {"progress": 70, "stage": "encode"}
    assert told["returnvalue"] == {"detail": "all well"}
    assert told["lines"] == ["a line of Python"]


async def test_what_is_no_job_of_ours_is_refused_by_name(
    node: asyncio.subprocess.Process, workers: Workers
) -> None:
    ran: list[str] = []

    async def work(hand: JobInHand) -> Outcome:
        ran.append(hand.id)
        return Done()

    misplaced, newer = job(UPLOAD).id, job().id
    added = [
        await ask(node, "add", queue=EDIT, name="edit", data=data, opts={"attempts": 4, **options})
        for data, options in (
            ({}, {}),
            ("words", {"jobId": "edit-me"}),
            ({"version": 1}, {"jobId": misplaced}),
            ({"version": PAYLOAD_VERSION + 1}, {"jobId": newer}),
        )
    ]
    await workers.start(work)

    async def settled() -> bool:
        counts = await ask(node, "counts", queue=EDIT)
        return (counts["failed"], counts["delayed"]) == (3, 1)

    await until(settled)
    told = [await ask(node, "job", queue=EDIT, id=each["id"]) for each in added]
    assert [each.get("failedReason") for each in told] == [
        f"foreign_job: not a job id of ours: {added[0]['id']!r}",
        "foreign_job: not a job id of ours: 'edit-me'",
        f"foreign_job: {misplaced!r} belongs on video-upload",
        None,  # waits for a worker that knows it
    ]
    assert ran == []


async def test_a_node_worker_does_what_we_add_and_we_read_how_it_went(
    node: asyncio.subprocess.Process, queues: Queues
) -> None:
    low = job(UPLOAD, priority=Priority.LOW, data={"postId": "1"})
    urgent = job(UPLOAD, priority=Priority.CRITICAL, data={"postId": "2", "fail": 1})
    await queues.enqueue(low)
    await queues.enqueue(urgent)
    await ask(node, "work", queue=UPLOAD)
    for spec in (low, urgent):
        await until_state(queues, spec.id, JobState.COMPLETED)

    wish = JobWish(UPLOAD, urgent.id)
    found = (await look(queues, [wish])).jobs[wish]
    assert found is not None
    assert found.job.return_value == {"by": "node"}
    assert found.job.progress == {"progress": 40, "stage": "node"}
    assert found.job.attempts_made == 2
    assert found.logs == ("a line of Node",) * 2
    assert found.job.stacktrace[0].startswith("Error: not yet")
    first, *_ = given = (await ask(node, "seen"))["jobs"]
    assert first == {
        "id": urgent.id,
        "name": "upload",
        "data": {"version": PAYLOAD_VERSION, "postId": "2", "fail": 1},
        "priority": 1,
        "attemptsMade": 0,
        "attempts": 4,
        "backoff": BACKOFF,
    }
    assert {(each["id"], each["attemptsMade"]) for each in given[1:]} == {(low.id, 0), (urgent.id, 1)}


async def test_workers_of_both_kinds_share_a_queue_and_do_no_job_twice(
    node: asyncio.subprocess.Process, queues: Queues, workers: Workers
) -> None:
    ours: list[str] = []

    async def work(hand: JobInHand) -> Outcome:
        ours.append(hand.id)
        await node_has_work.wait()
        return Done()

    async def node_works() -> bool:
        return bool((await ask(node, "seen"))["jobs"])

    node_has_work = asyncio.Event()
    specs = [job(data={"ms": 20}) for _ in range(20)]
    await queues.pause_queues()
    for spec in specs:
        await queues.enqueue(spec)
    await workers.start(work)
    await ask(node, "work", queue=EDIT)
    await queues.resume_queues()
    await until(node_works)
    node_has_work.set()

    async def all_done() -> bool:
        return (await queues.queue_stats())[EDIT].completed == len(specs)

    await until(all_done)
    theirs: list[Any] = (await ask(node, "seen"))["jobs"]
    assert ours
    assert theirs
    assert sorted([*ours, *(each["id"] for each in theirs)]) == sorted(spec.id for spec in specs)
