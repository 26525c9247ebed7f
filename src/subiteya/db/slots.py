"""Rate windows shared by all processes: slots reserved ahead, one row each.

A reservation is a plan. Whoever starts late (a worker was down, a retry, a long job before it) would meet the
one that was planned next, so the start itself asks once more: `start` looks at the starts that happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import RateSlot
from subiteya.domain.slots import Rate, earliest

ON_THE_WAY: Final = timedelta(seconds=60)
"""Longest from a start to when it has happened or never will: a token that is renewed, and a question."""
_SETTLED: Final = " "
"""Between a job's id and what came of its start; no id holds one."""


async def database_now(session: AsyncSession) -> datetime:
    """PostgreSQL's clock: the one clock that all hosts share."""
    now: datetime | None = await session.scalar(select(func.clock_timestamp()))
    assert now is not None  # noqa: S101 - a clock always answers; this tells mypy so
    return now


async def reserve(
    session: AsyncSession, owner: str, rates: Mapping[str, Rate], *, not_before: datetime | None = None
) -> datetime:
    """Reserve the first start that keeps every rate, in one transaction with whatever needs it.

    Args:
        session: The transaction; the reservation stands when it commits.
        owner: The job that will start then; an earlier reservation of its own is given up.
        rates: Scope (`queue:video-upload`, `account:<id>`) → rate.
        not_before: Aware time before which a start is not wanted; now when unset.

    Returns:
        The aware time of the slot.
    """
    await lock(session, rates)
    await release(session, owner)
    now = await database_now(session)
    slot = await _first(session, rates, now, max(now, not_before) if not_before is not None else now)
    session.add_all(
        RateSlot(scope=scope, at=slot, owner=owner, keep_until=slot + rate.per)
        for scope, rate in rates.items()
    )
    await session.flush()
    return slot


async def start(session: AsyncSession, owner: str, rates: Mapping[str, Rate]) -> datetime | None:
    """Start now, if the starts that happened leave room in every rate; otherwise keep a later slot.

    A start of the same job that nothing came of (see `settled`) does not hinder it, and gives way to it.

    Args:
        session: The transaction; commit it before the start.
        owner: The job that wants to start.
        rates: As they were reserved.

    Returns:
        None when it may start, and the start is written down; else the aware time that is reserved now.
    """
    await lock(session, rates)
    now = await database_now(session)
    at = await _first_after(session, owner, rates, now)
    given_up = delete(RateSlot).where(RateSlot.owner == owner)
    await session.execute(given_up if at == now else given_up.where(~RateSlot.used))
    session.add_all(
        RateSlot(scope=scope, at=at, owner=owner, used=at == now, keep_until=at + rate.per + ON_THE_WAY)
        for scope, rate in rates.items()
    )
    await session.flush()
    return None if at == now else at


async def settled(session: AsyncSession, owner: str, what: str) -> None:
    """Something came of a job's start: from now on it limits the job's own next start too.

    Args:
        session: The transaction.
        owner: The job.
        what: What came of it.
    """
    later = func.clock_timestamp() - RateSlot.at
    await session.execute(
        update(RateSlot)
        .where(RateSlot.owner == owner, RateSlot.used)
        .values(
            owner=f"{owner}{_SETTLED}{what}", at=RateSlot.at + later, keep_until=RateSlot.keep_until + later
        )
    )


async def lock(session: AsyncSession, scopes: Iterable[str]) -> None:
    """Keep others from reserving in these scopes; whoever needs several reservations locks all at once.

    Held until the transaction ends, in one order for everybody; safe behind a transaction pooler.
    """
    for scope in sorted(set(scopes)):
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 0))"), {"scope": scope}
        )


async def look_ahead(session: AsyncSession, rates: Mapping[str, Rate]) -> datetime:
    """The slot that `reserve` would give now, as an aware time; nothing is reserved."""
    now = await database_now(session)
    return await _first(session, rates, now, now)


async def count(session: AsyncSession, scope: str, per: timedelta) -> tuple[int, int]:
    """How many starts happened within the last `per`, and how many are reserved for later."""
    now = await database_now(session)
    taken = await _taken(session, scope, now, per)
    happened = sum(at <= now for at in taken)
    return happened, len(taken) - happened


async def room_at(session: AsyncSession, scope: str, rate: Rate, *, besides: str) -> datetime:
    """When one more start than those that happened keeps `rate`; the starts of `besides` do not count.

    Reserved starts are left out: whoever waits for room waits for what has happened to be old enough.
    """
    now = await database_now(session)
    happened = await session.scalars(
        select(RateSlot.at).where(
            RateSlot.scope == scope, RateSlot.at.between(now - rate.per, now), RateSlot.owner != besides
        )
    )
    return earliest(now, list(happened), rate)


async def release(session: AsyncSession, owner: str) -> None:
    """Give up the reservations of a job that are still to come; past ones stay, they may have happened."""
    await session.execute(
        delete(RateSlot).where(RateSlot.owner == owner, RateSlot.at > func.clock_timestamp())
    )


async def forget_old(session: AsyncSession) -> None:
    """Delete slots that limit nothing any more."""
    await session.execute(delete(RateSlot).where(RateSlot.keep_until < func.clock_timestamp()))


async def _first(
    session: AsyncSession, rates: Mapping[str, Rate], now: datetime, wanted: datetime
) -> datetime:
    """The first time from `wanted` on that keeps every rate."""
    taken = {scope: await _taken(session, scope, now, rate.per) for scope, rate in rates.items()}
    slot = wanted
    while True:
        settled = slot
        for scope, rate in rates.items():
            settled = earliest(settled, taken[scope], rate)
        if settled == slot:
            return slot
        slot = settled


async def _first_after(
    session: AsyncSession, owner: str, rates: Mapping[str, Rate], now: datetime
) -> datetime:
    """The first time from now on that keeps every rate to the starts of others that happened.

    When that is not now, it keeps the rate to what others have reserved before it, and half a span to what
    they have reserved after it. So those who come late together are spread out, and who is late by a moment
    moves the next by a moment, not itself to the end of all.
    """
    # A start that nothing came of yet may still be on its way, and meet TikTok at this moment.
    happened: dict[str, list[datetime]] = {}
    known: dict[str, list[datetime]] = {}
    for scope, rate in rates.items():
        recent = and_(RateSlot.used, RateSlot.at > now - rate.per - ON_THE_WAY)
        query = select(RateSlot.at, RateSlot.used, RateSlot.owner).where(
            RateSlot.scope == scope, RateSlot.owner != owner, or_(RateSlot.at > now, recent)
        )
        taken = [
            (min(now, at + ON_THE_WAY) if used and _SETTLED not in whose else at, used)
            for at, used, whose in await session.execute(query)
        ]
        happened[scope] = [at for at, used in taken if used]
        known[scope] = [at for at, _ in taken]
    slot = now
    while True:
        kept = slot
        for scope, rate in rates.items():
            kept = earliest(kept, happened[scope], rate)
            if kept > now:
                kept = earliest(kept, [at for at in known[scope] if at <= kept], rate)
                kept = earliest(kept, known[scope], Rate(rate.limit, rate.per / 2))
        if kept == slot:
            return slot
        slot = kept


async def _taken(session: AsyncSession, scope: str, now: datetime, per: timedelta) -> list[datetime]:
    rows = await session.scalars(select(RateSlot.at).where(RateSlot.scope == scope, RateSlot.at > now - per))
    return list(rows)
