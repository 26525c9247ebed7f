"""What a Redis server was asked, counted by the server itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis


@dataclass(slots=True)
class Commands:
    """Calls by command.

    Attributes:
        asked: What clients sent, and what a metered Redis bills: a script is one call.
        in_scripts: What the scripts called in turn.
        seconds: How long it was counted.
    """

    asked: dict[str, float] = field(default_factory=dict)
    in_scripts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> float:
        """How many were asked."""
        return sum(self.asked.values())

    @property
    def per_day(self) -> float:
        """How many a day, had it gone on like this."""
        return self.total * 86_400 / self.seconds

    def per(self, count: int) -> Commands:
        """The share of one of so many equal rounds."""
        return Commands(
            {name: calls / count for name, calls in self.asked.items()},
            {name: calls / count for name, calls in self.in_scripts.items()},
            self.seconds / count,
        )


@asynccontextmanager
async def counting(url: str) -> AsyncIterator[Commands]:
    """Count while in here; the result is filled in at the end.

    `INFO commandstats` counts calls from inside of scripts too, and only MONITOR tells them apart.
    """
    found = Commands()
    in_scripts: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    async with (
        Redis.from_url(url, decode_responses=True) as client,
        Redis.from_url(url) as watcher,
        watcher.monitor() as monitor,
    ):
        reading = asyncio.create_task(_note_scripts(monitor, in_scripts))
        before, begun = await _stats(client), loop.time()
        yield found
        found.seconds = loop.time() - begun
        after = await _stats(client)
        await asyncio.sleep(0.1)  # what MONITOR has said and we have not read yet
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    after["INFO"] -= 1  # ours
    found.asked, found.in_scripts = dict(after - before - in_scripts), dict(in_scripts)


async def _stats(client: Redis) -> Counter[str]:
    stats: dict[str, Any] = await client.info("commandstats")
    # `client|setinfo` and its like are one command with sub-commands.
    found: Counter[str] = Counter()
    for name, values in stats.items():
        found[name.removeprefix("cmdstat_").partition("|")[0].upper()] += values["calls"]
    return found


async def _note_scripts(monitor: Any, into: Counter[str]) -> None:
    async for call in monitor.listen():
        if call["client_type"] == "lua":
            into[call["command"].partition(" ")[0].upper()] += 1
