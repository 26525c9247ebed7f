"""A child process that ends with us, writes to its own log, and is known again after we are gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from subiteya.embedded.leftover import record_pid
from subiteya.embedded.logfile import RotatedLog

NO_SHIELD = "none"
_LAUNCH = Path(__file__).with_name("launch.py")
_LONGEST_LINE = 64 * 1024  # a longer line is written in pieces
_TAIL_LINES = 200
_INHERITED = frozenset(
    {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"}
)


def bare_environment() -> dict[str, str]:
    """Our environment without anything that an engine might read as its configuration, or a secret."""
    return {name: value for name, value in os.environ.items() if name in _INHERITED}


def launch_command(
    command: tuple[str, ...], *, death_signal: signal.Signals, shield: str = NO_SHIELD
) -> list[str]:
    """The command that runs `command` through the trampoline `launch.py`."""
    words = [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), str(int(death_signal)), shield]
    return [*words, *command]


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How a child is started and stopped.

    Attributes:
        name: Short and unique; names the log and the pid file.
        command: Program and arguments.
        environment: The child's whole environment.
        folder: Its working folder; None for ours.
        logs: Folder of the log file.
        pids: Folder of the pid file.
        stop_signal: What asks it to end, also when we die (Linux).
        shield: See `launch.py`.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path | None
    logs: Path
    pids: Path
    stop_signal: signal.Signals = signal.SIGTERM
    shield: str = NO_SHIELD

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return self.logs / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its identity stands while it runs."""
        return self.pids / f"{self.name}.pid"


class Child:
    """One run of a program; bound to no event loop, so it may be started in one and stopped in another.

    Args:
        spec: What to run.
        on_line: Called with each line of output, from a thread of ours.
    """

    def __init__(self, spec: ChildSpec, on_line: Callable[[str], None] | None = None) -> None:
        self.spec = spec
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self.exited: Future[int] = Future()
        self.exited.set_running_or_notify_cancel()  # nobody who waits may cancel it for the others
        self._on_line = on_line
        self._process: subprocess.Popen[bytes] | None = None
        self._pump: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The process id; also that of its session and group."""
        if self._process is None:
            raise RuntimeError(f"{self.spec.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and not self.exited.done()

    def start(self) -> None:
        """Start the program.

        Raises:
            RuntimeError: Called from another thread than the main one; the death signal is bound to the
                *thread* that forks, and only the main one lives as long as the process.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread only")
        spec = self.spec
        log = RotatedLog(spec.log_file)
        self._process = subprocess.Popen(
            launch_command(spec.command, death_signal=spec.stop_signal, shield=spec.shield),
            cwd=spec.folder,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        record_pid(spec.pid_file, self._process.pid, spec.stop_signal)
        output = self._process.stdout
        if output is None:  # pragma: no cover - we asked for a pipe
            raise RuntimeError("no pipe")
        self._pump = threading.Thread(target=self._copy_output, args=(output, log), daemon=True)
        self._pump.start()
        threading.Thread(target=self._await_exit, args=(self._process,), daemon=True).start()

    async def stop(self, limit_s: float = 10) -> None:
        """Ask it to end, and kill its whole group when it has not after the limit (seconds)."""
        if self.running:
            self.signal(self.spec.stop_signal)
            await self._ended_within(limit_s)
        await self.finish()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its group."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill_group(self) -> None:
        """Kill the program and whatever it started in its session, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def finish(self) -> None:
        """After its end, or to force it: kill what is left of the group, wait, remove the pid file."""
        if self._process is None:
            return
        self.kill_group()
        await self._ended_within(5)
        if self._pump is not None:
            await asyncio.to_thread(self._pump.join, 2)
        self.spec.pid_file.unlink(missing_ok=True)

    async def _ended_within(self, limit_s: float) -> bool:
        end = time.monotonic() + limit_s
        while not self.exited.done():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    def _await_exit(self, process: subprocess.Popen[bytes]) -> None:
        self.exited.set_result(process.wait())

    def _copy_output(self, output: IO[bytes], log: RotatedLog) -> None:
        with output, contextlib.closing(log):
            while raw := output.readline(_LONGEST_LINE):
                log.write(raw)
                line = raw.decode(errors="replace").rstrip()
                self.tail.append(line)
                if self._on_line is not None:
                    self._on_line(line)
