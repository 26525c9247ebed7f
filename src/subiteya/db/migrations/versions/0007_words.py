"""Where subtitles come from, by what, in which language; or why there are none.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = {
    "subtitles_origin": sa.String(length=32),
    "subtitles_by": sa.Text(),
    "subtitles_language": sa.Text(),
    "subtitles_missing": postgresql.JSONB(astext_type=sa.Text()),
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("video", sa.Column(name, kind, nullable=True))
    # Until now all subtitles were brought as a file, or as a list that took a file's place.
    op.execute("UPDATE video SET subtitles_origin = 'file' WHERE subtitles IS NOT NULL")


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("video", name)
