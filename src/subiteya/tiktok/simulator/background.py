"""A piece of work that is repeated for as long as the simulator runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

_PAUSE_AFTER_ERROR_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0
_SHORTEST_PAUSE_SECONDS = 0.02


class Background:
    """Calls `work` again and again; it returns how many seconds may pass before the next call."""

    def __init__(self, name: str, work: Callable[[], Awaitable[float]]) -> None:
        self._name = name
        self._work = work
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._run(), name=f"simulator-{self._name}")

    async def stop(self) -> None:
        """End and wait for the end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def wake(self) -> None:
        """Let the next call come now."""
        self._awake.set()

    async def _run(self) -> None:
        while True:
            self._awake.clear()
            try:
                pause = await self._work()
            except Exception:
                # One bad row must not end the simulator's life; the log says which.
                logger.exception("the simulator's %s stumbled", self._name)
                pause = _PAUSE_AFTER_ERROR_SECONDS
            pause = min(max(pause, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            try:
                async with asyncio.timeout(pause):
                    await self._awake.wait()
            except TimeoutError:
                continue
