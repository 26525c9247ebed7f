"""From a status change to every open browser: latency of the event streams of one api process.

A thousand streams are open, first of a hundred users with ten pages each, then all of one user, the worst
case: each change goes to all of them. Rows change as a worker changes them (commit, then one entry in the
queue's event stream), and the clock runs from the commit until a stream's client has read the whole row.
Promise: p99 below 250 ms.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
from rich.console import Console
from sqlalchemy import update

from _bench import MB, Bar, Options, percentile, run_bench, show_bars, show_table
from _stack import App, open_app, temporary_home
from subiteya.db.models import User, Video
from subiteya.domain.probe import Probe
from subiteya.domain.states import VideoStatus
from subiteya.services.access import create_api_key
from subiteya.services.announce_change import announce_change
from subiteya.services.resources import Resources, open_resources

PROMISE_MS = 250
STREAMS = 1_000
SECONDS, QUICK_SECONDS = 30, 8
USERS = 100
CHANGES_PER_SECOND = {USERS: 10, 1: 2}
"""By number of users; two of the one user's are two thousand frames a second."""
VIDEOS_PER_USER = 3
_OPEN_AT_ONCE = 50
_STATE = re.compile(rb'event: video\ndata: {"id":"([0-9a-f-]{36})"[^\n]*?"version":(\d+)')
_PROBE = Probe(container="mp4", duration_s=10.0, size_bytes=1_000_000, video=None).to_json()


@dataclass(slots=True)
class Crowd:
    """Open streams, and when what they read was committed.

    Attributes:
        streams: How many there are to be.
        committed: Commit times by video and version.
        latencies: Milliseconds from a commit to a stream.
        opening: Held while a stream opens.
        open: How many are open.
        complete: Set once all are.
    """

    streams: int
    committed: dict[tuple[bytes, int], float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    opening: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_OPEN_AT_ONCE))
    open: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, app: App, key: str) -> None:
        """Open one stream and read it until cancelled."""
        place = urlsplit(app.stack.url)
        host, port = place.hostname or "", place.port or 0
        loop = asyncio.get_running_loop()
        async with self.opening:
            page = Page(self)
            transport, _ = await loop.create_connection(lambda: page, host, port)
            head = f"GET /api/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\r\n"
            transport.write(head.encode())
            await page.begun.wait()
        self.open += 1
        if self.open == self.streams:
            self.complete.set()
        try:
            await page.gone.wait()
            raise RuntimeError("the server closed a stream")
        finally:
            transport.close()


class Page(asyncio.Protocol):
    """One open page: as little work as possible, since a thousand of them share a core with the server."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._read = b""
        self.begun = asyncio.Event()
        self.gone = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Take what came; look at it once a frame is whole."""
        now = time.perf_counter()
        self._read += data
        if not self._read.endswith(b"\n\n\r\n"):
            return
        for state in _STATE.finditer(self._read):
            if at := self._crowd.committed.get((state[1], int(state[2]))):
                self._crowd.latencies.append((now - at) * 1000)
        if b"event: snapshot" in self._read:
            self.begun.set()
        self._read = b""

    def connection_lost(self, _error: Exception | None) -> None:
        """The server is done with us."""
        self.gone.set()


@dataclass(frozen=True, slots=True)
class Scene:
    """Users with videos that change."""

    resources: Resources
    keys: Sequence[str]
    videos: Sequence[uuid.UUID]

    @classmethod
    async def make(cls, resources: Resources, users: int) -> Self:
        """Write the rows."""
        keys, videos = [], []
        for number in range(users):
            user_id = uuid.uuid4()
            async with resources.db.begin() as session:
                session.add(User(id=user_id, name=f"user {number}"))
                await session.flush()
                made = [_video(user_id) for _ in range(VIDEOS_PER_USER)]
                session.add_all(made)
            videos += [video.id for video in made]
            keys.append(await create_api_key(resources, user_id=user_id, name="bench"))
        return cls(resources, keys, videos)

    async def change(self, crowd: Crowd, video_id: uuid.UUID) -> None:
        """Move one row back and forth as a worker would, and tell of it."""
        other = {VideoStatus.EDITING: VideoStatus.EDITING_QUEUED}
        async with self.resources.db.begin() as session:
            row = await session.get_one(Video, video_id, with_for_update=True)
            version, status = row.version + 1, other.get(row.status, VideoStatus.EDITING)
            changed = update(Video).where(Video.id == video_id).values(version=version, status=status)
            await session.execute(changed)
        crowd.committed[str(video_id).encode(), version] = time.perf_counter()
        await announce_change(self.resources, video_id)


