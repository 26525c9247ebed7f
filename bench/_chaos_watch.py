"""Looks on while chaos reigns: where each video stands, how long the queues are, whether a promise breaks."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx2
from sqlalchemy import func, select

from _chaos_fleet import Fleet
from subiteya.db.models import Event, Job, Post, Video
from subiteya.domain.errors import DatabaseUnavailable
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import QueueName
from subiteya.services.resources import Resources

LOOK_S = 1.0
RECOVERED = ("worker_lost", "taken_over")
"""Reasons in a timeline that say: somebody went on with what a dead worker had begun."""
PATIENCE_S = 420.0
"""How long one thing may take while everything but a card's victim lives."""
_CLOCKS_S = 0.05
"""By how much the simulator's word for when something came may differ from when it was asked."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a video stands."""

    status: str
    post_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One look.

    Attributes:
        at: Seconds since the start.
        edits: Edit jobs that wait or run.
        uploads: Upload jobs that wait or run.
        posted: Videos that TikTok has.
        recovered: How often work was taken over from the dead, so far.
        down: Services that do not answer.
    """

    at: float
    edits: int
    uploads: int
    posted: int
    recovered: int
    down: int


@dataclass(slots=True)
class Watch:
    """Looks once a second, as far as the engines let it.

    Attributes:
        fleet: At what.
        resources: Its database.
        window_s: Least seconds between two posts of one account.
        patience_s: How long owners ask for one thing, and wait for one.
        began: When the run did, by the monotonic clock.
        videos: Where each video stood at the last look.
        samples: What was seen, in order.
        broken: Promises that were seen broken, in words.
    """

    fleet: Fleet
    resources: Resources
    window_s: float
    patience_s: float = PATIENCE_S
    began: float = field(default_factory=time.monotonic)
    videos: dict[uuid.UUID, Stand] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    _looked: asyncio.Condition = field(default_factory=asyncio.Condition)
    _forgotten: dict[uuid.UUID, float] = field(default_factory=dict)
    _posts: int = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(DatabaseUnavailable):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once.

        Raises:
            DatabaseUnavailable: The database is away.
        """
        began = time.monotonic()
        async with self.resources.db.begin() as session:
            videos = list(await session.execute(select(Video.id, Video.status)))
            posts = list(await session.execute(select(Post.video_id, Post.id, Post.status, Post.publish_id)))
            live = select(Job.queue, func.count()).where(Job.status.in_([JobStatus.QUEUED, JobStatus.ACTIVE]))
            depth = {row[0]: row[1] for row in await session.execute(live.group_by(Job.queue))}
            recovered = await session.scalar(
                select(func.count()).select_from(Event).where(Event.reason.in_(RECOVERED))
            )
        post_of = {video_id: post_id for video_id, post_id, *_ in posts}
        claimed = {publish_id for *_, status, publish_id in posts if status is PostStatus.POSTED}
        # After our rows: what they say is posted must be there by now.
        with suppress(httpx2.HTTPError):
            publishes = await published(self.fleet)
            self._posts = len(publishes)
            self.broken |= promises_broken(publishes, claimed, self.window_s)
        self.samples.append(
            Sample(
                at=time.monotonic() - self.began,
                edits=depth.get(QueueName.EDIT, 0),
                uploads=depth.get(QueueName.UPLOAD, 0),
                posted=self._posts,
                recovered=recovered or 0,
                down=len(self.fleet.down),
            )
        )
        async with self._looked:
            self.videos = {
                video_id: Stand(str(VideoStatus(status)), post_of.get(video_id))
                for video_id, status in videos
                if self._forgotten.get(video_id, 0.0) < began
            }
            self._looked.notify_all()

    async def until_video(self, video_id: uuid.UUID, statuses: Collection[str]) -> str:
        """Wait until a video stands in one of these.

        Raises:
            TimeoutError: It never did.
        """
        async with asyncio.timeout(self.patience_s), self._looked:
            while (stand := self.videos.get(video_id)) is None or stand.status not in statuses:
                await self._looked.wait()
        return stand.status

    def forget(self, video_id: uuid.UUID) -> None:
        """What was seen of a video is old: the next look that begins from now on counts."""
        self._forgotten[video_id] = time.monotonic()
        self.videos.pop(video_id, None)


def promises_broken(
    publishes: Sequence[Mapping[str, Any]], claimed: Collection[str | None], window_s: float
) -> set[str]:
    """What must never be seen, in words.

    Args:
        publishes: What exists at TikTok.
        claimed: Publishes of posts that we show as posted.
        window_s: Least seconds between two posts of one account.
    """
    times = Counter(publish["title"] for publish in publishes)
    broken = {f"{title} exists {count} times" for title, count in times.items() if count > 1}
    unknown = set(claimed) - {publish["publish_id"] for publish in publishes}
    broken |= {f"{publish_id} is shown as posted, and TikTok has it not" for publish_id in unknown}
    by_account: dict[str, list[float]] = defaultdict(list)
    for publish in publishes:
        by_account[publish["open_id"]].append(publish["created_at"])
    for open_id, begun in by_account.items():
        for earlier, later in pairwise(sorted(begun)):
            if later - earlier < window_s - _CLOCKS_S:
                broken.add(f"two posts of {open_id} within {later - earlier:.2f} s")
    return broken


async def published(fleet: Fleet) -> list[dict[str, Any]]:
    """What exists at TikTok.

    Raises:
        httpx2.HTTPError: The simulator is away.
    """
    state: Any = await fleet.simulator("GET", "/state")
    return [publish for publish in state["publishes"] if publish["step"] == "complete"]
