from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import pytest

from subiteya.storage.bounded import gather_bounded


async def test_results_come_in_the_order_of_the_jobs_and_never_more_run_than_allowed() -> None:
    running = 0
    most = 0

    async def job(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(10 - number % 3):
            await asyncio.sleep(0)
        running -= 1
        return number

    async def jobs() -> AsyncGenerator[Coroutine[Any, Any, int]]:
        for number in range(20):
            yield job(number)

    assert await gather_bounded(jobs(), 3) == list(range(20))
    assert most == 3


async def test_the_first_failure_stops_the_others_and_comes_out_as_it_is() -> None:
    stopped = 0
    closed = False

    async def endless() -> None:
        nonlocal stopped
        try:
            await asyncio.Event().wait()
        finally:
            stopped += 1

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError("the reason")

    async def jobs() -> AsyncGenerator[Coroutine[Any, Any, None]]:
        nonlocal closed
        try:
            yield endless()
            yield endless()
            yield failing()
            yield endless()
        finally:
            closed = True

    with pytest.raises(LookupError, match="the reason"):
        await gather_bounded(jobs(), 3)
    assert stopped == 2
    assert closed


async def test_a_cancel_stops_all_jobs_before_it_comes_out() -> None:
    started = asyncio.Event()
    stopped = 0

    async def endless() -> None:
        nonlocal stopped
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            stopped += 1

    async def jobs() -> AsyncGenerator[Coroutine[Any, Any, None]]:
        for _ in range(2):
            yield endless()

    task = asyncio.create_task(gather_bounded(jobs(), 4))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped == 2
