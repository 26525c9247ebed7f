"""Children that outlived their parent: written down when they start, found and stopped at the next start.

On Linux a child is told of its parent's death and ends by itself; this is for the moments before it has,
and for other systems.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from subiteya.embedded.identity import Identity


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A child whose parent is gone.

    Attributes:
        name: What it was started as.
        identity: Which process it is.
        stop_signal: What asks it to end.
    """

    name: str
    identity: Identity
    stop_signal: signal.Signals


def record_pid(file: Path, pid: int, stop_signal: signal.Signals) -> None:
    """Write down which process was started; nothing to write when it has ended already."""
    identity = Identity.of(pid)
    if identity is None:
        return
    fresh = file.with_suffix(".new")
    words = {"pid": pid, "started": identity.started, "stop_signal": int(stop_signal)}
    fresh.write_text(json.dumps(words))
    fresh.replace(file)


def find_left_overs(pids: Path) -> list[LeftOver]:
    """The processes of the pid files in a folder that still live."""
    found = []
    for file in sorted(pids.glob("*.pid")):
        try:
            words = json.loads(file.read_text())
            identity = Identity(int(words["pid"]), str(words["started"]))
            left = LeftOver(file.stem, identity, signal.Signals(int(words["stop_signal"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a file cut short by a crash names nobody
        if left.identity.alive:
            found.append(left)
    return found


async def stop_left_overs(pids: Path, limit_s: float = 5) -> list[LeftOver]:
    """Stop every living process of the pid files, by force after the limit (seconds), and remove the files.

    Only for whoever holds the lock of the data folder: then no living parent is left to own them.
    """
    found = find_left_overs(pids)
    await asyncio.gather(*(_stop(left, limit_s) for left in found))
    _remove_pid_files(pids)
    return found


def _remove_pid_files(pids: Path) -> None:
    for file in pids.glob("*.pid"):
        file.unlink(missing_ok=True)


async def _stop(left: LeftOver, limit_s: float) -> None:
    gone = contextlib.suppress(ProcessLookupError, PermissionError)
    with gone:
        os.kill(left.identity.pid, left.stop_signal)
    if not await _gone_within(left.identity, limit_s):
        with gone:
            os.killpg(left.identity.pid, signal.SIGKILL)  # each child leads a session: its pid is its group
        await _gone_within(left.identity, 5)


async def _gone_within(identity: Identity, limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while identity.alive:
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True
