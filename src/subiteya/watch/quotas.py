"""Say once a month, for each quota and level, that it is reached."""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy.dialects.postgresql import insert

from subiteya.config import CostSettings
from subiteya.db.database import Database
from subiteya.db.models import Metered
from subiteya.domain.errors import ConfigurationError
from subiteya.watch.costs import LEVELS, Quota, get_costs
from subiteya.watch.prices import read_prices

log = structlog.get_logger(__name__)


async def warn_of_quotas(db: Database, settings: CostSettings) -> list[Quota]:
    """Log a warning for each quota that has reached a level since the last warning; those quotas.

    Which warnings were given stands in the rows, so that neither a restart nor another leader repeats them.
    """
    if all(
        limit is None
        for limit in (settings.redis_commands_quota, settings.storage_quota_gb, settings.usd_quota)
    ):
        return []
    try:
        prices = read_prices(settings.prices_file)
    except ConfigurationError as error:
        log.warning("the cost meter cannot reckon", why=error.sentence())
        return []
    fresh = []
    async with db.begin() as session:
        costs = await get_costs(session, settings, prices)
        for quota in costs.quotas:
            # A jump over two levels is one warning; the levels below must not follow later.
            reached = [level for level in LEVELS if level <= quota.level]
            news = [
                await session.scalar(
                    insert(Metered)
                    .values(day=_month(costs.at.date()), what=f"warned:{quota.name}:{level}", amount=1)
                    .on_conflict_do_nothing()
                    .returning(Metered.what)
                )
                for level in reached
            ]
            if any(news):
                fresh.append(quota)
    for quota in fresh:
        log.warning(
            "a quota is filling up" if quota.level < LEVELS[-1] else "a quota is used up",
            quota=quota.name,
            percent=round(quota.percent, 1),
            used=round(quota.used, 3),
            limit=quota.limit,
        )
    return fresh


def _month(day: date) -> date:
    return day.replace(day=1)