def _video(user_id: uuid.UUID) -> Video:
    video_id = uuid.uuid4()
    return Video(
        id=video_id,
        user_id=user_id,
        title="A clip with a title of ordinary length",
        filename="clip.mp4",
        status=VideoStatus.EDITING_QUEUED,
        source_key=f"videos/{user_id}/{video_id}/source.mp4",
        source_bytes=22_118_400,
        content_type="video/mp4",
        probe=_PROBE,
    )


@asynccontextmanager
async def _watching(app: App, crowd: Crowd, keys: Sequence[str]) -> AsyncIterator[None]:
    """Open the streams, a few at a time; closed at the end."""
    async with asyncio.TaskGroup() as group:
        watchers = [
            group.create_task(crowd.watch(app, keys[number % len(keys)])) for number in range(crowd.streams)
        ]
        await crowd.complete.wait()
        yield
        for watcher in watchers:
            watcher.cancel()


async def _round(app: App, resources: Resources, users: int, options: Options) -> dict[str, float]:
    seconds = QUICK_SECONDS if options.quick else SECONDS
    scene = await Scene.make(resources, users)
    crowd = Crowd(STREAMS)
    api, client = psutil.Process(app.pids["api"]), psutil.Process()
    async with AsyncExitStack() as stack:
        begun = time.perf_counter()
        await stack.enter_async_context(_watching(app, crowd, scene.keys))
        opening = time.perf_counter() - begun
        await asyncio.sleep(2)
        spent = [sum(process.cpu_times()[:2]) for process in (api, client)]
        begun = time.perf_counter()
        while (passed := time.perf_counter() - begun) < seconds:
            await scene.change(crowd, random.choice(scene.videos))  # noqa: S311 - no secret
            await asyncio.sleep(max(0.0, len(crowd.committed) / CHANGES_PER_SECOND[users] - passed))
        await asyncio.sleep(1)
        spent = [sum(p.cpu_times()[:2]) - was for p, was in zip((api, client), spent, strict=True)]
    return {
        "streams": STREAMS,
        "users": users,
        "changes": len(crowd.committed),
        "received": len(crowd.latencies),
        "p50_ms": round(percentile(crowd.latencies, 0.5), 1),
        "p99_ms": round(percentile(crowd.latencies, 0.99), 1),
        "max_ms": round(max(crowd.latencies), 1),
        "open_seconds": round(opening, 1),
        "cpu_share": round(spent[0] / (seconds + 1), 2),
        "client_cpu_share": round(spent[1] / (seconds + 1), 2),
        "rss_mb": round(api.memory_info().rss / MB),
    }


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Run both rounds and print them."""
    async with temporary_home() as home, open_app(home) as app, open_resources(app.settings) as resources:
        rounds = [await _round(app, resources, users, options) for users in (USERS, 1)]
    heads = list(rounds[0])
    show_table(console, "Event streams of one api process", heads, [list(each.values()) for each in rounds])
    show_bars(console, [Bar(f"p99, {int(r['users'])} users", r["p99_ms"], PROMISE_MS, "ms") for r in rounds])
    return {"promise_ms": PROMISE_MS, "p99_ms": max(each["p99_ms"] for each in rounds), "rounds": rounds}


if __name__ == "__main__":
    run_bench(__doc__, measure)
