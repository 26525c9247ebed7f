"""Whose brand and where it goes: brand patterns, the files they name, and TikTok accounts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, Key, UpdatedAt, word
from subiteya.domain.assets import AssetKind


class BrandPattern(Base):
    """A named, versioned specification; `version` counts its saves."""

    __tablename__ = "brand_pattern"

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    spec: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Asset(Base):
    """A file that patterns may name. Its id stands in its key, and is that of the upload that brought it."""

    __tablename__ = "asset"
    __table_args__ = (Index("ix_asset_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[AssetKind] = mapped_column(word(AssetKind))
    key: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Null for files that were brought before this table was there."""
    facts: Mapped[dict[str, Any]]
    """What was found in it: width, height, seconds, steps."""
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None]
    """The row stays, so that nobody can name the file again."""


class Account(Base):
    """A connected TikTok account; its tokens are sealed."""

    __tablename__ = "account"
    __table_args__ = (Index("ix_account_user_id_username", "user_id", "username"),)

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    open_id: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str]
    nickname: Mapped[str]
    scopes: Mapped[str]
    status: Mapped[str] = mapped_column(default="connected")
    access_token: Mapped[str]
    refresh_token: Mapped[str]
    access_expires_at: Mapped[datetime]
    refresh_expires_at: Mapped[datetime]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    posting_slots: Mapped[list[Any]] = mapped_column(default=list)
    """When its posts like to go out, by the clocks of its zone; see `domain.posting_slots`."""
    pattern_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("brand_pattern.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    def __repr__(self) -> str:
        return f"Account(id={self.id}, username={self.username!r}, status={self.status!r})"
