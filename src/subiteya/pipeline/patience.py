"""Writes that are worth waiting for: the database may be away for a moment, the work is done already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from subiteya.domain.errors import DatabaseUnavailable

PATIENCE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.5

_T = TypeVar("_T")


async def patiently(write: Callable[[], Awaitable[_T]]) -> _T:
    """Write to the database, waiting up to a minute for it to come back when it is away.

    Raises:
        DatabaseUnavailable: it stayed away.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            return await write()
        except DatabaseUnavailable:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
