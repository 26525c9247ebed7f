from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from fixtures.rows import Rows
from subiteya.config import Settings
from subiteya.db import database as database_module
from subiteya.db import migrate
from subiteya.db.database import Database, make_engine, sqlalchemy_url
from subiteya.db.models import Base, Event, Video
from subiteya.db.moves import Why, move_video
from subiteya.domain.errors import ConfigurationError, DatabaseUnavailable
from subiteya.domain.states import VideoStatus


async def test_the_migrations_make_what_the_models_say(db: Database) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only here; keeps Alembic out of others
    from alembic.migration import MigrationContext  # noqa: PLC0415 - same

    async with db.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), Base.metadata
            )
        )
    assert differences == []


async def test_two_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    assert not await migrate.is_current(database_url)
    await asyncio.gather(migrate.upgrade(database_url), migrate.upgrade(database_url))
    assert await migrate.is_current(database_url)


async def test_a_server_that_is_away_is_said_so(tmp_path: Path) -> None:
    database = Database(make_engine(f"postgresql://postgres@/x?host={tmp_path}", pool_size=1))
    with pytest.raises(DatabaseUnavailable):
        async with database.begin() as session:
            await session.execute(text("SELECT 1"))
    await database.close()


async def test_a_process_that_stands_still_in_a_transaction_lets_go_of_its_rows(
    db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "IDLE_MS", 200)
    video = await rows.video(await rows.user())
    locked = select(Video.id).where(Video.id == video.id).with_for_update()

    async def stand_still() -> None:
        async with db.begin() as stopped:
            await stopped.scalar(locked)
            async with db.begin() as other:
                assert await other.scalar(locked) == video.id
            await stopped.scalar(locked)

    with pytest.raises(DatabaseUnavailable):
        await stand_still()


def test_another_database_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        sqlalchemy_url("mysql://root@localhost/x")


async def test_every_transaction_may_come_from_another_connection(settings: Settings, rows: Rows) -> None:
    """What a transaction pooler does: nothing may be left in the session from one transaction to the next."""
    assert settings.database.url is not None
    engine = create_async_engine(
        sqlalchemy_url(settings.database.url.get_secret_value()),
        poolclass=NullPool,
        connect_args={"prepare_threshold": None},
    )
    pooled = Database(engine)
    video = await rows.video(await rows.user())
    for _ in range(8):  # psycopg would prepare a statement at its sixth use
        async with pooled.begin() as session:
            await session.execute(select(Event))
    async with pooled.begin() as session:
        assert await move_video(session, video.id, VideoStatus.EDITING_QUEUED, Why(actor="test"))
    await pooled.close()


async def test_nothing_is_prepared_or_set_for_a_session(db: Database) -> None:
    for _ in range(8):
        async with db.begin() as session:
            await session.execute(select(Event))
    async with db.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar() == 0
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert (await connection.execute(text(f"SHOW {limit}"))).scalar() == "0"


def test_slots_that_were_reserved_before_the_rolling_day_keep_limiting(database_url: str) -> None:
    from alembic import command  # noqa: PLC0415 - only here; keeps Alembic out of others

    engine = create_engine(sqlalchemy_url(database_url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO rate_slot (scope, at, owner) VALUES ('q', '2026-11-05 12:00Z', 'x')")
        )
        command.upgrade(config, "head")
        kept = connection.execute(text("SELECT keep_until - at FROM rate_slot")).scalar()
    engine.dispose()
    assert kept == timedelta(hours=1)


def test_what_a_texts_fields_stood_for_is_kept_for_videos_that_were_confirmed_before(
    database_url: str,
) -> None:
    from alembic import command  # noqa: PLC0415 - only here; keeps Alembic out of others

    engine = create_engine(sqlalchemy_url(database_url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text(_ONE_CONFIRMED_VIDEO))
        command.upgrade(config, "head")
        row = connection.execute(text("SELECT field_values, edited_at FROM video")).one()
        command.downgrade(config, "0004")
        command.upgrade(config, "head")  # the next test finds what it expects
    engine.dispose()
    values = {"video.title": "Pan", "account.nickname": "Luz", "account.username": "luz"}
    assert row == (values, None), "an edit that ended badly is to be made"


_ONE_CONFIRMED_VIDEO = """
WITH u AS (INSERT INTO "user" (id, name, role, locale, time_zone)
    VALUES (gen_random_uuid(), 'Ana', 'owner', 'es', 'UTC') RETURNING id),
a AS (INSERT INTO account (id, user_id, open_id, username, nickname, scopes, status, access_token,
        refresh_token, access_expires_at, refresh_expires_at, time_zone, posting_slots)
    SELECT gen_random_uuid(), id, 'o', 'luz', 'Luz', '', 'connected', '', '', now(), now(), 'UTC', '[]'
    FROM u)
INSERT INTO video (id, user_id, title, filename, status, version, source_key, source_bytes, content_type,
    probe, spec, progress, edited_at)
SELECT gen_random_uuid(), id, 'Pan', 'pan.mp4', 'FAILED_EDIT', 1, 'k', 1, 'video/mp4', '{}', '{}', 0, now()
FROM u
"""
