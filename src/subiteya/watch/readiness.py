"""Does everything that we need answer right now? Asked over the connections that are really used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx2
from sqlalchemy import text

from subiteya.config import Settings
from subiteya.db.database import Database
from subiteya.domain.errors import SubiteyaError, TikTokUnavailable, Unavailable
from subiteya.queue.health import ping
from subiteya.queue.queues import Queues
from subiteya.storage import Storage

LIMIT_SECONDS: Final = 2.0


class NoAnswerInTime(Unavailable):
    """An engine took longer than a readiness check waits; it may still answer later."""

    code = "no_answer_in_time"
    message = "No answer within {limit} seconds."


@dataclass(frozen=True, slots=True)
class Part:
    """What one engine had to say.

    Attributes:
        name: `database`, `queue`, `storage` or `tiktok`.
        ms: Milliseconds it took.
        error: What is wrong with it; None when it answered, and well.
    """

    name: str
    ms: float
    error: SubiteyaError | None


async def check_engines(
    settings: Settings, *, db: Database, queues: Queues, storage: Storage, tiktok_http: httpx2.AsyncClient
) -> list[Part]:
    """Ask every engine at once; each has `LIMIT_SECONDS`.

    The real TikTok is not asked: its absence must not take us out of a load balancer.
    """
    checks: dict[str, Callable[[], Awaitable[object]]] = {
        "database": lambda: _ask_database(db),
        "queue": lambda: ping(queues, LIMIT_SECONDS),
        "storage": storage.check,
    }
    if settings.tiktok.mode == "simulator":
        checks["tiktok"] = lambda: _ask_simulator(settings.tiktok.api_url, tiktok_http)
    return list(await asyncio.gather(*(_timed(name, check) for name, check in checks.items())))


async def _timed(name: str, check: Callable[[], Awaitable[object]]) -> Part:
    begun = time.perf_counter()
    error: SubiteyaError | None = None
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await check()
    except SubiteyaError as found:
        error = found
    except TimeoutError:
        error = NoAnswerInTime(limit=LIMIT_SECONDS)
    return Part(name, round((time.perf_counter() - begun) * 1000, 1), error)


async def _ask_database(db: Database) -> None:
    async with db.begin() as session:
        await session.execute(text("SELECT 1"))


async def _ask_simulator(url: str, http: httpx2.AsyncClient) -> None:
    try:
        await http.get(url)
    except httpx2.HTTPError as error:
        raise TikTokUnavailable from error
