"""What was brought: uploads under way and videos."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, Key, UpdatedAt, word
from subiteya.domain.states import VideoStatus
from subiteya.domain.subtitles import SubtitleOrigin


class Upload(Base):
    """A key in `temp/` that was promised to one user, until it becomes a video or expires."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_status_expires_at", "status", "expires_at"),)

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """put | multipart | form"""
    s3_upload_id: Mapped[str | None]
    filename: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    part_size: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default="open")
    """open | completed | used | aborted | expired"""
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    video_id: Mapped[uuid.UUID | None]


class Video(Base):
    """One source file, its edit and its posts."""

    __tablename__ = "video"
    __table_args__ = (
        Index("ix_video_user_id_created_at", "user_id", "created_at"),
        Index("ix_video_status", "status"),
        Index("ix_video_user_id_source_sha256", "user_id", "source_sha256"),
    )

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    title: Mapped[str]
    filename: Mapped[str]
    status: Mapped[VideoStatus] = mapped_column(word(VideoStatus), default=VideoStatus.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    source_key: Mapped[str]
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    source_sha256: Mapped[str | None]
    """Of the source's bytes, in hex; null until its first edit has read them all."""
    content_type: Mapped[str]
    probe: Mapped[dict[str, Any]]
    measured: Mapped[dict[str, Any] | None]
    """What a pre-flight heard and saw in the source (`domain.measured`); null until one was asked for."""
    subtitles: Mapped[str | None]
    subtitles_name: Mapped[str | None]
    subtitles_origin: Mapped[SubtitleOrigin | None] = mapped_column(word(SubtitleOrigin))
    """With TRANSCRIBED and no subtitles, nothing is said in the video."""
    subtitles_by: Mapped[str | None]
    """What wrote them down, when something did."""
    subtitles_language: Mapped[str | None]
    """What is spoken, as BCP 47 writes it; null when nobody knows."""
    subtitles_missing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why the last edit went on without them: the error's `code`, and the `why` in its sentence."""
    pattern_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("brand_pattern.id", ondelete="SET NULL"))
    pattern_version: Mapped[int | None]
    spec: Mapped[dict[str, Any] | None]
    """The pattern as it was at *confirm*; later changes of the pattern do not touch it."""
    spec_given: Mapped[dict[str, Any] | None]
    """The part of `spec` that was asked for, to be merged over an account's default; null for videos that
    were confirmed before accounts had one."""
    field_values: Mapped[dict[str, Any] | None]
    """What the fields of its texts stood for at *confirm*, by name."""
    edited_key: Mapped[str | None]
    edited_bytes: Mapped[int | None] = mapped_column(BigInteger)
    edited_etag: Mapped[str | None]
    """Which version of the object is meant: a worker that was thought dead may still write to its key."""
    progress: Mapped[int] = mapped_column(default=0)
    progress_detail: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None]
    error_context: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    confirmed_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    """When the file at `edited_key` was made; null while it is still to be made, or made anew."""
    deleted_at: Mapped[datetime | None]
