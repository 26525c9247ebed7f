"""Streams in and out of a real server."""

from __future__ import annotations

import asyncio
import hashlib
import io
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

import pytest

from integration.storage.streams import chunked, noise, open_uploads, read
from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.keys import Area, VideoFile, temp_key, user_prefix, video_key, video_prefix
from subiteya.storage import Storage
from subiteya.storage.errors import (
    BadRange,
    ObjectChanged,
    ObjectMissing,
    UploadIncomplete,
)
from subiteya.storage.parts import MIB

TYPE = "video/mp4"


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 8 * MIB, 8 * MIB + 1, 20 * MIB])
@pytest.mark.parametrize("announced", [True, False])
async def test_what_goes_in_as_a_stream_comes_out_the_same(
    storage: Storage, user_id: UUID, size: int, announced: bool
) -> None:
    content = noise(size)
    told: list[tuple[int, int]] = []
    key = temp_key(user_id, ".mp4")
    info = await storage.objects.put_stream(
        key,
        chunked(content),
        content_type=TYPE,
        size=size if announced else None,
        metadata={"name": "clip"},
        progress=lambda done, total: told.append((done, total)),
    )
    assert (info.size, info.content_type, info.metadata) == (size, TYPE, {"name": "clip"})
    assert info.uri == f"s3://{storage.bucket.name}/{key}"
    assert info.modified_at.tzinfo is not None
    assert told[-1] == (size, size if announced else 0)
    assert await read(storage, key) == content
    assert await open_uploads(storage) == []


async def test_small_bytes_go_in_and_out_whole(storage: Storage, user_id: UUID) -> None:
    key = temp_key(user_id, ".srt")
    await storage.objects.put_bytes(key, b"1\n00:00:00,000", content_type="application/x-subrip")
    assert await storage.objects.get_bytes(key, limit=100) == b"1\n00:00:00,000"
    with pytest.raises(TooLarge):
        await storage.objects.get_bytes(key, limit=3)


@pytest.mark.parametrize("came", [10, 12, 9 * MIB])
async def test_a_stream_of_another_length_than_announced_leaves_nothing(
    storage: Storage, user_id: UUID, came: int
) -> None:
    key = temp_key(user_id)
    with pytest.raises(UploadIncomplete):
        await storage.objects.put_stream(
            key, chunked(noise(came)), content_type=TYPE, size=11 if came < MIB else 9 * MIB + 1
        )
    assert not await storage.objects.exists(key)
    assert await open_uploads(storage) == []


async def test_a_source_that_breaks_comes_out_as_it_is_and_leaves_nothing(
    storage: Storage, user_id: UUID
) -> None:
    async def breaking() -> AsyncGenerator[bytes]:
        async for chunk in chunked(noise(20 * MIB)):
            yield chunk
        raise LookupError("the browser went away")

    key = temp_key(user_id)
    with pytest.raises(LookupError, match="went away"):
        await storage.objects.put_stream(key, breaking(), content_type=TYPE, size=40 * MIB)
    assert not await storage.objects.exists(key)
    assert await open_uploads(storage) == []


@pytest.mark.parametrize("after", [0.0, 0.005, 0.03, 0.1, 0.2])
async def test_a_cancel_at_any_moment_leaves_no_upload(storage: Storage, user_id: UUID, after: float) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield bytes(MIB)
            await asyncio.sleep(0)

    key = temp_key(user_id)
    task = asyncio.create_task(
        storage.objects.put_stream(key, endless(), content_type=TYPE, size=10_000 * MIB)
    )
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await storage.objects.exists(key)
    assert await open_uploads(storage) == []


async def test_a_second_cancel_does_not_stop_the_clean_up(storage: Storage, user_id: UUID) -> None:
    sending = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield bytes(9 * MIB)
            sending.set()

    key = temp_key(user_id)
    task = asyncio.create_task(
        storage.objects.put_stream(key, endless(), content_type=TYPE, size=10_000 * MIB)
    )
    await sending.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    for _ in range(200):  # the clean-up goes on without us
        if not await open_uploads(storage):
            break
        await asyncio.sleep(0.05)
    assert await open_uploads(storage) == []
    assert not await storage.objects.exists(key)


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (0, None), (1, 2), (MIB - 1, MIB + 1), (3 * MIB, None), (3 * MIB, 99 * MIB), (7, 7), (0, 0)],
)
async def test_a_range_is_exact(storage: Storage, user_id: UUID, start: int, end: int | None) -> None:
    content = noise(3 * MIB + 17)
    key = temp_key(user_id)
    await storage.objects.put_bytes(key, content, content_type=TYPE)
    assert await read(storage, key, start, end) == content[start:end]


