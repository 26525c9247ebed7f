"""Every step of the schema, up, down and up again, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from subiteya.db import migrate
from subiteya.db.database import sqlalchemy_url

SCHEMA = """
SELECT 'column', table_name, column_name, data_type, is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'type', typname, typtype::text, '', '' FROM pg_type
WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
"""
SHARED_EDIT = """
WITH u AS (INSERT INTO "user" (id, name, role, locale, time_zone)
    VALUES (gen_random_uuid(), 'Ana', 'owner', 'es', 'UTC') RETURNING id),
v AS (INSERT INTO video (id, user_id, title, filename, status, version, source_key, source_bytes,
        content_type, probe, progress)
    SELECT gen_random_uuid(), id, 'Pan', 'pan.mp4', 'EDITING', 1, 'k', 1, 'video/mp4', '{}', 0 FROM u
    RETURNING id, user_id),
j AS (INSERT INTO job (id, queue, user_id, video_id, status, priority, attempts, max_attempts, run,
        not_before, wait_reason)
    SELECT name, 'video-edit', user_id, id, 'queued', 5, 0, 4, 1, '2099-01-01', reason
    FROM v, (VALUES ('edit-1', 'segments'), ('segment-1', NULL)) AS jobs (name, reason) RETURNING id)
SELECT count(*) FROM j
"""
SEGMENT = """
INSERT INTO segment (job_id, edit_id, edit_run, number, first, key, percent)
VALUES ('segment-1', 'edit-1', 1, 0, 0, 'temp/x', 0)
"""


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """To this worker's database, which is left as the migrations make it."""
    engine = create_engine(sqlalchemy_url(database_url))
    with engine.begin() as connection:
        yield connection
        command.upgrade(steps(connection), "head")
    engine.dispose()


def steps(connection: Connection) -> Config:
    config = migrate._config()
    config.attributes["connection"] = connection
    return config


def schema(connection: Connection) -> set[tuple[str, ...]]:
    """Every column, index, constraint and type but Alembic's own."""
    return {tuple(row) for row in connection.execute(text(SCHEMA)) if row[1] != "alembic_version"}


def test_every_step_leads_down_and_up_again(connection: Connection) -> None:
    config = steps(connection)
    revisions = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    before = {revisions[0]: schema(connection)}
    for revision in [*revisions[1:], "base"]:
        command.downgrade(config, revision)
        before[revision] = schema(connection)
    assert before["base"] == set()
    for revision in reversed(revisions):
        command.upgrade(config, revision)
        assert schema(connection) == before[revision], revision


def test_a_shared_edit_goes_on_by_itself_when_the_version_before_takes_over(connection: Connection) -> None:
    connection.execute(text(SHARED_EDIT))
    connection.execute(text(SEGMENT))
    command.downgrade(steps(connection), "0009")
    left = connection.execute(text("SELECT id, wait_reason, not_before <= now() FROM job")).all()
    assert [tuple(row) for row in left] == [("edit-1", None, True)]
    connection.execute(text('TRUNCATE "user" CASCADE'))
