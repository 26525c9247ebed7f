"""Drafts beside direct posts, posting slots of an account, and the fingerprint of a source.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post", sa.Column("mode", sa.String(length=32), nullable=False, server_default="direct"))
    op.alter_column("post", "mode", server_default=None)
    slots = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("account", sa.Column("posting_slots", slots, nullable=False, server_default="[]"))
    op.alter_column("account", "posting_slots", server_default=None)
    op.add_column("video", sa.Column("source_sha256", sa.Text(), nullable=True))
    op.create_index("ix_video_user_id_source_sha256", "video", ["user_id", "source_sha256"])


def downgrade() -> None:
    op.drop_index("ix_video_user_id_source_sha256", table_name="video")
    op.drop_column("video", "source_sha256")
    op.drop_column("account", "posting_slots")
    op.drop_column("post", "mode")
