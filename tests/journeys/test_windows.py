"""The windows of an account, by TikTok's own clock: kept by retries, by late starts and by many workers."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from fixtures.processes import REDIRECT, House, until
from subiteya.db.models import Account, Job, Post, RateSlot, Video
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.services.connect_account import connect_with_code
from subiteya.services.queue_upload import PostWish, queue_upload

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


@dataclass(frozen=True, slots=True)
class Shelf:
    """Edited videos, as an edit worker leaves them; all of one file."""

    house: House
    clip: Path

    async def edited(self) -> uuid.UUID:
        owner, video_id = self.house.account.user_id, uuid.uuid4()
        key = f"videos/{owner}/shelf/edited.mp4"
        objects = self.house.resources.storage.objects
        if not await objects.exists(key):
            await objects.put_bytes(key, self.clip.read_bytes(), content_type="video/mp4")
        async with self.house.resources.db.begin() as session:
            session.add(
                Video(
                    id=video_id,
                    user_id=owner,
                    status=VideoStatus.EDITED,
                    title="Clip",
                    filename="clip.mp4",
                    source_key=f"videos/{owner}/{video_id}/source.mp4",
                    source_bytes=1000,
                    content_type="video/mp4",
                    probe={"duration_s": 3.0},
                    edited_key=key,
                )
            )
        return video_id

    async def queue(self, account: Account) -> Post:
        page = await queue_upload(
            self.house.resources,
            user_id=account.user_id,
            video_id=await self.edited(),
            account_id=account.id,
            wish=PostWish(),
        )
        return page.view.post


@pytest.fixture
def shelf(house: House, short_clip: Path) -> Shelf:
    return Shelf(house, short_clip)


async def another_account(house: House, username: str) -> Account:
    """One more creator, connected by the same owner."""
    creator = await house.simulator("POST", "/creators", {"username": username})
    code = await house.simulator(
        "POST", f"/creators/{creator['open_id']}/authorize", {"redirect_uri": REDIRECT}
    )
    return await connect_with_code(house.resources, house.account.user_id, SecretStr(code["code"]), REDIRECT)


async def all_posted(house: House, count: int, limit_s: float = 60) -> None:
    async def there() -> bool:
        async with house.resources.db.begin() as session:
            found = await session.scalar(select(func.count()).where(Post.status == PostStatus.POSTED))
        return found == count

    await until(there, limit_s, 0.2)


async def inits(house: House) -> dict[str, list[dict[str, Any]]]:
    """Every publish at TikTok by account, in order of time."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for publish in (await house.simulator("GET", "/state"))["publishes"]:
        found[publish["open_id"]].append(publish)
    return found


def gaps(publishes: list[dict[str, Any]]) -> list[float]:
    return [later["created_at"] - earlier["created_at"] for earlier, later in pairwise(publishes)]


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
