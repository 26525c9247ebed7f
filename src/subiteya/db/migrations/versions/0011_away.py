"""Since when a job waits for something that does not answer.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("away_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "away_since")
