"""One look at the queues for everybody who watches them.

Dashboards ask every few seconds, each for itself. Here they share one answer that is at most seconds old: who
asks too late for it looks anew, for all that anybody has asked for lately, with one command. So the cost does
not grow with the number of viewers, and nobody watching costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from subiteya.queue.board import Snapshot, View, look
from subiteya.queue.queues import Queues

FRESH_SECONDS: Final = 4.0
"""How old an answer may be: 15 commands a minute at the most."""
STATISTICS_SECONDS: Final = 15.0
"""The same for the server's statistics: 4 commands a minute."""
FORGET_SECONDS: Final = 12.0
"""A view that nobody asked for within so many seconds is not looked at any more."""
MOST_VIEWS: Final = 50


class BoardCache:
    """Shared by all requests of one api process.

    Args:
        queues: Where to look.
        clock: Seconds that only grow.
    """

    def __init__(self, queues: Queues, clock: Callable[[], float] = time.monotonic) -> None:
        self._queues = queues
        self._clock = clock
        self._wanted: dict[View, float] = {}
        self._seen: Snapshot | None = None
        self._seen_at = 0.0
        self._statistics: dict[str, str] | None = None
        self._statistics_at = 0.0
        self._one_looks = asyncio.Lock()

    async def look(self, *views: View) -> Snapshot:
        """Both queues, and these views of them, as they were at most `FRESH_SECONDS` ago.

        Raises:
            QueueUnavailable: Redis does not answer; an old answer is not passed off as a new one.
        """
        for view in views:
            self._wanted.pop(view, None)  # its place in the order is that of the last wish
            self._wanted[view] = self._clock()
        async with self._one_looks:
            now = self._clock()
            seen = self._seen
            if seen is not None and now - self._seen_at < FRESH_SECONDS and all(map(seen.holds, views)):
                return seen
            lately = [view for view, at in self._wanted.items() if now - at < FORGET_SECONDS]
            self._wanted = {view: self._wanted[view] for view in lately[-MOST_VIEWS:]}
            self._seen = await look(self._queues, self._wanted)
            self._seen_at = self._clock()
            return self._seen

    async def statistics(self) -> dict[str, str]:
        """What the server says of itself (`INFO`), at most `STATISTICS_SECONDS` old.

        Raises:
            QueueUnavailable: Redis does not answer.
        """
        async with self._one_looks:
            now = self._clock()
            if self._statistics is None or now - self._statistics_at >= STATISTICS_SECONDS:
                told = await self._queues.bounded(self._queues.client.info())
                self._statistics = {str(name): str(value) for name, value in told.items()}
                self._statistics_at = now
            return self._statistics

    def forget(self) -> None:
        """Look anew next time: somebody has just changed something and wants to see it."""
        self._seen = None
