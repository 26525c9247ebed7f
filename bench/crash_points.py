"""Kill -9 of the upload worker at every step of a post's way: it exists exactly once, each time.

An undisturbed post is sent first, and each point that it passes is noted: before and after every commit that
writes, every question to TikTok (answered, but the answer never seen), every chunk, every block of a chunk
that was read from S3 and that went to TikTok, every move of the job in Redis. Then one post for each point:
the worker dies there, another one starts, and at the end TikTok's simulator is asked how many posts exist.
Posts in three chunks, drafts, scheduled posts, posts whose token must be renewed first, and posts that are
confirmed by webhook. PostgreSQL, Valkey and S3 are real, as is the worker.

One death is no post's fault: in the moment in which TikTok has rotated the tokens and we have not stored
them. The old ones are worth nothing then, and the owner must connect again. Such a post does not exist, and
says so.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg import sql
from rich.console import Console

from _bench import Bar, Options, percentile, run_bench, show_bars, show_table
from _clips import make_small
from _crash_lane import SOON, Lane, Outcome, Point, Way, open_lane
from _stack import App, open_app, temporary_home
from subiteya.db.migrate import upgrade
from subiteya.embedded.state import settings_from
from subiteya.services.resources import open_resources

LANES, QUICK_LANES = 3, 2
QUICK_POINTS = 10
EVERY_BLOCK = 10
"""Of a chunk's blocks, of which some twenty make up 5 MB, the first, the eleventh and the last."""
BY_WEBHOOK: Mapping[str, str] = {**SOON, "TIKTOK_POLL_SECONDS": "5"}
"""TikTok's webhook comes long before the first question."""
OF_WAY: Mapping[Way, tuple[str, ...]] = {
    Way.DIRECT: ("",),
    Way.DRAFT: ("commit ", "ask "),
    Way.SCHEDULED: ("commit start_due_posts", "commit deliver", "commit _take", "queue moveToActive"),
    Way.RENEWAL: ("commit Tokens.access", "ask /v2/oauth/"),
}
"""What is tried on each way: points that begin so. What another way has shown is not shown again."""
CONFIRMING = ("commit Confirmer", "ask /v2/post/publish/status/")
ROTATION_LOST = frozenset({"ask /v2/oauth/token/: answered", "commit Tokens.access: before"})
"""TikTok has rotated, and nothing of it is stored yet."""


@dataclass(frozen=True, slots=True)
class Try:
    """A point on a way."""

    way: Way
    point: Point

    @property
    def may_ask_owner(self) -> bool:
        """Whether the tokens are lost with the worker here."""
        return self.way is Way.RENEWAL and self.point.name in ROTATION_LOST


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Kill, count, show."""
    async with temporary_home() as home, open_app(home, SOON, without={"edit", "upload"}) as app:
        clip = await make_small(home.root)
        names = [f"lane_{number}" for number in range(QUICK_LANES if options.quick else LANES)]
        async with AsyncExitStack() as stack:
            lanes = [await stack.enter_async_context(_lane(app, home.root, clip, name)) for name in names]
            tries = await _tries(lanes[0])
            if options.quick:
                tries = tries[:: -(-len(tries) // QUICK_POINTS)]
            told = [] if options.quick else [asyncio.create_task(_by_webhook(app, home.root, clip))]
            found = await _run(lanes, tries)
            by_webhook = [outcome for task in told for outcome in await task]
    _show(console, found, by_webhook)
    return _result(found, by_webhook)


@asynccontextmanager
async def _lane(app: App, root: Path, clip: Path, name: str) -> AsyncIterator[Lane]:
    """A lane on data of its own."""
    shared = app.stack.environment
    number = int(name.rpartition("_")[2]) + 1
    with psycopg.connect(shared["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    own = {
        "DATABASE_URL": shared["DATABASE_URL"].replace("/subiteya?", f"/{name}?"),
        "REDIS_URL": f"{shared['REDIS_URL']}?db={number}",
    }
    await upgrade(own["DATABASE_URL"])
    async with _open(app, {**SOON, **own}, root / name, clip) as lane:
        yield lane


@asynccontextmanager
async def _open(app: App, own: Mapping[str, str], folder: Path, clip: Path) -> AsyncIterator[Lane]:
    environment = {**os.environ, **app.stack.environment, **own, "WORKER_NAME": folder.name}
    async with (
        open_resources(settings_from(environment)) as resources,
        open_lane(resources, environment, folder, clip) as lane,
    ):
        yield lane


async def _tries(lane: Lane) -> list[Try]:
    return [
        Try(way, point)
        for way, beginnings in OF_WAY.items()
        for point in await lane.points(way)
        if point.name.startswith(beginnings) and not _is_skipped(point)
    ]


def _is_skipped(point: Point) -> bool:
    return ": block " in point.name and point.number % EVERY_BLOCK != 1


async def _by_webhook(app: App, root: Path, clip: Path) -> list[tuple[Try, Outcome]]:
    """Deaths while TikTok's word comes by webhook: on the data of the api that takes it."""
    switches = {"webhook_url": f"{app.stack.url}/api/webhooks/tiktok"}
    async with httpx2.AsyncClient(base_url=app.stack.simulator_url or "", trust_env=False) as http:
        (await http.patch("/simulator/switches", json=switches)).raise_for_status()
    async with _open(app, BY_WEBHOOK, root / "webhook", clip) as lane:
        points = [point for point in await lane.points(Way.DIRECT) if point.name.startswith(CONFIRMING)]
        return await _run([lane], [Try(Way.DIRECT, point) for point in points])


