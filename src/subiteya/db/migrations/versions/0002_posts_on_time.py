"""Consent records of posts, and rate slots that say themselves how long they limit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("consent", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("rate_slot", sa.Column("keep_until", sa.DateTime(timezone=True), nullable=True))
    # Until now every slot was kept for an hour.
    op.execute("UPDATE rate_slot SET keep_until = at + interval '1 hour'")
    op.alter_column("rate_slot", "keep_until", nullable=False)


def downgrade() -> None:
    op.drop_column("rate_slot", "keep_until")
    op.drop_column("post", "consent")
