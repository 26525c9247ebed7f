"""Starts processes of ours by forking an interpreter that has everything loaded: each start costs no import.

As a program it reads one JSON object a line (name, words of the command, environment, log), forks, and says
`{"name": …, "pid": …}`; when one has ended, `{"name": …, "pid": …, "status": …}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LOADED = ("api", "worker_edit", "worker_upload", "simulator", "app")
_PR_SET_PDEATHSIG = 1
_TAIL_BYTES = 64 * 1024
_KILLED_S = 5.0


@dataclass(slots=True)
class Life:
    """One process; the part of `subiteya.embedded.process.Child` that is needed here.

    Attributes:
        name: What it was started as.
        pid: Its process id, also that of its session.
        log: Where its output goes.
        exited: Set with the status once it has ended.
    """

    name: str
    pid: int
    log: Path
    exited: asyncio.Future[int]

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self.exited.done()

    @property
    def tail(self) -> deque[str]:
        """Its last lines."""
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return deque(file.read().decode(errors="replace").splitlines())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self, limit_s: float) -> None:
        """Ask it to end, and kill it when it has not after the limit (seconds)."""
        self.signal(signal.SIGTERM)
        await asyncio.wait({self.exited}, timeout=limit_s)
        if self.running:
            self.signal(signal.SIGKILL)
            await asyncio.wait({self.exited}, timeout=_KILLED_S)


@dataclass(slots=True)
class Nursery:
    """Where lives begin."""

    _program: asyncio.subprocess.Process
    _begun: dict[str, asyncio.Future[int]] = field(default_factory=dict)
    _lives: dict[int, Life] = field(default_factory=dict)

    async def begin(self, name: str, words: Sequence[str], environment: Mapping[str, str], log: Path) -> Life:
        """Start `subiteya …`; its log begins anew."""
        log.unlink(missing_ok=True)
        log.touch()
        self._begun[name] = asyncio.get_running_loop().create_future()
        order = {"name": name, "words": list(words), "environment": dict(environment), "log": str(log)}
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(order).encode() + b"\n")
        pid = await self._begun[name]
        return self._lives[pid]

    async def listen(self, logs: Path) -> None:
        """Hear of beginnings and ends, until the program has ended."""
        assert self._program.stdout is not None
        async for line in self._program.stdout:
            said = json.loads(line)
            name, pid = said["name"], said["pid"]
            if "status" in said:
                self._lives[pid].exited.set_result(said["status"])
            else:
                exited = asyncio.get_running_loop().create_future()
                self._lives[pid] = Life(name, pid, logs / f"{name}.log", exited)
                self._begun[name].set_result(pid)


@asynccontextmanager
async def open_nursery(logs: Path) -> AsyncIterator[Nursery]:
    """A loaded interpreter; whoever still lives at the end is killed with it."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    nursery = Nursery(program)
    listening = asyncio.create_task(nursery.listen(logs))
    try:
        yield nursery
    finally:
        assert program.stdin is not None
        program.stdin.close()
        await program.wait()
        await listening


def main() -> None:
    """Fork as told until the standard input ends."""
    for module in _LOADED:
        importlib.import_module(f"subiteya.cli.{module}")
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    names: dict[int, str] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _say_ended(names)
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 1 << 20)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = _fork(order)
                names[pid] = order["name"]
                _say(name=order["name"], pid=pid)


def _fork(order: Mapping[str, Any]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["subiteya", *order["words"]]
        time.tzset()
        importlib.import_module("subiteya.cli.app").main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001 - the end of a process
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _say_ended(names: dict[int, str]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            _say(name=names.pop(pid), pid=pid, status=os.waitstatus_to_exitcode(status))


def _say(**words: object) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
