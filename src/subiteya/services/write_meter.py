"""Add what a process has used to the day's account."""

from __future__ import annotations

import structlog
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from subiteya.db.database import Database
from subiteya.db.models import Metered
from subiteya.domain.errors import Unavailable
from subiteya.observe.meter import Meter

log = structlog.get_logger(__name__)


async def write_meter(db: Database, meter: Meter) -> None:
    """Move the meter's counts to today's rows; they stay in it while the database is away."""
    counts = meter.take()
    if not counts:
        return
    today = func.cast(func.timezone("UTC", func.clock_timestamp()), Metered.day.type)
    # In one order always: processes that add at the same moment must not wait for each other in a circle.
    rows = [{"day": today, "what": what.value, "amount": counts[what]} for what in sorted(counts)]
    adding = insert(Metered).values(rows)
    try:
        async with db.begin() as session:
            await session.execute(
                adding.on_conflict_do_update(
                    index_elements=[Metered.day, Metered.what],
                    set_={"amount": Metered.amount + adding.excluded.amount},
                )
            )
    except Unavailable:
        meter.give_back(counts)
        log.debug("what was used is written down later")
    except Exception:  # whatever it is: what was counted is counted again, and somebody hears of it
        meter.give_back(counts)
        raise
