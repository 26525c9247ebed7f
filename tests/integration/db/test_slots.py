from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import select, update

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


async def start(db: Database, owner: str, rates: dict[str, Rate]) -> datetime | None:
    async with db.begin() as session:
        return await slots.start(session, owner, rates)


async def test_those_who_come_late_together_start_a_window_apart_each(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES}
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    async with db.begin() as session:
        # As if every worker had been away for an hour.
        session.add_all(
            RateSlot(scope="account:1", at=at, owner=f"upload-{n}", keep_until=at + FIVE_MINUTES.per)
            for n in range(5)
            for at in [long_ago + n * FIVE_MINUTES.per]
        )
    got = [await start(db, f"upload-{n}", rates) for n in range(5)]
    assert got[0] is None
    waits = [at for at in got if at is not None]
    assert len(waits) == 4
    assert waits[0] - datetime.now(UTC) > timedelta(minutes=4, seconds=50)
    assert all(later - earlier == timedelta(minutes=5) for earlier, later in pairwise(waits))


async def test_a_retry_passes_its_own_start_but_no_others(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES, "day:1": Rate(2, timedelta(days=1))}
    assert await start(db, "upload-1", rates) is None
    assert await start(db, "upload-1", rates) is None, "nothing came of the first start"
    assert await start(db, "upload-2", rates) is not None
    async with db.begin() as session:
        assert await slots.count(session, "day:1", timedelta(days=1)) == (1, 1)
        await slots.settled(session, "upload-1", "publish-1")
    again = await start(db, "upload-1", rates)
    assert again is not None, "its first start became an upload"
    assert again - datetime.now(UTC) > timedelta(hours=23)


async def test_being_late_by_a_moment_does_not_cost_the_place_in_the_row(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES}
    assert await start(db, "upload-1", rates) is None
    async with db.begin() as session:
        soon = datetime.now(UTC) + timedelta(minutes=4)
        # The next ones were planned a window after a start that came a minute late.
        session.add_all(
            RateSlot(scope="account:1", at=at, owner=f"upload-{n}", keep_until=at + FIVE_MINUTES.per)
            for n in (3, 4)
            for at in [soon + (n - 2) * FIVE_MINUTES.per]
        )
    moved = await start(db, "upload-2", rates)
    assert moved is not None
    assert moved < soon + timedelta(minutes=1, seconds=10)


async def test_a_window_of_no_length_lets_everybody_start(db: Database) -> None:
    rates = {"account:1": Rate(1, timedelta(0))}
    assert [await start(db, f"upload-{n}", rates) for n in range(3)] == [None] * 3


async def test_a_start_on_its_way_is_waited_for_as_if_it_happened_just_now(db: Database) -> None:
    rates = {"account:1": FIVE_MINUTES}
    assert await start(db, "upload-1", rates) is None
    async with db.begin() as session:
        ago = timedelta(minutes=4, seconds=50)
        await session.execute(update(RateSlot).values(at=RateSlot.at - ago))
    later = await start(db, "upload-2", rates)
    assert later is not None, "its answer may have been that slow"
    assert later - datetime.now(UTC) > timedelta(minutes=1)
    async with db.begin() as session:
        # What has come to something is as old as it says.
        await session.execute(
            update(RateSlot).where(RateSlot.used).values(owner=RateSlot.owner + " publish-1")
        )
    later = await start(db, "upload-2", rates)
    assert later is not None
    assert later - datetime.now(UTC) < timedelta(seconds=15)
