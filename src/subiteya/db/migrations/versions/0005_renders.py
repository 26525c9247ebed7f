"""Versions of a video for accounts with a default pattern, and which of them a post sends.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = postgresql.UUID(as_uuid=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())

# Until now the edit looked for them: the first account by name is that of the preview.
_FILL = """
UPDATE video SET field_values = jsonb_build_object('video.title', title) || coalesce(
    (
        SELECT jsonb_build_object('account.nickname', nickname, 'account.username', username)
        FROM account WHERE account.user_id = video.user_id AND account.status <> 'disconnected'
        ORDER BY username, account.id LIMIT 1
    ),
    '{}'
) WHERE spec IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "render",
        sa.Column("id", _ID, nullable=False),
        sa.Column("video_id", _ID, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("spec", _JSON, nullable=False),
        sa.Column("field_values", _JSON, nullable=False),
        sa.Column("edited_key", sa.Text(), nullable=True),
        sa.Column("edited_bytes", sa.BigInteger(), nullable=True),
        sa.Column("edited_etag", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name=op.f("fk_render_video_id_video"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_render")),
        sa.UniqueConstraint("video_id", "fingerprint", name=op.f("uq_render_video_id_fingerprint")),
    )
    op.create_table(
        "account_render",
        sa.Column("video_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("render_id", _ID, nullable=True),
        sa.Column("pattern_id", _ID, nullable=True),
        sa.Column("pattern_version", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video.id"], name=op.f("fk_account_render_video_id_video"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_account_render_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["render_id"], ["render.id"], name=op.f("fk_account_render_render_id_render"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pattern_id"],
            ["brand_pattern.id"],
            name=op.f("fk_account_render_pattern_id_brand_pattern"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("video_id", "account_id", name=op.f("pk_account_render")),
    )
    op.create_index(op.f("ix_account_render_account_id"), "account_render", ["account_id"])
    op.create_index(op.f("ix_account_render_render_id"), "account_render", ["render_id"])
    op.add_column("video", sa.Column("spec_given", _JSON, nullable=True))
    op.add_column("video", sa.Column("field_values", _JSON, nullable=True))
    op.execute(_FILL)
    # From now on it says that the present version is made: of these, another one may be wanted.
    op.execute(
        "UPDATE video SET edited_at = NULL WHERE status NOT IN "
        "('EDITED', 'UPLOAD_QUEUED', 'UPLOADING', 'IN_INBOX', 'POSTED', 'FAILED_UPLOAD')"
    )
    op.add_column("post", sa.Column("render_id", _ID, nullable=True))
    op.create_foreign_key(
        op.f("fk_post_render_id_render"), "post", "render", ["render_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_post_render_id"), "post", ["render_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_post_render_id"), table_name="post")
    op.drop_constraint(op.f("fk_post_render_id_render"), "post", type_="foreignkey")
    op.drop_column("post", "render_id")
    op.drop_column("video", "field_values")
    op.drop_column("video", "spec_given")
    op.drop_table("account_render")
    op.drop_table("render")
