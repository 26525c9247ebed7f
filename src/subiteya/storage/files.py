"""Objects to files and back: parallel, with progress, whole or not at all."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subiteya.domain.errors import StorageUnavailable
from subiteya.storage.bounded import gather_bounded
from subiteya.storage.bucket import Bucket, ObjectInfo, Progress
from subiteya.storage.errors import ObjectChanged, UploadIncomplete
from subiteya.storage.objects import Objects
from subiteya.storage.parts import MIB, SERVER_PART_SIZE, Part, choose_part_size, plan_parts
from subiteya.storage.reading import read_range
from subiteya.storage.sending import multipart, send_parts

_DOWNLOAD_RANGE = 32 * MIB
_RANGES_IN_FLIGHT = 4
_PARTS_IN_FLIGHT = 2  # a worker has several edits in hand, each with its own
_WRITE_SIZE = MIB  # what one hop to a thread writes


@dataclass(frozen=True, slots=True)
class Files:
    """Transfers between one bucket and local files."""

    bucket: Bucket

    async def download(
        self,
        key: str,
        path: Path,
        *,
        if_match: str | None = None,
        progress: Progress | None = None,
        concurrency: int = _RANGES_IN_FLIGHT,
    ) -> ObjectInfo:
        """Copy an object into a file; `path` appears only when every byte is in.

        Ranges of 32 MiB are fetched side by side, all of the same version of the object. The temporary file
        stands beside `path` and is removed whatever happens.

        Args:
            key: From where.
            path: Where to; a file that stands there is replaced.
            if_match: Take only the version with this ETag.
            progress: Hears (bytes written, bytes in all).
            concurrency: Ranges in flight.

        Raises:
            ObjectMissing: When there is no such object.
            ObjectChanged: When it is not the version of `if_match`, or is replaced meanwhile.
            OSError: When the disk is full or the folder not writable.
        """
        info = await Objects(self.bucket).head(key)
        if if_match not in (None, info.etag):
            raise ObjectChanged(what="file", state="changed")
        written = 0

        def wrote(count: int) -> None:
            nonlocal written
            written += count
            if progress:
                progress(written, info.size)

        with _appearing_whole(path) as partial:

            async def jobs() -> AsyncGenerator[Coroutine[Any, Any, None]]:
                for piece in plan_parts(info.size, _DOWNLOAD_RANGE):
                    yield self._fetch(info, piece, partial, wrote)

            await gather_bounded(jobs(), concurrency)
            if written != info.size:
                raise StorageUnavailable(why=f"{written} of {info.size} bytes came")
        return info

    async def upload(
        self,
        path: Path,
        key: str,
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        concurrency: int = _PARTS_IN_FLIGHT,
    ) -> ObjectInfo:
        """Copy a file into an object; memory is `concurrency` parts of 8 MiB (larger only above 78 GiB).

        On an error or a cancel no object and no open upload stay behind.

        Args:
            path: From where; must not change meanwhile.
            key: Where to; an object that stands there is replaced when all bytes are in.
            content_type: Stored with the object.
            metadata: ASCII only.
            progress: Hears (bytes stored, bytes in all).
            concurrency: Parts in flight.

        Raises:
            OSError: When the file cannot be read.
            UploadIncomplete: When the file shrinks meanwhile.
            StorageUnavailable: When S3 does not answer.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        part_size = choose_part_size(size, SERVER_PART_SIZE)
        objects = Objects(self.bucket)
        if size <= part_size:
            body = await asyncio.to_thread(_read, path, Part(1, 0, size))
            return await objects.put_stream(
                key,
                _one(body.getvalue()),
                content_type=content_type,
                size=size,
                metadata=metadata,
                progress=progress,
            )
        stored = 0

        def sent(count: int) -> None:
            nonlocal stored
            stored += count
            if progress:
                progress(stored, size)

        async def bodies() -> AsyncGenerator[io.BytesIO]:
            for piece in plan_parts(size, part_size):
                yield await asyncio.to_thread(_read, path, piece)

        async with multipart(
            self.bucket, key, content_type=content_type, metadata=metadata or {}
        ) as upload_id:
            await send_parts(self.bucket, key, upload_id, bodies(), concurrency=concurrency, sent=sent)
        return await objects.verified(key, size)

    async def _fetch(self, info: ObjectInfo, piece: Part, path: Path, wrote: Callable[[int], None]) -> None:
        """Write one range of the object to its place in the file."""
        offset = piece.start
        waiting: list[bytes] = []
        count = 0
        stream = read_range(self.bucket, info.key, start=piece.start, end=piece.end, if_match=info.etag)
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                waiting.append(chunk)
                count += len(chunk)
                if count >= _WRITE_SIZE or offset + count == piece.end:
                    await asyncio.to_thread(_write, path, offset, waiting)
                    offset += count
                    wrote(count)
                    waiting, count = [], 0


@contextmanager
def _appearing_whole(path: Path) -> Iterator[Path]:
    """A new empty file beside `path` that takes its name at the end, or vanishes."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    partial.touch(mode=0o600, exist_ok=False)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


# Both open the file for themselves: a thread outlives the cancel of its task, and a late write into a
# descriptor that was closed and given to another file would be worse than the few microseconds of an open.
def _write(path: Path, offset: int, chunks: Sequence[bytes]) -> None:
    with path.open("r+b", buffering=0) as file:
        file.seek(offset)
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[file.write(rest) :]


def _read(path: Path, piece: Part) -> io.BytesIO:
    with path.open("rb") as file:
        file.seek(piece.start)
        body = file.read(piece.size)
    if len(body) != piece.size:
        raise UploadIncomplete(what="upload", why="the file became shorter while it was read")
    return io.BytesIO(body)  # shares the bytes; one that grows takes an eighth more


async def _one(chunk: bytes) -> AsyncGenerator[bytes]:
    yield chunk
