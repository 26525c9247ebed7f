"""Edited videos without an edit, and what TikTok's clock says of the posts that are made of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select

from fixtures.processes import REDIRECT, House, until
from subiteya.db.models import Account, Post, Video
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.services.connect_account import connect_with_code
from subiteya.services.queue_upload import PostWish, queue_upload


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

    async def queue(self, account: Account, mode: PostMode = PostMode.DIRECT) -> Post:
        page = await queue_upload(
            self.house.resources,
            user_id=account.user_id,
            video_id=await self.edited(),
            account_id=account.id,
            wish=PostWish(mode=mode),
        )
        return page.view.post


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


def gaps(publishes: Sequence[dict[str, Any]]) -> list[float]:
    return [later["created_at"] - earlier["created_at"] for earlier, later in pairwise(publishes)]
