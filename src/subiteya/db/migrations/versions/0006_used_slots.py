"""Starts that happened, told apart from those that are only reserved.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rate_slot", sa.Column("used", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("rate_slot", "used", server_default=None)
    op.execute("UPDATE rate_slot SET used = true WHERE at <= now()")


def downgrade() -> None:
    op.drop_column("rate_slot", "used")
