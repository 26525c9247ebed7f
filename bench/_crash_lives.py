"""The lives of a worker that is killed again and again: `_crash_worker.py` from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

_WORKER = Path(__file__).with_name("_crash_worker.py")


class Lives:
    """The lives of a worker: one at a time, each begun by the same loaded interpreter."""

    def __init__(self, starter: asyncio.subprocess.Process) -> None:
        self._starter = starter
        self._pid = 0
        self._over = asyncio.Event()
        self._over.set()

    @classmethod
    async def prepare(cls, folder: Path, environment: Mapping[str, str]) -> Lives:
        """Load everything; no worker yet."""
        with (folder / "worker.log").open("ab") as log:
            starter = await asyncio.create_subprocess_exec(
                *(sys.executable, str(_WORKER), str(folder)),
                env=dict(environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return cls(starter)

    @property
    def over(self) -> bool:
        """Whether no worker lives."""
        return self._over.is_set()

    async def begin(self) -> None:
        """Start a worker, unless one lives."""
        if self.over:
            self._over.clear()
            self._watching = asyncio.create_task(self._watch())
            assert self._starter.stdin is not None
            self._starter.stdin.write(b"start\n")
            await self._starter.stdin.drain()

    async def end(self) -> None:
        """Stop the worker as an operator does, and the starter."""
        if not self.over:
            os.kill(self._pid, signal.SIGTERM)
        self._starter.stdin.close()  # type: ignore[union-attr]  # asked for as a pipe
        try:
            await asyncio.wait_for(self._starter.wait(), 20)
        except TimeoutError:
            os.killpg(self._starter.pid, signal.SIGKILL)

    async def _watch(self) -> None:
        assert self._starter.stdout is not None
        async for line in self._starter.stdout:
            word, number = line.split()
            if word == b"ended":
                self._over.set()
                return
            self._pid = int(number)