async def _run(lanes: Sequence[Lane], tries: Sequence[Try]) -> list[tuple[Try, Outcome]]:
    waiting = list(reversed(tries))
    found: list[tuple[Try, Outcome]] = []

    async def work(lane: Lane) -> None:
        while waiting:
            one = waiting.pop()
            found.append((one, await lane.crash(one.way, one.point)))

    await asyncio.gather(*map(work, lanes))
    return found


@dataclass(frozen=True, slots=True)
class Sums:
    """What came out, in numbers."""

    points: int
    missed: int
    """Points that the disturbed post did not come by."""
    once: int
    doubled: int
    asks: int
    lost: int

    @classmethod
    def of(cls, found: Sequence[tuple[Try, Outcome]]) -> Sums:
        """Count."""
        asks = sum(outcome.asks_owner and one.may_ask_owner for one, outcome in found)
        once = sum(outcome.once for _, outcome in found)
        doubled = sum(outcome.posts > 1 for _, outcome in found)
        missed = sum(not outcome.died for _, outcome in found)
        return cls(len(found), missed, once, doubled, asks, len(found) - once - doubled - asks)


def _result(found: list[tuple[Try, Outcome]], by_webhook: list[tuple[Try, Outcome]]) -> Mapping[str, Any]:
    every = [*found, *by_webhook]
    sums = Sums.of(every)
    seconds = [outcome.seconds for _, outcome in every]
    return {
        "points": sums.points,
        "points_not_reached": sums.missed,
        "posts_once": sums.once,
        "posts_lost": sums.lost,
        "posts_doubled": sums.doubled,
        "owner_must_reconnect": sums.asks,
        "points_of": {
            **{str(way): sum(one.way is way for one, _ in found) for way in Way},
            "webhook": len(by_webhook),
        },
        "seconds_p50": round(percentile(seconds, 0.5), 1),
        "seconds_max": round(max(seconds), 1),
        "wrong": [
            f"{one.way} {one.point}: {outcome.status} {outcome.error} {outcome.posts} {outcome.told}"
            for one, outcome in every
            if not outcome.died or not (outcome.once or (outcome.asks_owner and one.may_ask_owner))
        ],
    }


def _show(console: Console, found: list[tuple[Try, Outcome]], by_webhook: list[tuple[Try, Outcome]]) -> None:
    groups: dict[str, list[tuple[Try, Outcome]]] = {
        str(way): [pair for pair in found if pair[0].way is way] for way in Way
    }
    rows = []
    for name, pairs in {**groups, "confirmed by webhook": by_webhook}.items():
        sums = Sums.of(pairs)
        rows.append((name, sums.points, sums.once, sums.lost, sums.doubled, sums.asks))
    heads = ("killed on the way of a post", "points", "posted once", "lost", "twice", "owner asked")
    show_table(console, "kill -9 of the upload worker", heads, rows)
    sums = Sums.of([*found, *by_webhook])
    show_bars(
        console,
        [
            Bar("posts lost", sums.lost, 0, f"of {sums.points}"),
            Bar("posts that exist twice", sums.doubled, 0, f"of {sums.points}"),
        ],
    )


if __name__ == "__main__":
    run_bench(__doc__, measure)
