"""What keeps the work going: jobs with leases, the outbox, slots, events, heartbeats."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, word
from subiteya.domain.states import JobStatus


class Job(Base):
    """PostgreSQL's side of one BullMQ job; its id is the BullMQ id, so re-running resets the row."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_status_not_before", "status", "not_before"),
        Index("ix_job_status_lease_until", "status", "lease_until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    priority: Mapped[int]
    status: Mapped[JobStatus] = mapped_column(word(JobStatus), default=JobStatus.QUEUED)
    run: Mapped[int] = mapped_column(default=1)
    """Counts how often the job was queued anew; part of the fence."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Attempts that failed in this run; waiting is not among them."""
    max_attempts: Mapped[int]
    not_before: Mapped[datetime]
    wait_reason: Mapped[str | None]
    away_since: Mapped[datetime | None]
    """When it first found away what it depends on; null once something else has become of it."""
    enqueued_at: Mapped[datetime | None]
    """When it was last put into Redis; null while it waits here."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error_context: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt]


class Outbox(Base):
    """What must reach Redis: committed together with the row that wants it, deleted once Redis has it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[CreatedAt]


class Metered(Base):
    """How much of a billed service all processes have used in a day (UTC)."""

    __tablename__ = "metered"

    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    """One of `observe.meter.Used`, or `warned:<quota>:<percent>`."""
    amount: Mapped[int] = mapped_column(BigInteger)


class RateSlot(Base):
    """A start within a rate limit, reserved or happened; `owner` is the job that will use it, or did."""

    __tablename__ = "rate_slot"
    __table_args__ = (Index("ix_rate_slot_scope_at", "scope", "at"), Index("ix_rate_slot_owner", "owner"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    scope: Mapped[str]
    at: Mapped[datetime]
    owner: Mapped[str]
    keep_until: Mapped[datetime]
    """From then on it limits nothing any more."""
    used: Mapped[bool] = mapped_column(default=False)
    """Whether the start happened, at `at`; only uploads say so."""


class Event(Base):
    """One row per move: who, when, why. A video's timeline is its rows in order."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_video_id_id", "video_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"))
    post_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    at: Mapped[CreatedAt]
    kind: Mapped[str]
    """move | step | note"""
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    actor: Mapped[str]
    attempt: Mapped[int | None]
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]


class Lease(Base):
    """A role that one process holds at a time, for instance the sweep."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


class Heartbeat(Base):
    """A worker process that lives, and what it has in hand."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    jobs: Mapped[list[Any]]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
