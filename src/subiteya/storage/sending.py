"""The core of every upload and large copy: a multipart upload that is completed or leaves nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from subiteya.domain.errors import SubiteyaError
from subiteya.storage.bounded import gather_bounded
from subiteya.storage.bucket import Bucket, require_content_type
from subiteya.storage.errors import ObjectMissing, UploadMissing, storage_errors

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from types_aiobotocore_s3.type_defs import CompletedPartTypeDef, CreateMultipartUploadOutputTypeDef

_log = structlog.get_logger(__name__)
_ABORT_SECONDS = 30


@asynccontextmanager
async def multipart(
    bucket: Bucket, key: str, *, content_type: str, metadata: Mapping[str, str]
) -> AsyncIterator[str]:
    """Create a multipart upload and yield its id; whatever leaves the block as an exception aborts it.

    Also a cancel in the middle of the creation: the answer is awaited and the upload aborted.
    """

    async def create() -> CreateMultipartUploadOutputTypeDef:
        with storage_errors():
            return await bucket.s3.create_multipart_upload(
                Bucket=bucket.name, Key=key, ContentType=require_content_type(content_type), Metadata=metadata
            )

    creating = asyncio.create_task(create())
    try:
        yield (await asyncio.shield(creating))["UploadId"]
    except BaseException:
        await asyncio.shield(_abort(bucket, key, creating))
        raise


async def _abort(
    bucket: Bucket, key: str, creating: asyncio.Task[CreateMultipartUploadOutputTypeDef]
) -> None:
    """Abort what `creating` made. The original error goes on, so a failure here is only logged."""
    try:
        async with asyncio.timeout(_ABORT_SECONDS):
            created = await creating
            with storage_errors():
                await bucket.s3.abort_multipart_upload(
                    Bucket=bucket.name, Key=key, UploadId=created["UploadId"]
                )
    except UploadMissing:
        return
    except (SubiteyaError, TimeoutError) as error:
        _log.warning(
            "an unfinished upload stays until the bucket's rule removes it", key=key, error=str(error)
        )


async def send_parts(
    bucket: Bucket,
    key: str,
    upload_id: str,
    bodies: AsyncIterable[io.BytesIO],
    *,
    concurrency: int,
    sent: Callable[[int], None],
) -> None:
    """Send bodies as parts 1, 2, … and complete the upload; `sent` hears each part's size."""

    async def send(number: int, body: io.BytesIO) -> CompletedPartTypeDef:
        size = body.getbuffer().nbytes
        with storage_errors():
            answer = await bucket.s3.upload_part(
                Bucket=bucket.name, Key=key, UploadId=upload_id, PartNumber=number, Body=body
            )
        sent(size)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    async def jobs() -> AsyncGenerator[Coroutine[Any, Any, CompletedPartTypeDef]]:
        number = 0
        async for body in bodies:
            number += 1
            yield send(number, body)

    await complete(bucket, key, upload_id, await gather_bounded(jobs(), concurrency))


async def complete(bucket: Bucket, key: str, upload_id: str, parts: list[CompletedPartTypeDef]) -> None:
    """Join the parts into the object; joining twice is harmless.

    Raises:
        UploadMissing: When the upload is gone and its object is not there either.
    """
    try:
        with storage_errors():
            await bucket.s3.complete_multipart_upload(
                Bucket=bucket.name, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )
    except UploadMissing:
        # Either somebody aborted it, or an earlier attempt got through and only its answer was lost.
        try:
            with storage_errors():
                there = await bucket.s3.head_object(Bucket=bucket.name, Key=key)
        except ObjectMissing:
            there = None
        if there is None or there["ETag"].strip('"') != composite_etag([part["ETag"] for part in parts]):
            raise


def composite_etag(part_etags: Sequence[str]) -> str | None:
    """The ETag of an object joined from these parts, without quotes; None when theirs are no MD5 sums.

    MD5 over the parts' MD5 sums, a dash, their number
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
    """
    try:
        sums = b"".join(bytes.fromhex(etag.strip('"')) for etag in part_etags)
    except ValueError:
        return None
    return f"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-{len(part_etags)}"


async def into_bodies(chunks: AsyncIterable[bytes], size: int) -> AsyncGenerator[io.BytesIO]:
    """Regroup chunks of any size into bodies of exactly `size` bytes, the last one smaller.

    Nothing is copied twice: each chunk goes straight into the body that is sent. `BytesIO` and not `bytes`,
    because aiohttp sends the former in slices and the latter in one go that blocks the loop.
    """
    body = io.BytesIO()
    async for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            taken = body.write(rest[: size - body.tell()])
            rest = rest[taken:]
            if body.tell() == size:
                body.seek(0)
                yield body
                body = io.BytesIO()
    if body.tell():
        body.seek(0)
        yield body
