"""Segments of an edit that several machines share.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("edit_id", sa.Text(), nullable=False),
        sa.Column("edit_run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_segment_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["edit_id"], ["job.id"], name=op.f("fk_segment_edit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_segment")),
        sa.UniqueConstraint("edit_id", "edit_run", "number", name=op.f("uq_segment_edit_id_edit_run_number")),
    )


def downgrade() -> None:
    # An older version knows no such jobs; their edits begin anew when their worker asks.
    op.execute("DELETE FROM job WHERE id IN (SELECT job_id FROM segment)")
    op.execute(
        "UPDATE job SET not_before = now(), wait_reason = NULL "
        "WHERE status = 'queued' AND wait_reason = 'segments'"
    )
    op.drop_table("segment")
