"""Bring a database's tables up to date, by Alembic, from within the program."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from subiteya.db.database import CONNECT_SECONDS, sqlalchemy_url, translated

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_428_301
"""Any number of ours: two processes that start at once must not migrate at once."""


async def upgrade(url: str) -> None:
    """Run what is missing, up to the newest revision. Safe to call from several processes at once.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
    """
    async with translated():
        await asyncio.to_thread(_upgrade, url)


async def is_current(url: str) -> bool:
    """Whether the database stands at the newest revision."""
    async with translated():
        return await asyncio.to_thread(_is_current, url)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _upgrade(url: str) -> None:
    engine = create_engine(
        sqlalchemy_url(url), connect_args={"prepare_threshold": None, "connect_timeout": CONNECT_SECONDS}
    )
    try:
        # One transaction for lock and migrations: the lock ends with it, also behind a pooler.
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _is_current(url: str) -> bool:
    engine = create_engine(
        sqlalchemy_url(url), connect_args={"prepare_threshold": None, "connect_timeout": CONNECT_SECONDS}
    )
    try:
        with engine.connect() as connection:
            return _revision(connection) == ScriptDirectory.from_config(_config()).get_current_head()
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
