"""Who did what to the queues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt


class Audit(Base):
    """One action of a person; written before it is done, and finished after. It outlives who did it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[CreatedAt]
    actor: Mapped[str]
    """`user:<id>` or `operator:cli`."""
    name: Mapped[str]
    """What the actor was called then."""
    action: Mapped[str]
    target: Mapped[str]
    """A queue, or a queue and a job."""
    outcome: Mapped[str | None]
    """`done`, or the code of the error; null while it runs, and when its process died."""
    ended_at: Mapped[datetime | None]
    detail: Mapped[dict[str, Any] | None]
