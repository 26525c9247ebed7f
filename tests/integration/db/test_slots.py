from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import select

from subiteya.db import slots
from subiteya.db.database import Database
from subiteya.db.models import RateSlot
from subiteya.domain.slots import Rate

FIVE_MINUTES = Rate(1, timedelta(minutes=5))
THREE_A_MINUTE = Rate(3, timedelta(minutes=1))


async def reserve(db: Database, owner: str, rates: dict[str, Rate], at: datetime | None = None) -> datetime:
    async with db.begin() as session:
        return await slots.reserve(session, owner, rates, not_before=at)


async def test_many_processes_at_once_keep_the_window(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES}
    got = sorted(await asyncio.gather(*(reserve(db, f"upload-{n}", rates) for n in range(6))))
    gaps = [later - earlier for earlier, later in pairwise(got)]
    assert all(gap >= timedelta(minutes=5) for gap in gaps)
    assert got[-1] - got[0] < timedelta(minutes=26)


async def test_every_rate_is_kept_and_accounts_do_not_hinder_each_other(db: Database) -> None:
    got = [
        await reserve(db, f"upload-{n}", {f"account:{n}": FIVE_MINUTES, "queue": THREE_A_MINUTE})
        for n in range(4)
    ]
    assert got[2] - got[0] < timedelta(seconds=30)
    assert got[3] - got[0] >= timedelta(minutes=1)
    same = await reserve(db, "upload-x", {"account:0": FIVE_MINUTES, "queue": THREE_A_MINUTE})
    assert same - got[0] >= timedelta(minutes=5)


async def test_asking_again_gives_the_old_slot_up(db: Database) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    await reserve(db, "upload-1", {"account:1": FIVE_MINUTES}, later)
    again = await reserve(db, "upload-1", {"account:1": FIVE_MINUTES}, later)
    assert again == later
    async with db.begin() as session:
        assert len(list(await session.scalars(select(RateSlot)))) == 1


async def test_a_cancelled_slot_is_free_again(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES}
    await reserve(db, "upload-1", rates)
    second = await reserve(db, "upload-2", rates)
    async with db.begin() as session:
        await slots.release(session, "upload-2")
    assert abs(await reserve(db, "upload-3", rates) - second) < timedelta(seconds=30)


async def test_a_rolling_day_is_kept_although_its_starts_are_long_past(db: Database) -> None:
    day = Rate(2, timedelta(days=1))
    long_ago = datetime.now(UTC) - timedelta(hours=20)
    async with db.begin() as session:
        session.add_all(
            RateSlot(scope="day:1", at=long_ago + timedelta(minutes=n), owner=f"x{n}", keep_until=until)
            for n, until in enumerate([long_ago + timedelta(days=1)] * 2)
        )
        session.add(RateSlot(scope="q", at=long_ago, owner="x", keep_until=long_ago + timedelta(minutes=1)))
    async with db.begin() as session:
        await slots.forget_old(session)
    got = await reserve(db, "upload-3", {"day:1": day})
    async with db.begin() as session:
        assert len(list(await session.scalars(select(RateSlot).where(RateSlot.scope == "q")))) == 0
        assert await slots.room_at(session, "day:1", day, besides="") == long_ago + timedelta(days=1)
        without_own = await slots.room_at(session, "day:1", day, besides="x1")
        assert await slots.count(session, "day:1", day.per) == (2, 1)
        ahead = await slots.look_ahead(session, {"day:1": day})
    assert got == long_ago + timedelta(days=1)
    assert ahead == long_ago + timedelta(days=1, minutes=1)
    assert without_own < got
