"""The simulator's memory: one small SQLite file, used from a thread of its own so that the loop never waits.

Each piece of work is one transaction. What it says it stored has reached the operating system, so that a
killed simulator goes on where it stood.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from subiteya.tiktok.simulator.records import AuthCode, Creator, Delivery, Publish, Record, Token

T = TypeVar("T")
R = TypeVar("R", bound=Record)

SCHEMA_VERSION = 1
_TABLES: tuple[type[Record], ...] = (Creator, AuthCode, Token, Publish, Delivery)
_INDEXES = (
    "CREATE UNIQUE INDEX IF NOT EXISTS creator_username ON creator (username)",
    "CREATE UNIQUE INDEX IF NOT EXISTS publish_upload ON publish (upload_id)",
    "CREATE INDEX IF NOT EXISTS publish_creator ON publish (open_id, created_at)",
    "CREATE INDEX IF NOT EXISTS publish_step ON publish (step)",
    "CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at)",
)


class StoreVersionError(RuntimeError):
    """The data folder was written by another version of the simulator."""


class Database:
    """What a piece of work may do inside its transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self._connection.execute(sql, values).fetchall()

    def add(self, record: Record) -> None:
        """Insert a record."""
        values = record.model_dump()
        marks = ", ".join("?" for _ in values)
        self._connection.execute(
            f"INSERT INTO {record.table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - our own names
            tuple(values.values()),
        )

    def change(self, kind: type[Record], key: Any, **values: Any) -> None:
        """Set columns of the row with this key."""
        pairs = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(
            f"UPDATE {kind.table} SET {pairs} WHERE {key_of(kind)} = ?",  # noqa: S608 - our own names
            (*values.values(), key),
        )

    def get(self, kind: type[R], key: Any) -> R | None:
        """Return the record with this key, or None."""
        return self.first(kind, f"WHERE {key_of(kind)} = ?", key)

    def first(self, kind: type[R], rest: str, *values: Any) -> R | None:
        """Return the first record for `rest` (WHERE, ORDER BY), or None."""
        found = self.all(kind, f"{rest} LIMIT 1", *values)
        return found[0] if found else None

    def all(self, kind: type[R], rest: str = "", *values: Any) -> list[R]:
        """Return the records for `rest` (WHERE, ORDER BY, LIMIT)."""
        rows = self._connection.execute(
            f"SELECT * FROM {kind.table} {rest}",  # noqa: S608 - values travel as parameters
            values,
        )
        names = [column[0] for column in rows.description]
        return [kind.model_validate(dict(zip(names, row, strict=True))) for row in rows]


class Store:
    """The file and its thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "simulator.sqlite3"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulator-store")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, making it when it is not there.

        Raises:
            StoreVersionError: when another version wrote it.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        """Close the file and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def run(self, work: Callable[[Database], T]) -> T:
        """Do `work` in one transaction and return what it returns; an exception undoes it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, SCHEMA_VERSION}:
            connection.close()
            raise StoreVersionError(
                f"{self._path} was written by another version of the simulator ({version}); remove it"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for kind in _TABLES:
            connection.execute(_definition(kind))
        connection.execute("CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS fault"
            " (id INTEGER PRIMARY KEY, spec TEXT, passed INTEGER, remaining INTEGER)"
        )
        for index in _INDEXES:
            connection.execute(index)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._connection = connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transact(self, work: Callable[[Database], T]) -> T:
        if self._connection is None:
            raise RuntimeError("the simulator is not running: enter its lifespan first")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(Database(self._connection))
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return result


def key_of(kind: type[Record]) -> str:
    """Return the name of the key column: the first field."""
    return next(iter(kind.model_fields))


def _definition(kind: type[Record]) -> str:
    key, *others = kind.model_fields
    key_type = "INTEGER" if key == "id" else "TEXT"
    columns = ", ".join([f"{key} {key_type} PRIMARY KEY", *others])
    return f"CREATE TABLE IF NOT EXISTS {kind.table} ({columns})"
