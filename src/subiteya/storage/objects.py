"""Writing, reading, looking up and deleting objects, with memory that does not grow with their size."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from subiteya.domain.errors import BadInput, StorageUnavailable, TooLarge
from subiteya.domain.keys import Area
from subiteya.storage.bucket import Bucket, ObjectInfo, Progress, require_content_type
from subiteya.storage.errors import ObjectMissing, StorageRefused, UploadIncomplete, storage_errors
from subiteya.storage.parts import SERVER_PART_SIZE, UNKNOWN_SIZE_PART_SIZE, choose_part_size
from subiteya.storage.reading import read_range
from subiteya.storage.sending import into_bodies, multipart, send_parts

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import HeadObjectOutputTypeDef

_IN_FLIGHT = 3
_DELETE_AT_ONCE = 1000  # what one DeleteObjects call takes


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of one bucket."""

    bucket: Bucket

    async def put_bytes(
        self, key: str, body: bytes, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> ObjectInfo:
        """Write a small object that is in memory anyway."""
        await self._put(key, io.BytesIO(body), content_type, metadata or {})
        return await self.verified(key, len(body))

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterable[bytes],
        *,
        content_type: str,
        size: int | None = None,
        at_most: int | None = None,
        metadata: Mapping[str, str] | None = None,
        concurrency: int = _IN_FLIGHT,
        progress: Progress | None = None,
    ) -> ObjectInfo:
        """Write an object from chunks of any size.

        Memory is `concurrency` parts of 8 MiB (16 MiB when nothing is known), whatever the length. When
        `chunks` raises, or the task is cancelled, no object and no open upload stay behind.

        Args:
            key: Where to; an object that stands there is replaced when all bytes are in.
            chunks: The bytes.
            content_type: Stored with the object.
            size: Bytes in all, when known; a stream of another length is refused.
            at_most: Bytes that the caller lets through, when the size is not known.
            metadata: ASCII only.
            concurrency: Parts in flight.
            progress: Hears (bytes stored, `size` or 0 when unknown).

        Raises:
            UploadIncomplete: When the stream has not `size` bytes.
            StorageUnavailable: When S3 does not answer.
        """
        most = at_most if size is None else size
        part_size = UNKNOWN_SIZE_PART_SIZE if most is None else choose_part_size(most, SERVER_PART_SIZE)
        stored = 0

        def sent(count: int) -> None:
            nonlocal stored
            stored += count
            if progress:
                progress(stored, size or 0)

        async with aclosing(into_bodies(_measured(chunks, size), part_size)) as bodies:
            first = await anext(bodies, io.BytesIO())
            total = first.getbuffer().nbytes
            if total < part_size:
                await self._put(key, first, content_type, metadata or {})
                sent(total)
            else:
                async with multipart(
                    self.bucket, key, content_type=content_type, metadata=metadata or {}
                ) as upload_id:
                    await send_parts(
                        self.bucket,
                        key,
                        upload_id,
                        _with_first(first, bodies),
                        concurrency=concurrency,
                        sent=sent,
                    )
        return await self.verified(key, stored)

    def get_stream(
        self, key: str, *, start: int = 0, end: int | None = None, if_match: str | None = None
    ) -> AsyncGenerator[bytes]:
        """Read bytes `start` to before `end` (or the object's end) in chunks of up to 1 MiB.

        A connection that breaks on the way is taken up again at the byte where it broke, on the same version
        of the object. Close the generator (`contextlib.aclosing`) when leaving it early.

        Raises:
            ObjectMissing: When there is no such object.
            ObjectChanged: When it is not (or no longer) the version with the ETag `if_match`.
            BadRange: When `start` lies behind the end.
            StorageUnavailable: When S3 does not answer, or the connection breaks again and again.
        """
        return read_range(self.bucket, key, start=start, end=end, if_match=if_match)

    async def get_bytes(self, key: str, *, limit: int) -> bytes:
        """Read a small object whole.

        Raises:
            ObjectMissing: When there is no such object.
            TooLarge: When it has more than `limit` bytes.
        """
        body = bytearray()
        async with aclosing(self.get_stream(key)) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > limit:
                    raise TooLarge(limit=f"{limit} bytes")
        return bytes(body)

    async def head(self, key: str) -> ObjectInfo:
        """What S3 knows about the object.

        Raises:
            ObjectMissing: When there is none.
        """
        with storage_errors():
            return _info(self.bucket, key, await self.bucket.s3.head_object(Bucket=self.bucket.name, Key=key))

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        try:
            await self.head(key)
        except ObjectMissing:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Delete the object; one that is not there counts as deleted."""
        with storage_errors():
            await self.bucket.s3.delete_object(Bucket=self.bucket.name, Key=key)

    async def list_keys(self, prefix: str) -> AsyncGenerator[str]:
        """Keys that start with `prefix`, in order."""
        pages = self.bucket.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket.name, Prefix=prefix
        )
        with storage_errors():
            async for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"]

    async def delete_prefix(self, prefix: str) -> int:
        """Delete every object below a folder of one user; returns how many.

        Raises:
            BadInput: When the prefix is not `area/owner/…/`, so that a slip cannot empty the bucket.
            StorageRefused: When S3 keeps some of them.
        """
        area, _, rest = prefix.partition("/")
        if area not in set(Area) or not prefix.endswith("/") or not rest.strip("/"):
            raise BadInput(what="prefix", why="it must name a folder of one user")
        batch: list[str] = []
        deleted = 0
        async with aclosing(self.list_keys(prefix)) as keys:
            async for key in keys:
                batch.append(key)
                if len(batch) == _DELETE_AT_ONCE:
                    deleted += await self._delete_batch(batch)
                    batch = []
        return deleted + await self._delete_batch(batch)

    async def _delete_batch(self, keys: list[str]) -> int:
        if not keys:
            return 0
        with storage_errors():
            answer = await self.bucket.s3.delete_objects(
                Bucket=self.bucket.name, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if failed := answer.get("Errors"):
            raise StorageRefused(reason=failed[0].get("Code", ""), count=len(failed))
        return len(keys)

    async def _put(self, key: str, body: io.BytesIO, content_type: str, metadata: Mapping[str, str]) -> None:
        with storage_errors():
            await self.bucket.s3.put_object(
                Bucket=self.bucket.name,
                Key=key,
                Body=body,
                ContentType=require_content_type(content_type),
                Metadata=metadata,
            )

    async def verified(self, key: str, size: int) -> ObjectInfo:
        """What S3 knows about an object just written.

        Raises:
            StorageUnavailable: When it is not `size` bytes long.
        """
        info = await self.head(key)
        if info.size != size:
            raise StorageUnavailable(why=f"stored {info.size} of {size} bytes")
        return info


def _info(bucket: Bucket, key: str, head: HeadObjectOutputTypeDef) -> ObjectInfo:
    return ObjectInfo(
        bucket=bucket.name,
        key=key,
        size=head["ContentLength"],
        etag=head["ETag"],
        content_type=head.get("ContentType", "application/octet-stream"),
        modified_at=head["LastModified"].astimezone(UTC),
        metadata=head.get("Metadata", {}),
    )


async def _measured(chunks: AsyncIterable[bytes], size: int | None) -> AsyncGenerator[bytes]:
    """Pass chunks on; refuse a stream that is longer or shorter than announced.

    Raises:
        UploadIncomplete: In time, before anything is joined to an object.
    """
    came = 0
    async for chunk in chunks:
        came += len(chunk)
        if size is not None and came > size:
            raise UploadIncomplete(what="upload", why=f"{size} bytes were announced, more came")
        yield chunk
    if size is not None and came != size:
        raise UploadIncomplete(what="upload", why=f"{size} bytes were announced, {came} came")


async def _with_first(first: io.BytesIO, rest: AsyncIterable[io.BytesIO]) -> AsyncGenerator[io.BytesIO]:
    yield first
    async for body in rest:
        yield body
