"""A table for the files that patterns name, filled with those that are named already; pre-flight measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = (
    "^assets/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.][a-z0-9]+$"
)
# What a pattern or a frozen copy names gets its row here. All of it are logos: nothing else had a route.
_FILL = """
INSERT INTO asset (id, user_id, kind, key, filename, content_type, facts, created_at)
SELECT DISTINCT ON (named.key)
    split_part(split_part(named.key, '/', 3), '.', 1)::uuid, spec.user_id, named.kind, named.key,
    named.kind || '.' || split_part(named.key, '.', 2),
    CASE split_part(named.key, '.', 2)
        WHEN 'png' THEN 'image/png' WHEN 'webp' THEN 'image/webp'
        WHEN 'jpg' THEN 'image/jpeg' WHEN 'jpeg' THEN 'image/jpeg'
        ELSE 'application/octet-stream'
    END,
    '{}', spec.created_at
FROM (
    SELECT user_id, spec, created_at FROM brand_pattern
    UNION ALL
    SELECT user_id, spec, created_at FROM video WHERE spec IS NOT NULL
) AS spec
CROSS JOIN LATERAL (VALUES
    ('logo', spec.spec #>> '{logo,key}'),
    ('background', spec.spec #>> '{layout,background_key}'),
    ('lut', spec.spec #>> '{effects,lut_key}'),
    ('music', spec.spec #>> '{sound,music_key}'),
    ('intro', spec.spec #>> '{time,intro_key}'),
    ('outro', spec.spec #>> '{time,outro_key}')
) AS named (kind, key)
WHERE named.key ~ :shape AND split_part(named.key, '/', 2) = spec.user_id::text
ORDER BY named.key, spec.created_at
"""


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("user_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_asset_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("key", name=op.f("uq_asset_key")),
    )
    op.create_index(op.f("ix_asset_user_id_created_at"), "asset", ["user_id", "created_at"])
    op.execute(sa.text(_FILL).bindparams(shape=_KEY))
    op.add_column("video", sa.Column("measured", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    op.drop_column("video", "measured")
    op.drop_index(op.f("ix_asset_user_id_created_at"), table_name="asset")
    op.drop_table("asset")
