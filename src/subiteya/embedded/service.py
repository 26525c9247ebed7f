"""What the supervisor runs: something with a command, a question whether it is ready, and a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from subiteya.embedded.errors import EngineFailed
from subiteya.embedded.process import Child, ChildSpec
from subiteya.embedded.screen import Screen

_PROBE_SECONDS = 0.03
_SLOW_SECONDS = 5
_STOP_SECONDS = 2  # for what has not become ready and so holds nothing dear
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


@dataclass(slots=True)
class Running:
    """A service with its present process; a restart puts another child in its place."""

    service: Service
    child: Child


async def start_service(service: Service, screen: Screen, remark: str | None = None) -> Child:
    """Start a service and wait until it is ready; from the main thread.

    Args:
        service: What to start.
        screen: Gets its lines and the readiness line.
        remark: Stands in the readiness line.

    Raises:
        EngineFailed: It ended, or was not ready within its limit; it no longer runs then.
    """

    def show(line: str) -> None:
        if service.shows(line):
            screen.line(service.name, line)

    begun = time.monotonic()
    slow = asyncio.get_running_loop().call_later(_SLOW_SECONDS, screen.slow, service.name)
    try:
        child = Child(await service.prepare(), show)
        try:
            child.start()
            await _until_ready(service, child)
            await service.settle()
        except BaseException:
            await child.stop(_STOP_SECONDS)
            raise
    except OSError as error:
        raise EngineFailed(f"{service.name} did not start: {error}") from error
    finally:
        slow.cancel()
    screen.ready(service.name, time.monotonic() - begun, remark)
    return child


async def start_together(services: Sequence[Service], screen: Screen, running: list[Running]) -> None:
    """Start services side by side; each one that is ready is added to `running`.

    Raises:
        EngineFailed: One did not start; the others may run or not, as `running` says.
    """

    async def start(service: Service) -> None:
        running.append(Running(service, await start_service(service, screen)))

    try:
        async with asyncio.TaskGroup() as group:
            for service in services:
                group.create_task(start(service))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


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
