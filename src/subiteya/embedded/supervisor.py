"""Runs a whole stack in one terminal: engines, steps, parts; keeps it running; stops it in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence

from subiteya.config import Settings
from subiteya.embedded.engines import Engines
from subiteya.embedded.errors import AlreadyRunning
from subiteya.embedded.home import Home
from subiteya.embedded.keeper import Keeper
from subiteya.embedded.parts import PartService, Plan, Step
from subiteya.embedded.ports import Ports
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import Running, start_together
from subiteya.embedded.state import Stack, find_running, ourselves, save_stack, settings_from

STOP_LIMIT_S = 8.5
"""Everything has stopped, or been killed, within this time; ten seconds are promised."""
_ENGINES_SHARE_S = 3  # of it, whatever the parts take; SeaweedFS needs about two
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def wait_forever(stack: Stack) -> None:  # noqa: ARG001 - a body of `Supervisor.run`
    """A body for a stack that runs until a signal ends it."""
    await asyncio.Event().wait()


class Supervisor:
    """One stack on one data folder. To be run from the main thread, once.

    Args:
        settings: What they name is used instead of its embedded twin.
        make_plan: Called with the folder's ports when the folder is ours.
        screen: Where to say what happens.
    """

    def __init__(self, settings: Settings, make_plan: Callable[[Ports], Plan], screen: Screen) -> None:
        self._settings = settings
        self._make_plan = make_plan
        self._screen = screen
        self._home = Home(settings.home.home)
        self._engines: Engines | None = None
        self._parts: list[Running] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._asked_to_stop = False

    async def run(self, body: Callable[[Stack], Awaitable[None]] = wait_forever) -> bool:
        """Start the stack, await `body` while it runs, stop it.

        Returns:
            True when the body came to its end, False when SIGINT, SIGTERM or SIGHUP ended it.

        Raises:
            AlreadyRunning: Another process has a stack on this data folder.
            StackError: The stack could not be started.
        """
        with self._signals():
            try:
                with self._folder():
                    try:
                        await body(await self._start())
                    finally:
                        await _to_the_end(self._stop())
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not self._asked_to_stop or task is None:
                    raise
                task.uncancel()
                return False
        return True

    @contextlib.contextmanager
    def _folder(self) -> Iterator[None]:
        self._home.prepare()
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self._home.lock())
            except AlreadyRunning as error:
                other = find_running(self._home)
                if other is None:  # it has not come that far yet
                    raise
                raise AlreadyRunning(
                    f"{error} It answers at {other.url} (process {other.supervisor.pid})."
                ) from None
            yield

    async def _start(self) -> Stack:
        ports = Ports(self._home.ports_file)
        plan = self._make_plan(ports)
        self._engines = Engines(self._home, ports, self._settings)
        await self._engines.start(self._screen)
        shared = {**self._engines.environment, **plan.environment, "SUBITEYA_HOME": str(self._home.root)}
        settings = settings_from(shared)
        for step in plan.steps:
            await self._do(step, settings)
        environment = {**os.environ, **shared}
        services = [PartService(part, self._home, environment) for part in plan.parts]
        await start_together(services, self._screen, self._parts)

        def save() -> Stack:
            stack = Stack(plan.url, plan.simulator_url, ourselves(), self._pids(), shared)
            save_stack(self._home, stack)
            return stack

        for running in self._all():
            keeper = Keeper(running, self._screen, on_restart=save)
            self._keepers.append(asyncio.create_task(keeper.keep(), name=f"keep {running.service.name}"))
        return save()

    async def _do(self, step: Step, settings: Settings) -> None:
        begun = time.monotonic()
        remark = await step.run(settings)
        self._screen.ready(step.name, time.monotonic() - begun, remark)

    async def _stop(self) -> None:
        end = time.monotonic() + STOP_LIMIT_S
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for stage in _stages(self._parts):
            left = end - time.monotonic() - _ENGINES_SHARE_S
            await asyncio.gather(*(running.child.stop(min(limit, left)) for running, limit in stage))
        if self._engines is not None:
            await self._engines.stop(max(end - time.monotonic(), 0))
        self._home.state_file.unlink(missing_ok=True)

    def _all(self) -> list[Running]:
        engines = self._engines.running if self._engines is not None else []
        return [*engines, *self._parts]

    def _pids(self) -> Mapping[str, int]:
        return {running.service.name: running.child.pid for running in self._all()}

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal ends the task that is in here; another one kills all children at once."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            if self._asked_to_stop:
                self._screen.trouble("Killing everything")
                for running in self._all():
                    running.child.kill_group()
            elif task is not None:
                self._asked_to_stop = True
                self._screen.say("Stopping … (once more kills everything at once)")
                task.cancel()

        # nohup ignores SIGHUP, and means it; a script's background job ignores SIGINT without meaning it.
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
        handled = [number for number in _SIGNALS if number not in ignored]
        for number in handled:
            loop.add_signal_handler(number, stop)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)


async def _to_the_end(stopping: Coroutine[None, None, None]) -> None:
    """Await something that no cancellation may cut short, because it has a limit of its own."""
    task = asyncio.create_task(stopping)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _stages(parts: Sequence[Running]) -> list[list[tuple[Running, float]]]:
    """The parts with their limits (seconds), grouped by stop stage, in the order of the stages."""
    stages: dict[int, list[tuple[Running, float]]] = {}
    for running in parts:
        if isinstance(running.service, PartService):
            part = running.service.part
            stages.setdefault(part.stop_stage, []).append((running, part.stop_limit_s))
    return [stages[number] for number in sorted(stages)]
