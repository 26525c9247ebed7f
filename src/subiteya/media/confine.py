"""Programs that read strangers' files run confined: own session, hard limits, no environment, no orphans."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use; the kernel enforces it."""

    memory_bytes: int
    cpu_s: int
    file_bytes: int
    """Largest file it may write; 0 forbids writing at all (pipes stay open)."""
    nice: int = 0
    """How far it steps back behind other work, 0 to 19."""


def confined(limits: Limits) -> Callable[[], None]:
    """What the child does between fork and exec: take the limits, and die when this thread does.

    The death signal is bound to the thread that forked. Here that is the event loop's, which lives as long
    as the worker: a `kill -9` of the worker takes the child along.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    parent = os.getpid()
    bounds = (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    )

    def prepare() -> None:
        os.nice(limits.nice)
        for what, wanted in bounds:
            _, hard = resource.getrlimit(what)
            allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(what, (allowed, allowed))
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before prctl took hold
                os._exit(1)

    return prepare


async def kill_group(process: asyncio.subprocess.Process) -> None:
    """Kills the process with all that it started, and waits until it is gone. Harmless when it is already."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it ended in this moment: what was wanted
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
