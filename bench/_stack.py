"""A whole SubiteYa in a temporary folder, for a bench: engines, processes, an owner, an account."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from rich.console import Console

from subiteya.cli.api_client import ApiClient, open_api
from subiteya.cli.first_start import prepare
from subiteya.config import Settings
from subiteya.embedded.engines import Engines
from subiteya.embedded.home import Home
from subiteya.embedded.parts import PartService
from subiteya.embedded.ports import Ports
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Running, start_together
from subiteya.embedded.stack import plan_stack
from subiteya.embedded.state import Stack, ourselves, settings_from

AT_ONCE: Mapping[str, str] = {
    "ACCOUNT_WINDOW_SECONDS": "0",
    "EDIT_MAX_PER_MINUTE": "1000",
    "UPLOAD_MAX_PER_MINUTE": "1000",
    "TIKTOK_POLL_SECONDS": "0.5",
}
"""No waiting for windows: a bench measures work."""
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
        return [sys.executable, "-m", "subiteya.cli", *words]

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
async def open_app(home: Home, environment: Mapping[str, str] = AT_ONCE) -> AsyncIterator[App]:
    """Start engines, api, both workers and the simulator; stop them all at the end.

    Args:
        home: The data folder.
        environment: Variables for our processes, beside the addresses.
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
        services = [PartService(part, home, {**os.environ, **shared}) for part in plan.parts]
        await start_together(services, _QUIET, parts)
        pids = {running.service.name: running.child.pid for running in parts}
        stack = Stack(plan.url, plan.simulator_url, ourselves(), pids, shared)
        await _hurry(stack)
        welcome = await prepare(stack, "en")
        if welcome.api_key is None:  # pragma: no cover - the folder is new
            raise RuntimeError("the owner was there already")
        yield App(stack, welcome.api_key, pids)
    finally:
        await asyncio.gather(*(running.child.stop(8) for running in parts))
        await engines.stop()


async def _hurry(stack: Stack) -> None:
    """TikTok's own processing is not what is measured."""
    switches = {"processing_seconds": 0.2, "moderation_seconds": 0.2}
    async with httpx2.AsyncClient(base_url=stack.simulator_url or "", trust_env=False) as http:
        (await http.patch("/simulator/switches", json=switches)).raise_for_status()
