"""Alembic's entry: migrates over the connection that `subiteya.db.migrate` hands in."""

from __future__ import annotations

from alembic import context

from subiteya.db.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
