"""Files that previews need again, under names of their content; bounded in number, bytes and age."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from subiteya.domain.errors import StorageUnavailable
from subiteya.services.resources import Resources

KEPT_SECONDS: Final = 1800.0
"""How long a file lies unused."""
_FETCH_LIMIT_S = 120.0


@dataclass(slots=True)
class Shelf:
    """A folder of files of one kind."""

    folder: Path
    most: int
    """Files."""
    most_bytes: int
    """Of all together; the newest file stays however large it is."""

    def __post_init__(self) -> None:
        """Makes the folder."""
        self.folder.mkdir()

    async def take(self, name: str, to: Path) -> bool:
        """Gives a kept file a second name, which outlives its clearing away; False when there is none."""
        return await asyncio.to_thread(_take, self.folder / name, to)

    async def keep(self, path: Path, name: str) -> None:
        """Gives a file to the shelf, which may clear others away. `path` stays a name of it."""
        await asyncio.to_thread(self._keep, path, name)

    def _keep(self, path: Path, name: str) -> None:
        second = path.with_name(f"{path.name}.kept")
        second.hardlink_to(path)
        second.replace(self.folder / name)
        self._trim()

    def _trim(self) -> None:
        """Removes what is old, and the least used of what is too much."""
        facts: list[tuple[Path, os.stat_result]] = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another request trims too
                facts.append((path, path.stat()))
        facts.sort(key=lambda fact: fact[1].st_mtime, reverse=True)
        total, oldest = 0, time.time() - KEPT_SECONDS
        for place, (path, stat) in enumerate(facts):
            total += stat.st_size
            if place and (place >= self.most or total > self.most_bytes or stat.st_mtime < oldest):
                path.unlink(missing_ok=True)


def _take(kept: Path, name: Path) -> bool:
    try:
        name.hardlink_to(kept)
    except FileNotFoundError:
        return False
    name.touch()  # one file, two names: this says when it was used
    return True


async def fetch(resources: Resources, key: str, to: Path, shelf: Shelf) -> None:
    """Copies an object; from the shelf when it is there. What lies under a key never changes.

    Raises:
        NotFound: there is no such object.
        StorageUnavailable: it does not come, or not in time.
    """
    name = hashlib.sha256(key.encode()).hexdigest()
    if await shelf.take(name, to):
        return
    try:
        async with asyncio.timeout(_FETCH_LIMIT_S):
            await resources.storage.files.download(key, to)
    except TimeoutError:
        raise StorageUnavailable(why="the file did not come in time") from None
    await shelf.keep(to, name)
