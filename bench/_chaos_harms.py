"""What goes wrong in a chaos run: cards of a deck, dealt in an order that only the seed decides."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import httpx2
from redis.asyncio import Redis
from redis.exceptions import RedisError

from _chaos_fleet import Fleet

PAUSE_S = 7.0
"""Longer than a job's lease (3 s) and than a sweep needs to take the job back."""
DOWN_AT_ONCE = 2
_AWAY_S = (0.0, 2.0)
"""How long something that was killed stays away, beside the time that its start takes."""
_FAULTS_A_DECK, _FLUSHES_A_DECK = 8, 2
_LOOK_S = 0.5
_CALLS = ("creator_info", "video_init", "status_fetch", "upload")


class Kind(StrEnum):
    """What happens."""

    KILL = "kill -9"
    PAUSE = "paused"
    FAULT = "TikTok in trouble"
    FLUSH = "Redis emptied"


@dataclass(frozen=True, slots=True)
class Harm:
    """One card."""

    kind: Kind
    whom: str = ""
    """Which service; of a fault, where it strikes."""
    seconds: float = 0.0
    fault: Mapping[str, object] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.whom}".strip()


@dataclass(frozen=True, slots=True)
class Done:
    """A card that was played, and when (seconds since the start)."""

    at: float
    harm: Harm


def deck(rng: random.Random, services: Sequence[str]) -> list[Harm]:
    """Every service killed once, most of them paused once, TikTok in trouble, Redis emptied; shuffled."""
    kinds = sorted({name.partition("-")[0] for name in services})
    cards = [Harm(Kind.KILL, name, rng.uniform(*_AWAY_S)) for name in services]
    cards += [Harm(Kind.PAUSE, rng.choice(_of_kind(services, kind)), PAUSE_S) for kind in kinds]
    cards += [_fault(rng) for _ in range(_FAULTS_A_DECK)]
    cards += [Harm(Kind.FLUSH)] * _FLUSHES_A_DECK
    rng.shuffle(cards)
    return cards


def decks(rng: random.Random, services: Sequence[str]) -> Iterator[Harm]:
    """One deck after another, without an end."""
    while True:
        yield from deck(rng, services)


def _of_kind(services: Sequence[str], kind: str) -> list[str]:
    return [name for name in services if name.partition("-")[0] == kind]


def _fault(rng: random.Random) -> Harm:
    call = rng.choice(_CALLS)
    times = rng.randint(1, 4)
    fault: dict[str, object] = rng.choice(
        [
            {
                "action": "status",
                "endpoint": call,
                "status": rng.choice([500, 502, 503, 504]),
                "times": times,
            },
            {"action": "delay", "endpoint": call, "seconds": rng.uniform(1, 6), "times": times},
            {"action": "cut", "endpoint": call, "when": rng.choice(["before", "after"]), "times": times},
            {"action": "kill_token", "endpoint": call},
            {"action": "fail", "reason": "internal"},
        ]
    )
    return Harm(Kind.FAULT, f"{fault['action']} {fault.get('endpoint', '')}".strip(), fault=fault)


@dataclass(slots=True)
class Mischief:
    """Plays cards against a fleet.

    Attributes:
        fleet: Whom.
        began: When the run did, by the monotonic clock.
        done: What was played.
        gave_up: Services that ended by themselves, and were started again.
    """

    fleet: Fleet
    began: float = field(default_factory=time.monotonic)
    done: list[Done] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(one.harm.kind is Kind.KILL for one in self.done)

    async def go_on(self, cards: Iterator[Harm], rng: random.Random, every_s: tuple[float, float]) -> None:
        """Play one card after another until cancelled."""
        for harm in cards:
            await asyncio.sleep(rng.uniform(*every_s))
            await self._room_for(harm)
            self.play(harm)

    async def keep(self) -> None:
        """Start what ended by itself, as a supervisor does, until cancelled.

        Raises:
            EngineFailed: Something that was killed could not be started again.
        """
        while True:
            for name, child in self.fleet.children.items():
                if name not in self.fleet.down and not child.running:
                    self.gave_up.append(name)
                    self.fleet.down.add(name)
                    self._under_way.add(asyncio.create_task(self.fleet.start(name)))
            for task in [task for task in self._under_way if task.done()]:
                task.result()
            await asyncio.sleep(_LOOK_S)

    def play(self, harm: Harm) -> None:
        """Let it happen."""
        if harm.whom in self.fleet.services:
            self.fleet.down.add(harm.whom)
        self.done.append(Done(time.monotonic() - self.began, harm))
        self._under_way.add(asyncio.create_task(self._happen(harm)))

    async def over(self) -> None:
        """Wait until everything runs again and no fault is left.

        Raises:
            EngineFailed: Something could not be started again.
        """
        await asyncio.gather(*self._under_way)
        await self.fleet.simulator("DELETE", "/faults")

    async def _room_for(self, harm: Harm) -> None:
        """Wait until the card may be played: its service runs, and no more are down than may be."""
        while True:
            if harm.whom not in self.fleet.down and len(self.fleet.down) < DOWN_AT_ONCE:
                return
            await asyncio.sleep(_LOOK_S)

    async def _happen(self, harm: Harm) -> None:
        match harm.kind:
            case Kind.KILL:
                await self.fleet.kill(harm.whom)
                await asyncio.sleep(harm.seconds)
                await self.fleet.start(harm.whom)
            case Kind.PAUSE:
                await self.fleet.pause(harm.whom, harm.seconds)
            case Kind.FAULT:
                with suppress(httpx2.HTTPError):  # the simulator is away itself
                    await self.fleet.simulator("POST", "/faults", harm.fault)
            case Kind.FLUSH:
                with suppress(RedisError, OSError):  # so is Redis
                    async with Redis.from_url(self.fleet.environment["REDIS_URL"]) as client:
                        await client.flushall()
