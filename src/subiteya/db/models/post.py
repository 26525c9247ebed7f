"""One video to one account, with the ledger that makes its publishing exactly-once."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, Key, UpdatedAt, word
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import LedgerStep, PostStatus


class Post(Base):
    """What its owner asked for, and how far it has come."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_status_next_check_at", "status", "next_check_at"),
        Index("ix_post_account_id_slot_at", "account_id", "slot_at"),
    )

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    render_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("render.id", ondelete="SET NULL"), index=True
    )
    """Which version of the video goes out; null for the video's own."""
    status: Mapped[PostStatus] = mapped_column(word(PostStatus), default=PostStatus.UPLOAD_QUEUED)
    version: Mapped[int] = mapped_column(default=1)

    mode: Mapped[PostMode] = mapped_column(word(PostMode), default=PostMode.DIRECT)
    """Of a draft, TikTok is told none of the following; the caption is kept to be copied."""
    caption: Mapped[str] = mapped_column(default="")
    privacy_level: Mapped[str] = mapped_column(default="SELF_ONLY")
    disable_comment: Mapped[bool] = mapped_column(default=True)
    disable_duet: Mapped[bool] = mapped_column(default=True)
    disable_stitch: Mapped[bool] = mapped_column(default=True)
    cover_ms: Mapped[int | None]
    brand_content: Mapped[bool] = mapped_column(default=False)
    brand_organic: Mapped[bool] = mapped_column(default=False)
    is_aigc: Mapped[bool] = mapped_column(default=False)
    consent: Mapped[dict[str, Any] | None]
    """What its owner agreed to, see `domain.consent`: when, to which text, with which settings."""
    scheduled_at: Mapped[datetime | None]
    slot_at: Mapped[datetime | None]
    """The start that was reserved for it in the account's and the queue's windows."""

    step: Mapped[LedgerStep] = mapped_column(word(LedgerStep), default=LedgerStep.PLANNED)
    publish_id: Mapped[str | None] = mapped_column(unique=True)
    upload_url: Mapped[str | None]
    """Sealed: it carries TikTok's upload token."""
    upload_url_expires_at: Mapped[datetime | None]
    video_bytes: Mapped[int | None] = mapped_column(BigInteger)
    video_etag: Mapped[str | None]
    chunk_bytes: Mapped[int | None] = mapped_column(BigInteger)
    chunk_count: Mapped[int | None]
    bytes_acknowledged: Mapped[int] = mapped_column(BigInteger, default=0)
    inits: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)
    tiktok_status: Mapped[str | None]
    tiktok_post_ids: Mapped[list[Any] | None]
    """Ids as strings: they exceed what a JavaScript number holds."""
    post_url: Mapped[str | None]
    posted_at: Mapped[datetime | None]

    error_code: Mapped[str | None]
    error_context: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    def __repr__(self) -> str:
        return f"Post(id={self.id}, status={self.status}, step={self.step})"
