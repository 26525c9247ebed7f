"""What a program costs: processor seconds, wall seconds, peak memory, by the kernel's own account."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KB = 1024  # Linux counts resident memory in kibibytes


@dataclass(frozen=True, slots=True)
class Cost:
    """One program's account, that of its own children included."""

    cpu_s: float
    wall_s: float
    peak_bytes: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, max(self.peak_bytes, other.peak_bytes)
        )


async def cost_of(
    command: Sequence[str | Path], *, folder: Path, env: Mapping[str, str] | None = None
) -> tuple[Cost, str]:
    """Runs a command to its end; its cost and what it wrote to standard error.

    Raises:
        RuntimeError: It ended with an error.
    """
    return await asyncio.to_thread(_run, command, folder, env)


def _run(command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None) -> tuple[Cost, str]:
    log = folder / "log.txt"
    begun = time.perf_counter()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # or its destructor would wait for it again
    said = log.read_text(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {said[-2000:]}")
    wall = time.perf_counter() - begun
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * _KB), said
