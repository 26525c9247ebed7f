"""The log of what people do to the queues: written before the deed, so that none is done unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, update

from subiteya.db.models import Audit, User
from subiteya.domain.errors import SubiteyaError
from subiteya.services.resources import Resources

DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the word for timelines and logs, and what people call them."""

    word: str
    name: str

    @classmethod
    def of(cls, user: User) -> Actor:
        """A signed-in user."""
        return cls(f"user:{user.id}", user.name)


OPERATOR: Final = Actor("operator:cli", "terminal")
"""Whoever has a terminal on the machine."""


@asynccontextmanager
async def audited(
    resources: Resources, actor: Actor, action: str, target: str, **detail: object
) -> AsyncIterator[dict[str, Any]]:
    """Log an action before and after it is done; an error of ours becomes its outcome and goes on its way.

    Yields:
        What to keep beside it; may be added to until the end.

    Raises:
        DatabaseUnavailable: it cannot be logged, so it is not done.
    """
    kept: dict[str, Any] = dict(detail)
    async with resources.db.begin() as session:
        entry = Audit(
            actor=actor.word, name=actor.name, action=action, target=str(target), detail=kept or None
        )
        session.add(entry)
        await session.flush()
        entry_id = entry.id
    outcome = "internal"
    try:
        yield kept
        outcome = DONE
    except SubiteyaError as error:
        outcome = error.code
        raise
    finally:
        await _end(resources, entry_id, outcome, kept)


async def read_audit(resources: Resources, *, before: int | None = None, limit: int = 100) -> Sequence[Audit]:
    """The newest entries, or those before an entry's id; the newest first."""
    query = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Audit.id < before)
    async with resources.db.begin() as session:
        return list(await session.scalars(query))


async def _end(resources: Resources, entry_id: int, outcome: str, kept: Mapping[str, Any]) -> None:
    ended = {"outcome": outcome, "ended_at": func.clock_timestamp(), "detail": dict(kept) or None}
    async with resources.db.begin() as session:
        await session.execute(update(Audit).where(Audit.id == entry_id).values(**ended))
