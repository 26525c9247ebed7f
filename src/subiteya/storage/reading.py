"""Reading a byte range that survives broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from subiteya.domain.errors import StorageUnavailable
from subiteya.storage.bucket import Bucket
from subiteya.storage.errors import StorageRefused, storage_errors

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import GetObjectOutputTypeDef

CHUNK = 1024 * 1024
_FRUITLESS_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.2


async def read_range(
    bucket: Bucket, key: str, *, start: int, end: int | None, if_match: str | None
) -> AsyncGenerator[bytes]:
    """Chunks of bytes `start` to before `end`; see `Objects.get_stream`."""
    etag = if_match
    fruitless = 0
    while end is None or start < end:
        try:
            answer = await _get(bucket, key, start, end, etag)
            etag = answer["ETag"]
            async with aclosing(_chunks(answer["Body"])) as chunks:
                async for chunk in chunks:
                    start += len(chunk)
                    fruitless = 0
                    yield chunk
        except StorageUnavailable:
            fruitless += 1
            if fruitless == _FRUITLESS_ATTEMPTS:
                raise
            await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**fruitless)
        else:
            return


async def _get(
    bucket: Bucket, key: str, start: int, end: int | None, etag: str | None
) -> GetObjectOutputTypeDef:
    wanted: dict[str, Any] = {"IfMatch": etag} if etag else {}
    ranged = start > 0 or end is not None
    if ranged:
        wanted["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    with storage_errors():
        answer = await bucket.s3.get_object(Bucket=bucket.name, Key=key, **wanted)
    if ranged and not answer.get("ContentRange", "").startswith(f"bytes {start}-"):
        answer["Body"].close()
        raise StorageRefused(reason="the service ignores byte ranges")
    return answer


async def _chunks(body: Any) -> AsyncGenerator[bytes]:
    """The body in chunks; the connection is closed when the reader leaves early."""
    try:
        while True:
            with storage_errors():
                chunk: bytes = await body.read(CHUNK)
            if not chunk:
                return
            yield chunk
    finally:
        await body.aclose()
