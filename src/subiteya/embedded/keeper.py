"""Keeps a service running: says when it died, and starts it again, each time a little later."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable

from subiteya.embedded.errors import StackError
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Running, start_service

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
_CALM_S = 60  # after so long without a death the next delay is the first one again


class Keeper:
    """Watches one service until it is cancelled.

    Args:
        running: The service and its present child; replaced here after a restart.
        screen: Where to say what happens.
        on_restart: Called after each restart.
    """

    def __init__(self, running: Running, screen: Screen, on_restart: Callable[[], object]) -> None:
        self._running = running
        self._name = running.service.name
        self._screen = screen
        self._on_restart = on_restart
        self._delay = FIRST_DELAY_S

    async def keep(self) -> None:
        """Watch and restart; never returns by itself."""
        while True:
            since = time.monotonic()
            code = await asyncio.wrap_future(self._running.child.exited)
            await self._running.child.finish()
            if time.monotonic() - since > _CALM_S:
                self._delay = FIRST_DELAY_S
            what = f"{self._name} {describe_end(code)}"
            while not await self._start_again(what):
                what = f"{self._name} did not start"
            self._on_restart()

    async def _start_again(self, what: str) -> bool:
        self._screen.trouble(f"{what}; starting it again in {self._delay:g} s")
        await asyncio.sleep(self._delay)
        self._delay = min(self._delay * 2, LONGEST_DELAY_S)
        try:
            self._running.child = await start_service(self._running.service, self._screen, "again")
        except StackError as error:
            self._screen.trouble(str(error))
            return False
        return True


def describe_end(code: int) -> str:
    """How a process ended, from its exit code (negative: the number of a signal)."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by itself with code {code}"
