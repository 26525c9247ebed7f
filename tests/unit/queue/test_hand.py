from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from subiteya.queue.hand import MAX_LOG_LINES, Abort, AbortReason, JobInHand
from subiteya.queue.names import QueueName, edit_job_id


def in_hand(sent: list[int | dict[str, Any]], **changed: Any) -> JobInHand:
    async def report(value: int | dict[str, Any]) -> None:
        sent.append(value)

    subject = uuid4()
    values: dict[str, Any] = {
        "id": edit_job_id(subject),
        "queue": QueueName.EDIT,
        "subject": subject,
        "data": {},
        "attempts_made": 0,
        "attempts": 4,
        "crashes": 0,
        "token": "t:1",
        "abort": Abort(),
        "report": report,
    }
    return JobInHand(**(values | changed))


async def test_the_seeds_steps_are_all_sent() -> None:
    sent: list[int | dict[str, Any]] = []
    hand = in_hand(sent)
    for percent in (10, 30, 40, 70, 90, 100):
        await hand.progress(percent)
    assert sent == [10, 30, 40, 70, 90, 100]


async def test_a_talkative_processor_costs_six_commands() -> None:
    sent: list[int | dict[str, Any]] = []
    hand = in_hand(sent)
    for percent in range(101):
        await hand.progress(percent)
    assert sent == [10, 30, 40, 70, 90, 100]


async def test_a_mark_that_is_jumped_over_counts_as_reached() -> None:
    sent: list[int | dict[str, Any]] = []
    hand = in_hand(sent)
    for percent in (5, 35, 38, 95, 99, 50):
        await hand.progress(percent)
    assert sent == [35, 95]


async def test_details_go_along_with_the_number() -> None:
    sent: list[int | dict[str, Any]] = []
    await in_hand(sent).progress(40, {"stage": "encode"})
    assert sent == [{"progress": 40, "stage": "encode"}]


def test_only_the_last_lines_of_a_log_are_kept() -> None:
    hand = in_hand([])
    for number in range(MAX_LOG_LINES + 5):
        hand.log(str(number))
    assert len(hand.lines) == MAX_LOG_LINES
    assert hand.lines[0] == "5"


def test_the_last_attempt_knows_it() -> None:
    assert [in_hand([], attempts_made=made).last_attempt for made in range(4)] == [False, False, False, True]


async def test_the_first_reason_to_abort_stays() -> None:
    abort = Abort()
    waiting = asyncio.create_task(abort.wait())
    assert not abort.is_set()
    assert abort.reason is None
    abort.set(AbortReason.CANCELLED)
    abort.set(AbortReason.SHUTDOWN)
    assert abort.is_set()
    assert await waiting is AbortReason.CANCELLED
