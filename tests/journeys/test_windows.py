"""The windows of an account, by TikTok's own clock: kept by retries and by late starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from fixtures.processes import House
from journeys.shelf import Shelf, all_posted, gaps, inits
from subiteya.db.models import Job, RateSlot

WINDOW_S = 2.0


@pytest.fixture
def process_environment(process_environment: Mapping[str, str]) -> Mapping[str, str]:
    """With a window that is short enough to be waited for."""
    return {
        **process_environment,
        "ACCOUNT_WINDOW_SECONDS": str(WINDOW_S),
        "UPLOAD_MAX_PER_MINUTE": "1000",
        "CREATOR_POSTS_PER_DAY": "0",
    }


@pytest.fixture
def shelf(house: House, short_clip: Path) -> Shelf:
    return Shelf(house, short_clip)


async def test_a_retry_keeps_its_distance_to_who_was_planned_after_it(house: House, shelf: Shelf) -> None:
    fault = {"action": "status", "endpoint": "video_init", "status": 500}
    await house.simulator("POST", "/faults", fault)
    await house.ready(house.start("worker", "upload", RETRY_BASE_SECONDS="1.5"))
    first, second = [await shelf.queue(house.account) for _ in range(2)]
    assert second.slot_at is not None
    assert first.slot_at is not None
    assert (second.slot_at - first.slot_at).total_seconds() == WINDOW_S
    await all_posted(house, 2)
    [publishes] = (await inits(house)).values()
    assert min(gaps(publishes)) >= WINDOW_S
    jobs = {job.post_id: job.attempts for job in await house.jobs()}
    assert jobs == {first.id: 1, second.id: 0}, "waiting burns no attempt"


async def test_posts_that_come_late_together_go_out_a_window_apart(house: House, shelf: Shelf) -> None:
    for _ in range(3):
        await shelf.queue(house.account)
    # As if nobody had been there to take them for a minute: all three are due at once.
    async with house.resources.db.begin() as session:
        minute = timedelta(minutes=1)
        await session.execute(update(Job).values(not_before=Job.not_before - minute))
        await session.execute(update(RateSlot).values(at=RateSlot.at - minute))
    await house.ready(house.start("worker", "upload"))
    await all_posted(house, 3)
    [publishes] = (await inits(house)).values()
    assert min(gaps(publishes)) >= WINDOW_S
