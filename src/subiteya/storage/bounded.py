"""Running a stream of jobs, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

T = TypeVar("T")


async def gather_bounded(jobs: AsyncGenerator[Coroutine[Any, Any, T]], limit: int) -> list[T]:
    """Run jobs with at most `limit` at once; results come in the order of the jobs.

    The next job is asked for only when one may start, so a generator that makes each job's data on the way
    keeps memory at `limit` pieces. The first failure (or a cancel) stops all others, waits until they have
    stopped, and is raised as it is.
    """
    tasks: list[asyncio.Task[T]] = []
    running: set[asyncio.Task[T]] = set()
    try:
        async with aclosing(jobs):
            async for job in jobs:
                task = asyncio.create_task(job)
                tasks.append(task)
                running.add(task)
                if len(running) >= limit:
                    finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for done in finished:
                        done.result()
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
