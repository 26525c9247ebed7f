"""The processes of the app as data: a command, how to see that it is ready, and when it is stopped."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from subiteya.config import Settings
from subiteya.embedded.asking import answers_well
from subiteya.embedded.home import Home
from subiteya.embedded.process import Child, ChildSpec

ReadyCheck = Callable[[Child], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the app.

    Attributes:
        name: Short and unique.
        command: Program and arguments.
        ready: Whether it does its work now; asked again and again.
        ready_limit_s: Seconds that it may take to become ready.
        stop_stage: All parts of a stage are stopped together, smaller stages first.
        stop_limit_s: Seconds that it may take to stop before it is killed.
        environment: Variables beside those that all parts get.
    """

    name: str
    command: tuple[str, ...]
    ready: ReadyCheck
    ready_limit_s: float = 45
    stop_stage: int = 0
    stop_limit_s: float = 2
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done once, after the engines are ready and before the parts start.

    Attributes:
        name: What the readiness line says.
        run: Given the settings of the whole stack; may return a remark for the line.
    """

    name: str
    run: Callable[[Settings], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stack consists of beside its engines.

    Attributes:
        url: Where people find it.
        environment: Variables for every part, beside those of the engines.
        steps: Done in their order.
        parts: Started together.
        simulator_url: Where TikTok's simulator answers, when there is one.
    """

    url: str
    environment: Mapping[str, str] = field(repr=False)
    steps: Sequence[Step]
    parts: Sequence[Part]
    simulator_url: str | None = None


def answers(url: str) -> ReadyCheck:
    """Ready when a GET of this address is answered with 2xx within a second."""

    async def check(child: Child) -> bool:  # noqa: ARG001 - asked over HTTP
        return await answers_well(url, limit_s=1)

    return check


def prints(pattern: str) -> ReadyCheck:
    """Ready when a line of its output matches this regular expression, in whatever case."""
    wanted = re.compile(pattern, re.IGNORECASE)

    async def check(child: Child) -> bool:
        return any(wanted.search(line) for line in tuple(child.tail))

    return check


class PartService:
    """A part as a service.

    Args:
        part: The part.
        home: The data folder.
        environment: What all parts get.
    """

    def __init__(self, part: Part, home: Home, environment: Mapping[str, str]) -> None:
        self.part = part
        self.name = part.name
        self.ready_limit_s = part.ready_limit_s
        self._home = home
        self._environment = {**environment, **part.environment, "PYTHONUNBUFFERED": "1"}

    async def prepare(self) -> ChildSpec:
        """Say how it is started; its working folder is ours, so that relative paths mean what they say."""
        return ChildSpec(
            name=self.name,
            command=self.part.command,
            environment=self._environment,
            folder=None,
            logs=self._home.logs,
            pids=self._home.pids,
        )

    async def ready(self, child: Child) -> bool:
        """Ask as the part says."""
        return await self.part.ready(child)

    async def settle(self) -> None:
        """Nothing remains to be done."""

    def shows(self, line: str) -> bool:
        """Everything but empty lines."""
        return bool(line)
