"""A lane of the crash bench: accounts, posts, and an upload worker that is killed where it is told.

Lanes share their engines and the simulator; each has a database and a Redis database of its own.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import select, update

from _crash_lives import Lives
from _crash_worker import CHUNK, Order
from subiteya.cli.first_start import REDIRECT
from subiteya.db.models import Account, Event, Post, Video
from subiteya.domain.consent import VERSION
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.services.access import ensure_owner
from subiteya.services.connect_account import connect_with_code
from subiteya.services.create_posts import PlannedPost, create_posts
from subiteya.services.queue_upload import PostWish, queue_upload
from subiteya.services.resources import Resources

SOON: Mapping[str, str] = {
    "ACCOUNT_WINDOW_SECONDS": "0",
    "UPLOAD_MAX_PER_MINUTE": "1000",
    "JOB_LEASE_SECONDS": "2",
    "SWEEP_SECONDS": "0.2",
    "PRESENCE_SECONDS": "1",
    "RETRY_BASE_SECONDS": "0.1",
    "TIKTOK_POLL_SECONDS": "0.2",
    "GRACE_SECONDS": "2",
    "REDIS_PROFILE": "own",
    "LOG_FORMAT": "json",
}
"""Recovery within seconds."""
LIMIT_S = 90.0
CHUNKS = 3
_SPARE = 40_000
"""Bytes beyond the last whole chunk."""
_ENDS = frozenset({PostStatus.POSTED, PostStatus.NEEDS_ATTENTION, PostStatus.FAILED_UPLOAD})


class Way(StrEnum):
    """How a post goes out."""

    DIRECT = "direct"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RENEWAL = "renewal"
    """With an access token that must be renewed first."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A moment at which a worker may die: the `number`-th time that it comes by `name`."""

    name: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.name} #{self.number}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a post whose worker died at `point`."""

    way: Way
    point: Point | None
    died: bool
    status: str
    error: str | None
    posts: int
    """How many of it exist at TikTok."""
    ours: bool
    """Whether one that exists is the one that its row names."""
    seconds: float
    told: tuple[str, ...]
    """Its timeline."""

    @property
    def once(self) -> bool:
        """Whether it exists exactly once, and is shown as posted."""
        return self.posts == 1 and self.ours and self.status == PostStatus.POSTED

    @property
    def asks_owner(self) -> bool:
        """Whether it does not exist, and its owner is told what to do."""
        return self.posts == 0 and self.status == PostStatus.NEEDS_ATTENTION


