"""All of SubiteYa on one machine, several of each kind, to be killed, paused and stopped one by one."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx2
from rich.console import Console

from _chaos_nursery import Life, Nursery, open_nursery
from _stack import SUBITEYA
from subiteya.cli.first_start import prepare
from subiteya.config import Settings
from subiteya.embedded.engines import Engines
from subiteya.embedded.errors import EngineFailed
from subiteya.embedded.home import Home
from subiteya.embedded.parts import Part, PartService, answers
from subiteya.embedded.ports import LOOPBACK, Ports
from subiteya.embedded.process import Child
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Service, start_service
from subiteya.embedded.stack import plan_stack
from subiteya.embedded.state import Stack, ourselves, settings_from

SOON: Mapping[str, str] = {
    "ACCOUNT_WINDOW_SECONDS": "2",
    "CREATOR_POSTS_PER_DAY": "0",
    "EDIT_MAX_PER_MINUTE": "1000",
    "UPLOAD_MAX_PER_MINUTE": "1000",
    "UPLOAD_WORKER_CONCURRENCY": "3",
    "JOB_LEASE_SECONDS": "3",
    "SWEEP_SECONDS": "0.5",
    "PRESENCE_SECONDS": "2",
    "RETRY_BASE_SECONDS": "1",
    "TIKTOK_POLL_SECONDS": "0.5",
}
"""Leases, sweeps and windows of seconds: trouble comes every few seconds, and so must its end."""
ENGINES = ("postgres", "valkey", "s3")
SIMULATOR = "simulator"
_API, _WORKERS, _SIMULATOR = 1, 2, 3
_START_TRIES, _START_PAUSE_S, _PROBE_S = 20, 0.5, 0.05
_QUIET = Screen(Console(quiet=True))


@dataclass(frozen=True, slots=True)
class Size:
    """How many processes of each kind."""

    apis: int = 2
    edits: int = 2
    uploads: int = 2


@dataclass(slots=True)
class Fleet:
    """Services by name, and what runs of them now.

    Attributes:
        home: The data folder.
        environment: What our processes have in their environment; holds secrets.
        urls: Where the apis answer.
        simulator_url: Where TikTok's simulator does.
        services: Everything that can run: engines, simulator, `api-1`, `edit-1`, …
        children: What runs, or ran before it was killed.
        down: What does not answer now, because it was killed or paused.
        forced: How many had to be killed when they were asked to stop.
    """

    home: Home
    environment: Mapping[str, str] = field(repr=False)
    urls: list[str]
    simulator_url: str
    services: dict[str, Service]
    nursery: Nursery
    children: dict[str, Child | Life] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    forced: int = 0

    @property
    def settings(self) -> Settings:
        """As its processes read them."""
        return settings_from(self.environment)

    @property
    def parts(self) -> list[str]:
        """What is not an engine."""
        return [name for name in self.services if name not in ENGINES]

    async def start(self, name: str) -> None:
        """Start a service that does not run, as whatever looks after it would: again and again.

        Raises:
            EngineFailed: It does not start.
        """
        for left in reversed(range(_START_TRIES)):
            try:
                # A killed PostgreSQL's last backends keep the next one out for a moment.
                self.children[name] = await self._begin(self.services[name])
            except EngineFailed:
                if not left:
                    raise
                await asyncio.sleep(_START_PAUSE_S)
            else:
                self.down.discard(name)
                return

    async def kill(self, name: str) -> None:
        """As by kill -9, and the process alone: what it has started is on its own."""
        self.down.add(name)
        child = self.children[name]
        child.signal(signal.SIGKILL)
        ended = child.exited if isinstance(child, Life) else asyncio.wrap_future(child.exited)
        await asyncio.wait({ended}, timeout=10)

    async def pause(self, name: str, seconds: float) -> None:
        """Let a process stand still for so long."""
        self.down.add(name)
        self.children[name].signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.children[name].signal(signal.SIGCONT)
            self.down.discard(name)

    async def start_all(self) -> None:
        """Engines, then everything else."""
        await self._start(ENGINES)
        await self.start_parts()

    async def start_parts(self) -> None:
        """The simulator, then our processes."""
        await self._start([SIMULATOR])
        await self._start([name for name in self.parts if name != SIMULATOR])

    async def _start(self, names: Collection[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self.start(name))

    async def stop_parts(self) -> None:
        """Ask our processes to stop, api first; by force after their time."""
        for stage in (_API, _WORKERS, _SIMULATOR):
            await self._stop([name for name in self.parts if self._part(name).stop_stage == stage])

    async def stop_all(self) -> None:
        """Our processes, then the engines."""
        await self.stop_parts()
        await self._stop(ENGINES)

    async def simulator(self, method: str, path: str, body: object = None) -> object:
        """Turn one of the simulator's knobs, or read what it knows.

        Raises:
            httpx2.HTTPError: It does not answer.
        """
        async with httpx2.AsyncClient(base_url=self.simulator_url, timeout=10, trust_env=False) as http:
            answer = (await http.request(method, f"/simulator{path}", json=body)).raise_for_status()
            return answer.json() if answer.content else None

    async def _begin(self, service: Service) -> Child | Life:
        if not isinstance(service, PartService):
            return await start_service(service, _QUIET)
        part, spec = service.part, await service.prepare()
        words = part.command[len(SUBITEYA) :]
        life = await self.nursery.begin(service.name, words, spec.environment, spec.log_file)
        end = time.monotonic() + part.ready_limit_s
        while not await part.ready(life):  # type: ignore[arg-type]  # its last lines are all that is looked at
            if not life.running or time.monotonic() > end:
                await life.stop(1)
                raise EngineFailed("\n".join([f"{service.name} did not start", *list(life.tail)[-20:]]))
            await asyncio.sleep(_PROBE_S)
        return life

    def _part(self, name: str) -> Part:
        service = self.services[name]
        assert isinstance(service, PartService)
        return service.part

    async def _stop(self, names: Collection[str]) -> None:
        await asyncio.gather(*(self._stop_one(name) for name in names if name in self.children))

    async def _stop_one(self, name: str) -> None:
        child = self.children[name]
        limit = 10.0 if name in ENGINES else self._part(name).stop_limit_s + 4  # a busy machine
        self.down.add(name)
        if child.running:
            child.signal(signal.SIGCONT)
        ran = child.running
        began = time.monotonic()
        await child.stop(limit)
        self.forced += ran and time.monotonic() - began > limit


@asynccontextmanager
async def open_fleet(
    home: Home, environment: Mapping[str, str] = SOON, *, size: Size | None = None, durable: bool = True
) -> AsyncIterator[Fleet]:
    """Start everything, with an owner; stop what runs of it at the end.

    Args:
        home: A fresh data folder.
        environment: Variables for our processes, beside the addresses.
        size: How many of each.
        durable: See `subiteya.embedded.postgres.Postgres`.
    """
    async with open_nursery(home.logs) as nursery:
        fleet = await _plan(home, nursery, environment, size or Size(), durable=durable)
        async with _running(fleet):
            yield fleet


@asynccontextmanager
async def _running(fleet: Fleet) -> AsyncIterator[None]:
    try:
        await fleet.start_parts()
        await fleet.simulator(
            "PATCH",
            "/switches",
            {
                "processing_seconds": 0.2,
                "moderation_seconds": 0.2,
                "rate_limits": False,
                "daily_post_cap": 10_000,
                "check_media": False,
            },
        )
        stack = Stack(fleet.urls[0], fleet.simulator_url, ourselves(), {}, fleet.environment)
        await prepare(stack, "en")
        yield
    finally:
        await fleet.stop_all()
        fleet.home.remove_sockets()


async def _plan(
    home: Home, nursery: Nursery, environment: Mapping[str, str], size: Size, *, durable: bool
) -> Fleet:
    """Choose addresses, make database and bucket."""
    ports = Ports(home.ports_file)
    ports.choose(SIMULATOR)  # any port but the usual one, which another stack may take while ours is dead
    own = {"SUBITEYA_HOME": str(home.root), "PORT": "0", "TIKTOK_MODE": "simulator"}
    plan = plan_stack(settings_from(own), ports)
    engines = Engines(home, ports, settings=None, durable=durable)
    temporary = home.folder("tmp")
    shared = {
        **own,
        **engines.environment,
        **plan.environment,
        **environment,
        "TMPDIR": str(temporary),
        "LOG_FORMAT": "json",
    }
    kinds = {part.name: part for part in plan.parts}
    numbers = [ports.choose(f"api-{number}") for number in range(size.apis)]
    urls = [f"http://{LOOPBACK}:{number}" for number in numbers]
    parts = [kinds[SIMULATOR]]
    parts += [
        replace(
            kinds["api"],
            name=f"api-{number}",
            ready=answers(f"{url}/api/health"),
            environment={"PORT": str(port)},
        )
        for number, (url, port) in enumerate(zip(urls, numbers, strict=True), 1)
    ]
    parts += [replace(kinds["edit"], name=f"edit-{number}") for number in range(1, size.edits + 1)]
    parts += [replace(kinds["upload"], name=f"upload-{number}") for number in range(1, size.uploads + 1)]
    everywhere = {**os.environ, **shared}
    services: dict[str, Service] = {engine.name: engine for engine in engines.services}
    services |= {part.name: PartService(part, home, everywhere) for part in parts}
    assert plan.simulator_url is not None
    await engines.start(_QUIET)
    running = {running.service.name: running.child for running in engines.running}
    fleet = Fleet(home, shared, urls, plan.simulator_url, services, nursery, dict(running))
    try:
        for step in plan.steps:
            await step.run(fleet.settings)
    except BaseException:
        await engines.stop()
        raise
    return fleet
