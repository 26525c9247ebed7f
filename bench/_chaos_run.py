"""One run of chaos from its first video to the verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import _chaos_leftovers as leftovers
from _chaos_fleet import SOON, Fleet, Size, open_fleet
from _chaos_harms import Done, Harm, Mischief, decks
from _chaos_judge import Verdict, judge
from _chaos_owners import Owners, open_owners
from _chaos_watch import PATIENCE_S, Sample, Watch
from subiteya.embedded.home import Home
from subiteya.services.resources import open_resources

EVERY_S = (3.0, 7.0)
"""Seconds between two cards."""
UNDER_LOAD_S = (1.0, 3.0)
"""Seconds between a start of everything and its stop."""
RESTART_S = 30.0
"""What one of them may take on a machine that has other work: nobody is answered meanwhile."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a run is made of.

    Attributes:
        seed: Decides the cards and their order, not how long a machine takes for them.
        videos: How many are brought while cards are played; with none, no card is.
        restarts: How often everything is stopped and started after that.
        each: How many are brought before each stop.
        accounts: Over how many accounts the posts are spread.
        cards: Which cards, when not those of the seed's decks.
        every_s: Seconds between two of them, from and to.
        size: How many processes of each kind.
        durable: See `subiteya.embedded.postgres.Postgres`.
    """

    seed: int
    videos: int
    restarts: int = 0
    each: int = 0
    accounts: int = 10
    cards: Iterable[Harm] | None = None
    every_s: tuple[float, float] = EVERY_S
    size: Size = field(default_factory=Size)
    durable: bool = True


@dataclass(slots=True)
class Report:
    """What a run came to."""

    verdict: Verdict
    broken: list[str]
    """Promises that were seen broken while it ran."""
    leftovers: list[str]
    strays: list[str]
    """Objects that no row names, and that go with the bucket's own rule."""
    kills: int
    done: list[Done]
    gave_up: list[str]
    """Services that ended by themselves."""
    restarts: int
    forced: int
    """Stops that took longer than they may."""
    samples: list[Sample]
    seconds: float

    @property
    def green(self) -> bool:
        """Whether every promise was kept."""
        found = self.verdict
        return not (found.lost or found.doubled or found.unexplained or self.broken or self.leftovers)


async def run_chaos(home: Home, files: Mapping[str, Path], orders: Orders) -> Report:
    """Start everything, let it suffer, look what is left."""
    began = time.monotonic()
    patience_s = PATIENCE_S + orders.restarts * RESTART_S
    window_s = float(SOON["ACCOUNT_WINDOW_SECONDS"])
    async with open_fleet(home, size=orders.size, durable=orders.durable) as fleet:
        async with open_resources(fleet.settings) as resources:
            watch, mischief = Watch(fleet, resources, window_s, patience_s), Mischief(fleet)
            rng = random.Random(orders.seed)  # noqa: S311 - chaos wants a seed, not secrecy
            opening = open_owners(fleet, resources, watch, accounts=orders.accounts, files=files, rng=rng)
            async with opening as owners, _looking(watch, mischief) as looking:
                if orders.videos:
                    await looking.while_(_harm(mischief, owners, orders, rng))
                await looking.while_(_restart(fleet, owners, orders, rng))
                verdict = await judge(fleet, resources, owners.clips)
                left = await leftovers.while_it_runs(fleet, resources)
                strays = await leftovers.strays(resources)
            await watch.look()
            await fleet.stop_parts()
            left += await leftovers.locks(resources)
        await fleet.stop_all()
        left += await leftovers.after_its_end(fleet)
    return Report(
        verdict=verdict,
        broken=sorted(watch.broken),
        leftovers=left,
        strays=strays,
        kills=mischief.kills,
        done=mischief.done,
        gave_up=mischief.gave_up,
        restarts=orders.restarts,
        forced=fleet.forced,
        samples=watch.samples,
        seconds=time.monotonic() - began,
    )


async def _harm(mischief: Mischief, owners: Owners, orders: Orders, rng: random.Random) -> None:
    """Cards for as long as videos are on their way; with cards of the run's own, all of them."""
    cards: Iterator[Harm]
    cards = decks(rng, list(mischief.fleet.services)) if orders.cards is None else iter(orders.cards)
    harming = asyncio.create_task(mischief.go_on(cards, rng, orders.every_s))
    bringing = asyncio.create_task(owners.bring(orders.videos))
    try:
        await bringing
        if orders.cards is not None:
            await harming
    finally:
        harming.cancel()
        bringing.cancel()
        await asyncio.gather(harming, bringing, return_exceptions=True)
    await mischief.over()


async def _restart(fleet: Fleet, owners: Owners, orders: Orders, rng: random.Random) -> None:
    """Stop and start everything again and again, with new videos on their way each time."""
    async with asyncio.TaskGroup() as group:
        for _ in range(orders.restarts):
            group.create_task(owners.bring(orders.each))
            await asyncio.sleep(rng.uniform(*UNDER_LOAD_S))
            await fleet.stop_all()
            await fleet.start_all()


class _Looking:
    """What goes on beside a run; what it raises ends the run."""

    def __init__(self, *tasks: asyncio.Task[None]) -> None:
        self._tasks = tasks

    async def while_(self, work: Awaitable[None]) -> None:
        """Do the work, unless one of them breaks off."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        for one in self._tasks:
            if one.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                one.result()
        await task

    async def end(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def _looking(watch: Watch, mischief: Mischief) -> AsyncIterator[_Looking]:
    looking = _Looking(asyncio.create_task(watch.run()), asyncio.create_task(mischief.keep()))
    try:
        yield looking
    finally:
        await looking.end()