@dataclass(slots=True)
class Lane:
    """One worker at a time, and posts that it does not survive."""

    resources: Resources
    folder: Path
    simulator: httpx2.AsyncClient
    user_id: uuid.UUID
    key: str
    lives: Lives
    _round: int = 0

    async def points(self, way: Way) -> list[Point]:
        """Every point that an undisturbed post passes, in order."""
        outcome = await self.crash(way, None)
        if not outcome.once:
            raise AssertionError(f"an undisturbed post did not go out: {outcome}")
        lines = [line.split("\t") for line in (self.folder / "passed").read_text().splitlines()]
        return [Point(name, int(number)) for turn, name, number in lines if turn == str(self._round)]

    async def crash(self, way: Way, point: Point | None) -> Outcome:
        """Post something, let the worker die at a point, start another, and count what exists at the end."""
        began = time.monotonic()
        self._order(point)
        await self.lives.begin()
        account, post_id = await self._post(way)
        died = point is not None and await self._dies(post_id)
        self._order(None, same_round=point is None)
        await self.lives.begin()
        post = await self._ends(post_id)
        existing = [
            one["publish_id"]
            for one in (await self._ask("GET", "/state"))["publishes"]
            if one["open_id"] == account.open_id and one["step"] == "complete"
        ]
        return Outcome(
            way=way,
            point=point,
            died=died,
            status=post.status,
            error=post.error_code,
            posts=len(existing),
            ours=post.publish_id in existing,
            seconds=time.monotonic() - began,
            told=await self._told(post_id),
        )

    def _order(self, point: Point | None, *, same_round: bool = False) -> None:
        self._round += not same_round
        order = Order(self._round) if point is None else Order(self._round, point.name, point.number)
        order.write(self.folder)

    async def _dies(self, post_id: uuid.UUID) -> bool:
        """Wait for the worker's death; False when the post ended without it."""

        async def either() -> bool:
            return self.lives.over or (await self._row(post_id)).status in _ENDS

        await _until(either)
        return self.lives.over

    async def _ends(self, post_id: uuid.UUID) -> Post:
        """The post once it has ended, or as it stands when it does not end in time."""
        finished: set[str | None] = set()

        async def ended() -> bool:
            post = await self._row(post_id)
            if post.status == PostStatus.IN_INBOX and post.publish_id not in finished:
                finished.add(post.publish_id)
                path = f"/publishes/{post.publish_id}/finish"
                await self._ask("POST", path, {"privacy_level": "SELF_ONLY"})
            return post.status in _ENDS

        await _until(ended)
        return await self._row(post_id)

    async def _post(self, way: Way) -> tuple[Account, uuid.UUID]:
        account = await self._account()
        if way is Way.RENEWAL:
            async with self.resources.db.begin() as session:
                now = datetime.now(UTC)
                await session.execute(
                    update(Account).where(Account.id == account.id).values(access_expires_at=now)
                )
        video_id = await self._video()
        if way is Way.SCHEDULED:
            planned = PlannedPost(account.id, PostWish(), datetime.now(UTC) + timedelta(seconds=1))
            [page] = await create_posts(
                self.resources,
                user_id=self.user_id,
                video_id=video_id,
                planned=[planned],
                consent_version=VERSION,
            )
        else:
            page = await queue_upload(
                self.resources,
                user_id=self.user_id,
                video_id=video_id,
                account_id=account.id,
                wish=PostWish(mode=PostMode.DRAFT if way is Way.DRAFT else PostMode.DIRECT),
            )
        return account, page.view.post.id

    async def _account(self) -> Account:
        """A creator of their own for each post, so that nothing but this post is counted."""
        creator = await self._ask("POST", "/creators", {"username": f"c{uuid.uuid4().hex[:16]}"})
        code = await self._ask(
            "POST", f"/creators/{creator['open_id']}/authorize", {"redirect_uri": REDIRECT}
        )
        return await connect_with_code(self.resources, self.user_id, SecretStr(code["code"]), REDIRECT)

    async def _video(self) -> uuid.UUID:
        """An edited video, as an edit worker leaves it."""
        video_id = uuid.uuid4()
        async with self.resources.db.begin() as session:
            session.add(
                Video(
                    id=video_id,
                    user_id=self.user_id,
                    status=VideoStatus.EDITED,
                    title="Clip",
                    filename="clip.mp4",
                    source_key=self.key,
                    source_bytes=CHUNKS * CHUNK + _SPARE,
                    content_type="video/mp4",
                    probe={},
                    edited_key=self.key,
                )
            )
        return video_id

    async def _row(self, post_id: uuid.UUID) -> Post:
        async with self.resources.db.begin() as session:
            return await session.get_one(Post, post_id)

    async def _told(self, post_id: uuid.UUID) -> tuple[str, ...]:
        async with self.resources.db.begin() as session:
            rows = await session.scalars(select(Event).where(Event.post_id == post_id).order_by(Event.id))
            return tuple(event.reason or str(event.to_status) for event in rows)

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.simulator.request(method, f"/simulator{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@asynccontextmanager
async def open_lane(
    resources: Resources, environment: Mapping[str, str], folder: Path, clip: Path
) -> AsyncIterator[Lane]:
    """A lane with a loaded worker, which begins to live with the first post.

    Args:
        resources: On the lane's own data, with the settings of `environment`.
        environment: Of the worker.
        folder: For orders and logs.
        clip: A small MP4 file; made longer so that it takes several chunks.
    """
    owner = await ensure_owner(resources)
    key = f"videos/{owner.user.id}/crash/edited.mp4"
    await resources.storage.objects.put_bytes(key, _padded(clip.read_bytes()), content_type="video/mp4")
    url = environment["TIKTOK_SIMULATOR_URL"]
    folder.mkdir(parents=True, exist_ok=True)
    lives = await Lives.prepare(folder, environment)
    async with httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False) as simulator:
        try:
            yield Lane(resources, folder, simulator, owner.user.id, key, lives)
        finally:
            await lives.end()


def _padded(clip: bytes) -> bytes:
    """The clip with a box behind it that players skip (ISO/IEC 14496-12: `free`)."""
    spare = CHUNKS * CHUNK + _SPARE - len(clip)
    return clip + spare.to_bytes(4, "big") + b"free" + bytes(spare - 8)


async def _until(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is true, or for long enough."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if await check():
            return
        await asyncio.sleep(0.1)
