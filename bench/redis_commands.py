"""Redis commands, as a Redis that bills by the command counts them: idle, per video, and by the day.

An api and both workers on a Valkey of their own, as on a metered Redis (`REDIS_PROFILE=metered`); beside them
two BullMQ workers with its defaults. Counted by the server (`INFO commandstats`, less what scripts call).
Promises: at most 2,500 a day idle, at most 35 a video from upload to posted; and although workers sleep for
minutes, a new job is picked up within 50 ms (p99).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bullmq import Worker
from rich.console import Console

from _bench import Bar, Options, percentile, run_bench, show_bars, show_table
from _clips import make_clip, make_segment
from _clock import SPEED
from _commands import Commands, counting
from _publish import SPEC, publish
from _stack import AT_ONCE, App, lone_valkey, open_app, temporary_home
from subiteya.config import QueueSettings
from subiteya.domain.outcome import Done, Outcome
from subiteya.embedded.home import Home
from subiteya.embedded.state import settings_from
from subiteya.queue.connection import redis_options
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import QueueName, upload_job_id
from subiteya.queue.queues import JobSpec, Queues
from subiteya.queue.worker import QueueWorker

IDLE_PROMISE, VIDEO_PROMISE, PICKUP_PROMISE_MS = 2_500, 35, 50
METERED: Mapping[str, str] = {**AT_ONCE, "REDIS_PROFILE": "metered"}
CYCLE_S = 300
"""Everything that an idle process does with a metered Redis, it does once in this time."""
QUICK_CYCLES = 2
DEFAULTS_S = 60
"""Two of BullMQ's stalled checks."""
QUICK_DEFAULTS_S = 30
VIDEOS, QUICK_VIDEOS = 5, 1
LARGE_MB = 100
"""TikTok takes up to 64 MB in one chunk."""
PICKUPS, QUICK_PICKUPS = 400, 100
DAILY = (50, 200, 1_000)
DAYS = 30
USD_PER_COMMAND = 0.20 / 100_000
"""Upstash, pay as you go (https://upstash.com/pricing/redis, November 2026)."""
FREE_A_MONTH = 500_000
"""Upstash's free tier, same source."""
_START_S = 2.0
"""What a process asks when it starts is over after this time."""
_CLOCK = (sys.executable, str(Path(__file__).with_name("_clock.py")))


@dataclass(frozen=True, slots=True)
class Idle:
    """What idle processes ask."""

    silent: Commands
    """No browser looks."""
    watched: Commands
    """One browser has a page open."""
    speed: int
    """How many times too fast the clock ran."""

    def per_day(self, commands: Commands) -> float:
        """Commands a day on the real clock."""
        return commands.per_day / self.speed


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was measured."""

    idle: Idle
    defaults: Commands
    video: Commands
    """One video, upload to posted."""
    large: Commands | None
    """One that goes to TikTok in several chunks."""
    pickups_ms: list[float]

    @property
    def per_video(self) -> float:
        """Commands for one video, upload to posted."""
        return self.video.total

    @property
    def idle_per_day(self) -> float:
        """Commands a day without a video, while somebody looks."""
        return self.idle.per_day(self.idle.watched)

    def per_day(self, videos: int) -> float:
        """Commands a day with so many videos."""
        return self.idle_per_day + videos * self.per_video


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Run it all and print the tables."""
    async with temporary_home() as home, temporary_home() as other:
        counting_defaults = asyncio.create_task(
            _count_defaults(other, QUICK_DEFAULTS_S if options.quick else DEFAULTS_S)
        )
        async with open_app(home, METERED) as app:
            segment = await make_segment(home.root)
            video = await _count_videos(app, segment, QUICK_VIDEOS if options.quick else VIDEOS)
            large = None if options.quick else await _count_videos(app, await make_clip(segment, LARGE_MB), 1)
            pickups = await _time_pickups(app, QUICK_PICKUPS if options.quick else PICKUPS)
            if not options.quick:
                idle = await _count_idle(app, CYCLE_S, 1)
        if options.quick:
            async with open_app(home, METERED, program=_CLOCK) as app:
                idle = await _count_idle(app, QUICK_CYCLES * CYCLE_S / SPEED, SPEED)
        found = Found(idle, await counting_defaults, video, large, pickups)
    _show(console, found)
    return _result(found)


async def _count_idle(app: App, seconds: float, speed: int) -> Idle:
    await _teach_scripts(_redis(app))
    await asyncio.sleep(_START_S)
    async with counting(_redis(app)) as silent:
        await asyncio.sleep(seconds)
    async with app.api() as api, api.events():
        await asyncio.sleep(_START_S)
        async with counting(_redis(app)) as watched:
            await asyncio.sleep(seconds)
    return Idle(silent, watched, speed)


async def _count_videos(app: App, clip: Path, count: int) -> Commands:
    """A clip through `subiteya publish`, again and again, while somebody has a page open: for one video."""
    spec = clip.with_suffix(".json")
    spec.write_text(json.dumps(SPEC))
    async with app.api() as api, api.events():
        await publish(app, clip, spec)  # the first one also loads BullMQ's scripts into the server
        async with counting(_redis(app)) as commands:
            for _ in range(count):
                await publish(app, clip, spec)
                await asyncio.sleep(1)
    return commands.per(count)


