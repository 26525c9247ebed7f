"""Three upload workers, and more posts than fit into the windows: each account keeps its distance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from fixtures.processes import House
from journeys.shelf import Shelf, all_posted, another_account, gaps, inits
from subiteya.db.models import Event, Job

WINDOW_S = 1
ONE_ACCOUNT, OF_EACH, OTHERS, WORKERS = 20, 10, 5, 3
LIMIT_S = 400.0


@pytest.fixture
def process_environment(process_environment: Mapping[str, str]) -> Mapping[str, str]:
    """With a window that is short enough to be waited for seventy times."""
    return {
        **process_environment,
        "ACCOUNT_WINDOW_SECONDS": str(WINDOW_S),
        "UPLOAD_MAX_PER_MINUTE": "1000",
        "CREATOR_POSTS_PER_DAY": "0",
    }


@pytest.mark.timeout(600)  # seventy posts on top of a busy machine
async def test_three_workers_keep_every_window(house: House, short_clip: Path) -> None:
    # What TikTok allows in a minute or a day would make seventy posts last for days.
    await house.simulator("PATCH", "/switches", {"rate_limits": False, "daily_post_cap": 100})
    shelf = Shelf(house, short_clip)
    workers = [house.start("worker", "upload") for _ in range(WORKERS)]
    others = [await another_account(house, f"cuenta.{number}") for number in range(OTHERS)]
    for account, count in [(house.account, ONE_ACCOUNT), *((other, OF_EACH) for other in others)]:
        for _ in range(count):
            await shelf.queue(account)
    await asyncio.gather(*map(house.ready, workers))
    await all_posted(house, ONE_ACCOUNT + OTHERS * OF_EACH, LIMIT_S)
    by_account = await inits(house)
    assert sorted(map(len, by_account.values())) == [*[OF_EACH] * OTHERS, ONE_ACCOUNT]
    for publishes in by_account.values():
        assert min(gaps(publishes)) >= WINDOW_S
    async with house.resources.db.begin() as session:
        started = select(Event.actor).where(Event.reason == "started").distinct()
        assert len(list(await session.scalars(started))) == WORKERS, "every worker took its share"
        burnt = list(await session.scalars(select(Job.id).where(Job.attempts > 0)))
    assert burnt == [], "waiting burns no attempt"
