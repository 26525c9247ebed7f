"""Send a file straight to the storage, in parts side by side; go on where an earlier try broke off."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import mimetypes
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2

from subiteya.cli.api_client import ApiClient, ServerRefused
from subiteya.domain.errors import StorageUnavailable

AT_ONCE: Final = 4
TRIES: Final = 5
SIGNED_AT_ONCE: Final = 50
PART_TIMEOUT: Final = httpx2.Timeout(120.0, connect=10.0)
_BLOCK: Final = 256 * 1024
_ENDS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Ticket:
    """An upload under way, as it is remembered between two tries."""

    key: str
    upload_id: str
    part_size: int

    @property
    def path(self) -> str:
        """Its address below `/api`."""
        return f"/s3/multipart/{self.upload_id}"


async def upload_file(api: ApiClient, path: Path, notes: Path, progress: Callable[[int, int], None]) -> str:
    """Upload a file.

    Args:
        api: The server.
        path: Which file.
        notes: Folder that remembers unfinished uploads.
        progress: Hears (bytes stored, bytes in all).

    Returns:
        The key, for `POST /api/videos`.

    Raises:
        ServerRefused: too large, or the upload is no longer open.
        StorageUnavailable: the storage does not take the parts.
    """
    size = path.stat().st_size
    with claimed_note(notes, _fingerprint(path)) as note:
        ticket, stored = await _resume(api, note) or (await _start(api, path, size, note), {})
        sender = _Sender(api, path, ticket, progress)
        await sender.send_missing(stored)
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(sender.etags.items())]
        await api.post(f"{ticket.path}/complete", {"parts": parts}, key=ticket.key)
        note.unlink(missing_ok=True)
    return ticket.key


@contextmanager
def claimed_note(notes: Path, fingerprint: str) -> Iterator[Path]:
    """The note on the unfinished upload of a file, for us alone.

    Another process that sends the same file at this moment has a note of its own: with one for both, both
    would make the same video of it.
    """
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in count():
        note = notes / f"{fingerprint}{f'-{number}' if number else ''}.json"
        with note.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield note
            return


async def _start(api: ApiClient, path: Path, size: int, note: Path) -> Ticket:
    kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
    begun = await api.post("/s3/multipart", {"filename": path.name, "type": kind, "size": size})
    ticket = Ticket(begun["key"], begun["uploadId"], begun["partSize"])
    note.write_text(json.dumps([ticket.key, ticket.upload_id, ticket.part_size]))
    return ticket


async def _resume(api: ApiClient, note: Path) -> tuple[Ticket, dict[int, tuple[int, str]]] | None:
    """The unfinished upload of this very file, with the parts that the storage has."""
    try:
        ticket = Ticket(*json.loads(note.read_text()))
        parts = await api.get(ticket.path, key=ticket.key)
    except (OSError, ValueError, TypeError, ServerRefused):
        return None  # none, or one that is no longer open
    return ticket, {part["PartNumber"]: (part["Size"], part["ETag"]) for part in parts}


class _Sender:
    """The parts of one upload."""

    def __init__(
        self, api: ApiClient, path: Path, ticket: Ticket, progress: Callable[[int, int], None]
    ) -> None:
        self._api = api
        self._path = path
        self._size = path.stat().st_size
        self._ticket = ticket
        self._progress = progress
        self._sent = 0
        self._urls: dict[int, str] = {}
        self.etags: dict[int, str] = {}

    async def send_missing(self, stored: dict[int, tuple[int, str]]) -> None:
        """Send every part but those that the storage has: number → (bytes, ETag)."""
        self._sent = sum(size for size, _ in stored.values())
        self.etags = {number: etag for number, (_, etag) in stored.items()}
        last = max(1, -(-self._size // self._ticket.part_size))
        missing = [number for number in range(1, last + 1) if number not in self.etags]
        self._progress(self._sent, self._size)
        async with httpx2.AsyncClient(timeout=PART_TIMEOUT) as http:
            for batch in _batches(missing, SIGNED_AT_ONCE):
                await self._sign(batch)
                limit = asyncio.Semaphore(AT_ONCE)
                await asyncio.gather(*(self._send(http, number, limit) for number in batch))

    async def _sign(self, numbers: list[int]) -> None:
        words = ",".join(map(str, numbers))
        signed: dict[str, Any] = await self._api.get(
            f"{self._ticket.path}/batch", key=self._ticket.key, partNumbers=words
        )
        self._urls |= {int(number): url for number, url in signed["presignedUrls"].items()}

    async def _send(self, http: httpx2.AsyncClient, number: int, limit: asyncio.Semaphore) -> None:
        first = (number - 1) * self._ticket.part_size
        length = min(self._ticket.part_size, self._size - first)
        async with limit:
            for attempt in range(TRIES):
                etag = await self._put(http, number, first, length)
                if etag is not None:
                    self.etags[number] = etag
                    self._sent += length
                    self._progress(self._sent, self._size)
                    return
                await asyncio.sleep(min(0.5 * 2**attempt, 8))
                await self._sign([number])  # the address may have expired meanwhile
        raise StorageUnavailable

    async def _put(self, http: httpx2.AsyncClient, number: int, first: int, length: int) -> str | None:
        headers = {"Content-Length": str(length)}  # S3 takes no chunked encoding
        blocks = _read(self._path, first, length)
        try:
            response = await http.put(self._urls[number], content=blocks, headers=headers)
        except httpx2.TransportError:
            return None
        return response.headers.get("etag") if response.is_success else None


async def _read(path: Path, first: int, length: int) -> AsyncIterator[bytes]:
    """A part in blocks: several of them are under way, and whole they would fill the memory."""
    with path.open("rb", buffering=0) as file:
        file.seek(first)
        left = length
        while left and (block := await asyncio.to_thread(file.read, min(_BLOCK, left))):
            left -= len(block)
            yield block


def _batches(numbers: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _fingerprint(path: Path) -> str:
    """Tells this very file, as it is now, from others; reads its ends only."""
    facts = path.stat()
    digest = hashlib.sha256(f"{path.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    with path.open("rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, facts.st_size - _ENDS), os.SEEK_SET)
        digest.update(file.read(_ENDS))
    return digest.hexdigest()[:32]
