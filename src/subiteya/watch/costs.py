"""The cost meter: what was used, what the month will come to, and what that costs elsewhere."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.config import CostSettings
from subiteya.db.models import Asset, Metered, Render, Video
from subiteya.observe.meter import Used
from subiteya.watch.prices import Prices

GB: Final = 1_000_000_000
"""Bytes, as providers count."""
LEVELS: Final = (70, 85, 100)
"""Per cent of a quota at which somebody should know."""
_DAY: Final = timedelta(days=1)
_LEAST_DAY: Final = 1 / 96
"""A projection from less than a quarter of an hour says nothing; what was used stands for itself then."""
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that is billed.

    Attributes:
        today: Used since midnight, UTC.
        today_projected: By midnight, if the day goes on as it was.
        month: Used since the first of the month.
        month_projected: By its end: the rest of the days like the last week's.
    """

    today: int
    today_projected: int
    month: int
    month_projected: int


@dataclass(frozen=True, slots=True)
class Price:
    """What one provider would ask for the projected month, in US dollars."""

    service: str
    provider: str
    title: str
    source: str
    usd_month: float


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit that somebody configured, and how full it is.

    Attributes:
        name: `redis_commands` (a month), `storage_gb` or `usd` (a month).
        limit: As configured.
        used: So far this month; stored now.
        projected: At the end of the month.
        level: The highest of `LEVELS` that `used` has reached; 0 below all.
    """

    name: str
    limit: float
    used: float
    projected: float
    level: int

    @property
    def percent(self) -> float:
        """How much of it is used."""
        return self.used / self.limit * 100


@dataclass(frozen=True, slots=True)
class Costs:
    """Everything that the cost meter says."""

    at: datetime
    counts: Mapping[Used, Counted]
    stored_bytes: int
    prices_as_of: date
    prices: Sequence[Price]
    quotas: Sequence[Quota]


async def get_costs(session: AsyncSession, settings: CostSettings, prices: Prices) -> Costs:
    """Read the day's and the month's counts and reckon.

    Counts are of this installation's processes: up to a minute old, and without what other programs ask of
    the same Redis or bucket.
    """
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one().astimezone(UTC)
    first = min(now.date().replace(day=1), now.date() - timedelta(days=_WEEK))
    rows = await session.execute(
        select(Metered.day, Metered.what, Metered.amount).where(
            Metered.day >= first, Metered.what.in_([used.value for used in Used])
        )
    )
    days: dict[Used, dict[date, int]] = {used: {} for used in Used}
    for day, what, amount in rows:
        days[Used(what)][day] = amount
    counts = {used: project(by_day, now) for used, by_day in days.items()}
    stored = await _stored(session)
    found = price(prices, counts, stored)
    return Costs(now, counts, stored, prices.as_of, found, _quotas(settings, counts, stored, found))


def project(by_day: Mapping[date, int], now: datetime) -> Counted:
    """From counts by day (UTC) to where the day and the month will end.

    Args:
        by_day: Counts of this month, and of the week before today; days without any may be missing.
        now: When `by_day` was read; UTC.
    """
    today = now.date()
    passed = (now - datetime.combine(today, datetime.min.time(), UTC)) / _DAY
    used = by_day.get(today, 0)
    by_midnight = round(used / passed) if passed >= _LEAST_DAY else used
    month = sum(amount for day, amount in by_day.items() if day.replace(day=1) == today.replace(day=1))
    left = calendar.monthrange(today.year, today.month)[1] - today.day
    usual = _usual_day(by_day, today, by_midnight)
    return Counted(used, by_midnight, month, round(month - used + by_midnight + usual * left))


def _usual_day(by_day: Mapping[date, int], today: date, by_midnight: int) -> float:
    """The mean of the last week's days, from the first with a count on; today's projection without any."""
    week = [today - timedelta(days=back) for back in range(1, _WEEK + 1)]
    known = [day for day in week if day in by_day]
    if not known:
        return by_midnight
    return sum(by_day.get(day, 0) for day in week if day >= min(known)) / ((today - min(known)) / _DAY)


def price(prices: Prices, counts: Mapping[Used, Counted], stored_bytes: int) -> list[Price]:
    """The projected month at every provider of the table."""
    month = {used: counted.month_projected for used, counted in counts.items()}
    redis = [
        Price("redis", name, row.title, row.source, row.month(month[Used.REDIS_COMMANDS]))
        for name, row in prices.redis.items()
    ]
    storage = [
        Price(
            *("storage", name, row.title, row.source),
            row.month(
                gb=stored_bytes / GB,
                writes=month[Used.S3_WRITES],
                reads=month[Used.S3_READS],
                gb_out=month[Used.S3_BYTES_OUT] / GB,
            ),
        )
        for name, row in prices.storage.items()
    ]
    return [*redis, *storage]


def _quotas(
    settings: CostSettings, counts: Mapping[Used, Counted], stored: int, prices: Sequence[Price]
) -> list[Quota]:
    found = []
    if settings.redis_commands_quota is not None:
        commands = counts[Used.REDIS_COMMANDS]
        limit = float(settings.redis_commands_quota)
        found.append(quota("redis_commands", limit, commands.month, commands.month_projected))
    if settings.storage_quota_gb is not None:
        found.append(quota("storage_gb", settings.storage_quota_gb, stored / GB, stored / GB))
    if settings.usd_quota is not None:
        chosen = {("redis", settings.redis_provider), ("storage", settings.storage_provider)}
        usd = sum(row.usd_month for row in prices if (row.service, row.provider) in chosen)
        found.append(quota("usd", settings.usd_quota, usd, usd))
    return found


def quota(name: str, limit: float, used: float, projected: float) -> Quota:
    """A quota with its level."""
    level = max((level for level in LEVELS if used * 100 >= limit * level), default=0)
    return Quota(name, limit, used, projected, level)


async def _stored(session: AsyncSession) -> int:
    """Bytes in the bucket by our rows; deleted videos' files are gone."""
    here = Video.deleted_at.is_(None)
    sums = (
        select(func.sum(Video.source_bytes + func.coalesce(Video.edited_bytes, 0))).where(here),
        select(func.sum(Render.edited_bytes)).join(Video, Video.id == Render.video_id).where(here),
        select(func.sum(Asset.size_bytes)).where(Asset.deleted_at.is_(None)),
    )
    return sum([int((await session.execute(query)).scalar_one() or 0) for query in sums])
