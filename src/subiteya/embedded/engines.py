"""The three engines together: started side by side, each left out when the settings name another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from subiteya.config import Settings
from subiteya.embedded.home import Home, Secrets
from subiteya.embedded.leftover import stop_left_overs
from subiteya.embedded.ports import Ports
from subiteya.embedded.postgres import Postgres
from subiteya.embedded.s3 import S3
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Running, start_together
from subiteya.embedded.valkey import Valkey

Engine = Postgres | Valkey | S3


class Engines:
    """The engines of one data folder; bound to no event loop, so each call may come from another one.

    Args:
        home: The data folder, prepared and locked by the caller.
        ports: The folder's ports.
        settings: What they name is used instead of its embedded twin; None starts all three.
        durable: See `Postgres`.
    """

    def __init__(self, home: Home, ports: Ports, settings: Settings | None, *, durable: bool = True) -> None:
        self._home = home
        self._secrets = home.secrets()
        self._needs_key = settings is None or not settings.security.encryption_keys
        self.services: Sequence[Engine] = _wanted(home, ports, settings, self._secrets, durable=durable)
        self.running: list[Running] = []

    @property
    def environment(self) -> dict[str, str]:
        """What every other process needs in its environment to reach the engines; holds secrets."""
        words: dict[str, str] = {"ENCRYPTION_KEY": self._secrets.encryption_key} if self._needs_key else {}
        for service in self.services:
            words.update(service.environment)
        return words

    async def start(self, screen: Screen) -> None:
        """Start all of them, side by side, after stopping what a killed parent has left over.

        From the main thread.

        Raises:
            StackError: One did not start; then none is left running.
        """
        for left in await stop_left_overs(self._home.pids):
            screen.say(f"Stopped {left.name} (process {left.identity.pid}), left over from a killed run")
        self._home.remove_sockets()
        self._home.prepare()
        try:
            await start_together(self.services, screen, self.running)
        except BaseException:
            await self.stop()
            raise

    async def stop(self, limit_s: float = 8) -> None:
        """Stop all of them, side by side, by force after the limit (seconds)."""
        await asyncio.gather(*(running.child.stop(limit_s) for running in self.running))
        self.running.clear()
        self._home.remove_sockets()
        for service in self.services:
            if isinstance(service, S3):
                service.remove_sockets()


def _wanted(
    home: Home, ports: Ports, settings: Settings | None, secrets: Secrets, *, durable: bool
) -> Sequence[Engine]:
    engines: list[Engine] = []
    if settings is None or settings.database.url is None:
        engines.append(Postgres(home, durable=durable))
    if settings is None or settings.queue.url is None:
        engines.append(Valkey(home))
    if settings is None or not settings.storage.configured:
        engines.append(S3(home, ports, secrets))
    return engines