async def test_a_range_behind_the_end_is_refused(storage: Storage, user_id: UUID) -> None:
    key = temp_key(user_id)
    await storage.objects.put_bytes(key, b"abc", content_type=TYPE)
    with pytest.raises(BadRange):
        await read(storage, key, 3)


async def test_only_the_wanted_version_is_read(storage: Storage, user_id: UUID) -> None:
    key = temp_key(user_id)
    first = await storage.objects.put_bytes(key, b"first", content_type=TYPE)
    await storage.objects.put_bytes(key, b"other", content_type=TYPE)
    with pytest.raises(ObjectChanged):
        async for _ in storage.objects.get_stream(key, if_match=first.etag):
            pass


async def test_a_reader_that_leaves_early_frees_its_connection(storage: Storage, user_id: UUID) -> None:
    key = temp_key(user_id)
    await storage.objects.put_stream(key, chunked(noise(20 * MIB)), content_type=TYPE)
    for _ in range(40):  # more than there are connections
        async with aclosing(storage.objects.get_stream(key)) as chunks:
            await anext(chunks)
    assert await storage.objects.exists(key)


async def test_missing_objects_are_missing_everywhere(storage: Storage, user_id: UUID) -> None:
    key = temp_key(user_id)
    assert not await storage.objects.exists(key)
    with pytest.raises(ObjectMissing):
        await storage.objects.head(key)
    with pytest.raises(ObjectMissing):
        await read(storage, key)
    await storage.objects.delete(key)


async def test_deleting_a_folder_deletes_it_and_nothing_else(storage: Storage, user_id: UUID) -> None:
    video, neighbour = uuid.uuid4(), uuid.uuid4()
    for which in (video, neighbour):
        for file in VideoFile:
            await storage.objects.put_bytes(video_key(user_id, which, file, ".mp4"), b"x", content_type=TYPE)
    assert await storage.objects.delete_prefix(video_prefix(user_id, video)) == 2
    left = [key async for key in storage.objects.list_keys(user_prefix(Area.VIDEOS, user_id))]
    assert left == sorted(video_key(user_id, neighbour, file, ".mp4") for file in VideoFile)
    assert await storage.objects.delete_prefix(video_prefix(user_id, video)) == 0


async def test_more_objects_than_one_page_holds_are_all_deleted(
    storage: Storage, user_id: UUID, s3_client: Any
) -> None:
    def fill() -> None:
        for _ in range(1_005):
            s3_client.put_object(Bucket=storage.bucket.name, Key=temp_key(user_id), Body=io.BytesIO(b"x"))

    await asyncio.to_thread(fill)
    assert await storage.objects.delete_prefix(user_prefix(Area.TEMP, user_id)) == 1_005


@pytest.mark.parametrize("prefix", ["", "/", "temp", "temp/", "temp//", "te", "other/x/"])
async def test_a_slip_cannot_empty_the_bucket(storage: Storage, prefix: str) -> None:
    with pytest.raises(BadInput):
        await storage.objects.delete_prefix(prefix)


async def test_a_type_that_breaks_headers_is_refused(storage: Storage, user_id: UUID) -> None:
    with pytest.raises(BadInput):
        await storage.objects.put_bytes(temp_key(user_id), b"x", content_type="video/mp4\r\nx-evil: 1")


async def test_the_sum_of_a_joined_object_is_what_its_parts_say(storage: Storage, user_id: UUID) -> None:
    content = noise(20 * MIB)
    info = await storage.objects.put_stream(
        temp_key(user_id), chunked(content), content_type=TYPE, size=len(content)
    )
    sums = b"".join(
        hashlib.md5(content[at : at + 8 * MIB], usedforsecurity=False).digest()
        for at in range(0, len(content), 8 * MIB)
    )
    assert info.etag == f'"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-3"'
