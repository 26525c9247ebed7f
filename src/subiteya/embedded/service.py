"""What the supervisor runs: something with a command, a question whether it is ready, and a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from subiteya.embedded.errors import EngineFailed
from subiteya.embedded.process import Child, ChildSpec

_PROBE_SECONDS = 0.03
_TAIL_IN_ERRORS = 12


class Service(Protocol):
    """One supervised program: an engine, or a process of the app."""

    @property
    def name(self) -> str:
        """Short and unique."""

    @property
    def ready_limit_s(self) -> float:
        """Seconds that it may take to become ready."""

    async def prepare(self) -> ChildSpec:
        """Make ready what the program needs, before each start; says how it is started."""

    async def ready(self, child: Child) -> bool:
        """Whether the program answers; asked again and again, each answer within a second or so."""

    async def settle(self) -> None:
        """What remains to be done once it answers."""

    def shows(self, line: str) -> bool:
        """Whether a line of its output belongs on the terminal; the log file gets each."""


async def start_service(service: Service, on_line: Callable[[str], None] | None = None) -> Child:
    """Start a service and wait until it is ready.

    Raises:
        EngineFailed: It ended, or was not ready within its limit; it no longer runs then.
    """

    def show(line: str) -> None:
        if on_line is not None and service.shows(line):
            on_line(line)

    child = Child(await service.prepare(), show)
    child.start()
    try:
        await _until_ready(service, child)
        await service.settle()
    except BaseException:
        await child.stop(5)
        raise
    return child


async def _until_ready(service: Service, child: Child) -> None:
    end = time.monotonic() + service.ready_limit_s
    while not await service.ready(child):
        if child.exited.done():
            await child.finish()  # so that its last lines are in
            raise EngineFailed(_sentence(service.name, child, f"ended with code {child.exited.result()}"))
        if time.monotonic() > end:
            raise EngineFailed(_sentence(service.name, child, f"not ready after {service.ready_limit_s:g} s"))
        await asyncio.sleep(_PROBE_SECONDS)


def _sentence(name: str, child: Child, what: str) -> str:
    tail = list(child.tail)[-_TAIL_IN_ERRORS:]
    return "\n".join([f"{name} did not start: {what}. Its log: {child.spec.log_file}", *tail])
