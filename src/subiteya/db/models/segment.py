"""Segments of an edit that several machines share: which frames each holds, and where they lie."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base


class Segment(Base):
    """One segment. How it stands says its job's row: attempts, lease and fence are those of any job."""

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("edit_id", "edit_run", "number", name="uq_segment_edit_id_edit_run_number"),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    edit_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    """The edit that waits for it."""
    edit_run: Mapped[int]
    """In which run; a later one divides anew."""
    number: Mapped[int]
    first: Mapped[int]
    """Its first frame of the output, from 0."""
    end: Mapped[int | None]
    """The first frame that is not in it; null when it goes on to the last."""
    key: Mapped[str]
    """Where it is stored, or will be: known before the first byte, so that whatever lies there is found."""
    host: Mapped[str | None]
    """The machine that makes it, or made it; null before."""
    percent: Mapped[int] = mapped_column(default=0)
    """How much of it is made."""
    cleared_at: Mapped[datetime | None]
    """When its file was first removed. Once more later, because a worker may have been storing it then."""
