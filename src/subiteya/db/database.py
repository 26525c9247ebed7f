"""The engine and the unit of work. Made for a transaction pooler: nothing outlives a transaction.

PgBouncer in transaction mode and Supabase's port 6543 give each transaction whatever server connection is
free. So: no prepared statements kept across transactions (`prepare_threshold=None`), no LISTEN, no
session-level SET, no session-level advisory lock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from subiteya.config import DatabaseSettings
from subiteya.domain.errors import ConfigurationError, DatabaseUnavailable

CONNECT_SECONDS = 5
WAIT_FOR_CONNECTION_SECONDS = 10
STATEMENT_MS = 30_000
IDLE_MS = 45_000
"""Longest that a transaction waits for us. TikTok renews tokens within one, for half of that at most; one
that a process was stopped in, or cut off, must not hold its rows for ever."""
_LIMITS = text(
    "SELECT set_config('statement_timeout', :statement, true), "
    "set_config('idle_in_transaction_session_timeout', :idle, true)"
)


def sqlalchemy_url(url: str) -> str:
    """`postgres://` and `postgresql://` as SQLAlchemy wants them, with psycopg as the driver."""
    for scheme in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    raise ConfigurationError(what="DATABASE_URL", why="it must begin with postgresql://")


def make_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine that survives a pooler and a restart of the server."""
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=WAIT_FOR_CONNECTION_SECONDS,
        pool_pre_ping=True,
        pool_recycle=600,
        connect_args={"prepare_threshold": None, "connect_timeout": CONNECT_SECONDS},
    )


class Database:
    """Sessions for whoever needs one; made once per process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)

    @classmethod
    def open(cls, settings: DatabaseSettings) -> Self:
        """Build it from settings; connects on first use.

        Raises:
            ConfigurationError: no DATABASE_URL.
        """
        if settings.url is None:
            raise ConfigurationError(what="DATABASE_URL", why="it is not set; `subiteya up` brings its own")
        return cls(make_engine(settings.url.get_secret_value(), pool_size=settings.pool_size))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, rolled back otherwise.

        Raises:
            DatabaseUnavailable: the server cannot be reached.
        """
        async with translated(), self._sessions() as session, session.begin():
            # Local to this transaction, so it is safe behind a pooler; in one round trip.
            await session.execute(_LIMITS, {"statement": f"{STATEMENT_MS}", "idle": f"{IDLE_MS}"})
            yield session

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Say DatabaseUnavailable where the driver says that the server is out of reach."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise
