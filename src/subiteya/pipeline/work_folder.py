"""A folder for one edit, gone afterwards whatever happens, `kill -9` included.

Each folder holds a lock file that its process keeps locked. A killed process cannot tidy up, but its lock
goes with it: whoever comes next finds the folder unlocked and removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def work_folder(root: Path, name: str) -> Iterator[Path]:
    """Make a folder below `root` for one piece of work and remove it at the end.

    Args:
        root: The settings' work folder; made when missing, readable by this user only.
        name: What it is for, as part of the folder's name.

    Yields:
        The folder.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Under the root's lock, so that no tidying process meets the folder between its making and its locking.
    with _locked(root / LOCK):
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root)).resolve()
        lock = _try_lock(folder / LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def remove_abandoned(root: Path) -> list[str]:
    """Remove the folders of processes that live no more.

    Returns:
        Names of the folders that were removed.
    """
    if not root.is_dir():
        return []
    removed = []
    with _locked(root / LOCK):
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            lock = _try_lock(folder / LOCK)
            if lock is None:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            removed.append(folder.name)
    return removed


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _try_lock(path: Path) -> int | None:
    """The handle of a lock that was free, or None when a living process holds it."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