async def _time_pickups(app: App, count: int) -> list[float]:
    """Milliseconds from asking for a job until its processor runs, the worker asleep each time."""
    settings = settings_from({**app.stack.environment, "BULLMQ_PREFIX": "pickup"})
    begun: asyncio.Queue[float] = asyncio.Queue()

    async def process(_: JobInHand) -> Outcome:
        begun.put_nowait(time.perf_counter())
        return Done()

    async with _at_work(process, settings.queue), Queues.open(settings.queue, settings.jobs) as queues:
        return [await _time_pickup(queues, begun) for _ in range(count)]


async def _time_pickup(queues: Queues, begun: asyncio.Queue[float]) -> float:
    asked = time.perf_counter()
    await queues.enqueue(JobSpec(upload_job_id(uuid.uuid4())))
    picked_up = await begun.get()
    await asyncio.sleep(0.02)  # it finishes the job and falls asleep
    return (picked_up - asked) * 1000


@asynccontextmanager
async def _at_work(process: Any, settings: QueueSettings) -> AsyncIterator[None]:
    worker = QueueWorker(QueueName.UPLOAD, process, settings, name="bench")
    running = asyncio.create_task(worker.run())
    await worker.ready.wait()
    try:
        yield
    finally:
        await worker.stop(grace_s=1)
        await running


async def _count_defaults(home: Home, seconds: float) -> Commands:
    """Two workers as BullMQ makes them when nothing is said, on a server of their own."""
    async with lone_valkey(home) as url:
        await _teach_scripts(url)
        async with _bare_worker(url, QueueName.EDIT, concurrency=2), _bare_worker(url, QueueName.UPLOAD):
            await asyncio.sleep(2 * _START_S)  # the machine is busy with starting the others too
            async with counting(url) as commands:
                await asyncio.sleep(seconds)
    return commands


async def _teach_scripts(url: str) -> None:
    """Let the server know BullMQ's scripts, as one does that has run for a while.

    A worker loads each at its first use; within minutes that would count as if it went on all day.
    """
    async with _bare_worker(url, "warm-up", stalledInterval=200):
        await asyncio.sleep(1)


@asynccontextmanager
async def _bare_worker(url: str, queue: str, **options: Any) -> AsyncIterator[None]:
    """A worker of BullMQ without ours around it."""

    async def process(*_: Any) -> None:
        return

    connection = redis_options(settings_from({"REDIS_URL": url}).queue)
    worker = Worker(str(queue), process, {"connection": connection, **options})
    try:
        yield
    finally:
        await worker.close(force=True)


def _redis(app: App) -> str:
    return app.stack.environment["REDIS_URL"]


def _result(found: Found) -> Mapping[str, Any]:
    return {
        "idle_per_day": round(found.idle_per_day),
        "idle_per_day_unwatched": round(found.idle.per_day(found.idle.silent)),
        "idle_per_day_defaults": round(found.defaults.per_day),
        "per_video": round(found.per_video, 1),
        "per_video_large": None if found.large is None else round(found.large.total, 1),
        "pickup_p50_ms": round(percentile(found.pickups_ms, 0.5), 2),
        "pickup_p99_ms": round(percentile(found.pickups_ms, 0.99), 2),
        "commands_per_video": {
            name: round(calls, 2)
            for name, calls in sorted(found.video.asked.items(), key=lambda entry: -entry[1])
        },
        "in_scripts_per_video": round(sum(found.video.in_scripts.values()), 1),
        "per_day": {str(videos): round(found.per_day(videos)) for videos in DAILY},
        "usd_per_month": {str(videos): round(_usd(found, videos), 2) for videos in DAILY},
    }


def _usd(found: Found, videos: int) -> float:
    return found.per_day(videos) * DAYS * USD_PER_COMMAND


def _show(console: Console, found: Found) -> None:
    idle = found.idle
    names = sorted({*idle.watched.asked, *found.defaults.asked, *found.video.asked})
    scale = 86_400 / idle.speed
    rows = [
        (
            name,
            round(idle.silent.asked.get(name, 0) * scale / idle.silent.seconds),
            round(idle.watched.asked.get(name, 0) * scale / idle.watched.seconds),
            round(found.defaults.asked.get(name, 0) * 86_400 / found.defaults.seconds),
            found.video.asked.get(name, 0.0),
        )
        for name in names
    ]
    idle_days = (idle.per_day(idle.silent), found.idle_per_day, found.defaults.per_day)
    total = ("all", *map(round, idle_days), found.per_video)
    heads = ("command", "idle a day", "… with an open page", "BullMQ's defaults", "per video")
    show_table(console, "Redis commands", heads, [*rows, total])
    days = [
        (
            f"{videos} videos a day",
            round(found.per_day(videos)),
            round(found.per_day(videos) * DAYS),
            f"{found.per_day(videos) * DAYS / FREE_A_MONTH:.0%}",
            f"$ {_usd(found, videos):.2f}",
        )
        for videos in DAILY
    ]
    show_table(console, "On Upstash", ("", "a day", "a month", "of the free tier", "pay as you go"), days)
    bars = [
        Bar("idle, with an open page", found.idle_per_day, IDLE_PROMISE, "commands a day"),
        Bar("a video, upload to posted", found.per_video, VIDEO_PROMISE, "commands"),
        Bar("pick-up, p99", percentile(found.pickups_ms, 0.99), PICKUP_PROMISE_MS, "ms"),
    ]
    if found.large is not None:
        bars.insert(2, Bar(f"a video of {LARGE_MB} MB", found.large.total, VIDEO_PROMISE, "commands"))
    show_bars(console, bars)


if __name__ == "__main__":
    run_bench(__doc__, measure)
