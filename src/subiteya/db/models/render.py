"""Versions of a video beside its own: one for all accounts that want the very same clip."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, Key


class Render(Base):
    """One version, to be made or made; what it is made of never changes."""

    __tablename__ = "render"
    __table_args__ = (UniqueConstraint("video_id", "fingerprint", name="uq_render_video_id_fingerprint"),)

    id: Mapped[Key]
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"))
    fingerprint: Mapped[str]
    """See `domain.pattern.versions`: equal for versions that come out as the same clip."""
    spec: Mapped[dict[str, Any]]
    field_values: Mapped[dict[str, Any]]
    """What the fields of its texts stand for, by name."""
    edited_key: Mapped[str | None]
    edited_bytes: Mapped[int | None] = mapped_column(BigInteger)
    edited_etag: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[datetime | None]
    """When the file was made; null while it is still to be made, or made anew."""


class AccountRender(Base):
    """Which version of a video an account gets, by the default pattern that the account had then."""

    __tablename__ = "account_render"

    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    render_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("render.id", ondelete="CASCADE"), index=True
    )
    """Null: the video's own."""
    pattern_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("brand_pattern.id", ondelete="SET NULL"))
    pattern_version: Mapped[int | None]
    created_at: Mapped[CreatedAt]
