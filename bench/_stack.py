"""A whole SubiteYa in a temporary folder, for a bench: engines, processes, an owner, an account."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
from rich.console import Console

from subiteya.cli.api_client import ApiClient, open_api
from subiteya.cli.first_start import prepare
from subiteya.config import Settings, StorageSettings
from subiteya.embedded.engines import Engines
from subiteya.embedded.home import Home
from subiteya.embedded.parts import Part, PartService
from subiteya.embedded.ports import Ports
from subiteya.embedded.s3 import S3
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Running, start_service, start_together
from subiteya.embedded.stack import plan_stack
from subiteya.embedded.state import Stack, ourselves, settings_from
from subiteya.embedded.valkey import Valkey
from subiteya.services.access import create_api_key, ensure_owner
from subiteya.services.resources import open_resources

AT_ONCE: Mapping[str, str] = {
    "ACCOUNT_WINDOW_SECONDS": "0",
    "EDIT_MAX_PER_MINUTE": "1000",
    "UPLOAD_MAX_PER_MINUTE": "1000",
    "TIKTOK_POLL_SECONDS": "0.5",
}
"""No waiting for windows: a bench measures work."""
SUBITEYA = (sys.executable, "-m", "subiteya.cli")
"""How our processes are started."""
_QUIET = Screen(Console(quiet=True))


@dataclass(frozen=True, slots=True)
class App:
    """A running SubiteYa."""

    stack: Stack
    key: str = field(repr=False)
    pids: Mapping[str, int]
    """`api`, `edit`, `upload`, `simulator`."""

    @property
    def settings(self) -> Settings:
        """As its processes read them."""
        return self.stack.settings

    def command(self, *words: str) -> list[str]:
        """`subiteya …` as a command."""
        return [*SUBITEYA, *words]

    @property
    def client_environment(self) -> dict[str, str]:
        """What `subiteya publish` needs to use this server."""
        return {**os.environ, "SUBITEYA_URL": self.stack.url, "SUBITEYA_API_KEY": self.key}

    @asynccontextmanager
    async def api(self) -> AsyncIterator[ApiClient]:
        """The API as its owner uses it."""
        async with open_api(self.stack.url, self.key, "en") as client:
            yield client


@asynccontextmanager
async def temporary_home() -> AsyncIterator[Home]:
    """A data folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="subiteya-bench-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder))
        home.prepare()
        yield home


@asynccontextmanager
async def open_app(
    home: Home,
    environment: Mapping[str, str] = AT_ONCE,
    *,
    program: Sequence[str] = SUBITEYA,
    without: Collection[str] = (),
) -> AsyncIterator[App]:
    """Start engines, api, both workers and the simulator; stop them all at the end.

    Args:
        home: The data folder; may have been used before.
        environment: Variables for our processes, beside the addresses.
        program: What to start in place of `subiteya`.
        without: Names of processes that the bench brings itself.
    """
    ports = Ports(home.ports_file)
    own = {"SUBITEYA_HOME": str(home.root), "PORT": "0", "TIKTOK_MODE": "simulator"}
    plan = plan_stack(settings_from(own), ports)
    engines = Engines(home, ports, settings=None)
    parts: list[Running] = []
    try:
        await engines.start(_QUIET)
        shared = {**own, **engines.environment, **plan.environment, **environment}
        for step in plan.steps:
            await step.run(settings_from(shared))
        everywhere = {**os.environ, **shared}
        parts_wanted = [part for part in plan.parts if part.name not in without]
        services = [PartService(_run_by(program, part), home, everywhere) for part in parts_wanted]
        await start_together(services, _QUIET, parts)
        pids = {running.service.name: running.child.pid for running in parts}
        stack = Stack(plan.url, plan.simulator_url, ourselves(), pids, shared)
        await _hurry(stack)
        await prepare(stack, "en")
        yield App(stack, await _new_key(stack), pids)
    finally:
        await asyncio.gather(*(running.child.stop(8) for running in parts))
        await engines.stop()


@asynccontextmanager
async def lone_valkey(home: Home) -> AsyncIterator[str]:
    """A Valkey with nothing beside it; its address."""
    valkey = Valkey(home)
    child = await start_service(valkey, _QUIET)
    try:
        yield valkey.url()
    finally:
        await child.stop(2)


@asynccontextmanager
async def lone_s3(home: Home) -> AsyncIterator[StorageSettings]:
    """An S3 server with nothing beside it; the settings that reach it. Its bucket is not made yet."""
    ports = Ports(home.ports_file)
    s3 = S3(home, ports, home.secrets())
    child = await start_service(s3, _QUIET)
    try:
        yield settings_from(s3.environment).storage
    finally:
        await child.stop(8)
        s3.remove_sockets()


def _run_by(program: Sequence[str], part: Part) -> Part:
    return replace(part, command=(*program, *part.command[len(SUBITEYA) :]))


async def _new_key(stack: Stack) -> str:
    async with open_resources(stack.settings) as resources:
        owner = await ensure_owner(resources)
        return await create_api_key(resources, user_id=owner.user.id, name="bench")


async def _hurry(stack: Stack) -> None:
    """TikTok's own processing is not what is measured."""
    switches = {"processing_seconds": 0.2, "moderation_seconds": 0.2}
    async with httpx2.AsyncClient(base_url=stack.simulator_url or "", trust_env=False) as http:
        (await http.patch("/simulator/switches", json=switches)).raise_for_status()
