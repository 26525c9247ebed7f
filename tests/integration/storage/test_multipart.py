"""Uploads in parts, as a browser sends them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from subiteya.domain.errors import BadInput
from subiteya.domain.keys import asset_key, temp_key
from subiteya.storage import OpenUpload, Storage
from subiteya.storage.errors import UploadIncomplete, UploadMissing
from subiteya.storage.parts import MIB

TYPE = "video/mp4"
PART = 5 * MIB
CONTENT = random.Random(7).randbytes(2 * PART + 77)  # noqa: S311 - bytes to tell apart, not to keep secret


@pytest.fixture
async def upload(storage: Storage, user_id: UUID) -> OpenUpload:
    return await storage.multipart.create(
        temp_key(user_id, ".mp4"), size=len(CONTENT), content_type=TYPE, part_size=PART
    )


async def send(storage: Storage, browser: httpx2.AsyncClient, upload: OpenUpload, *numbers: int) -> None:
    for number in numbers:
        signed = await storage.multipart.sign_part(upload, number)
        answer = await browser.put(signed.url, content=CONTENT[(number - 1) * PART : number * PART])
        assert answer.status_code == 200


async def test_an_upload_is_resumed_by_asking_which_parts_are_there(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    assert upload.part_count == 3
    assert await storage.multipart.list_parts(upload) == []
    await send(storage, browser, upload, 1, 3)
    there = await storage.multipart.list_parts(upload)
    assert [(part.number, part.size) for part in there] == [(1, PART), (3, 77)]
    await send(storage, browser, upload, 2)
    info = await storage.multipart.complete(upload)
    assert (info.key, info.size, info.content_type) == (upload.key, len(CONTENT), TYPE)
    assert await storage.objects.get_bytes(upload.key, limit=20 * MIB) == CONTENT


async def test_completing_twice_is_harmless(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 1, 2, 3)
    first = await storage.multipart.complete(upload)
    assert await storage.multipart.complete(upload) == first
    await storage.multipart.abort(upload)
    assert await storage.objects.exists(upload.key)


async def test_missing_parts_are_named(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 2)
    with pytest.raises(UploadIncomplete, match="parts 1, 3 are missing"):
        await storage.multipart.complete(upload)
    assert not await storage.objects.exists(upload.key)


async def test_a_part_takes_exactly_its_signed_size(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.multipart.sign_part(upload, 3)
    assert signed.size == 77
    for body in (b"x" * 78, b"x" * 76):
        assert (await browser.put(signed.url, content=body)).status_code == 403
    assert await storage.multipart.list_parts(upload) == []


async def test_a_signature_for_one_part_is_none_for_another(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.multipart.sign_part(upload, 1)
    other = signed.url.replace("partNumber=1", "partNumber=2")
    assert other != signed.url
    assert (await browser.put(other, content=CONTENT[:PART])).status_code == 403


PutPart = Callable[[OpenUpload, int, bytes], Awaitable[str]]


@pytest.fixture
def put_part(storage: Storage, s3_client: Any) -> PutPart:
    """Send a part of any size past our signatures; gives its ETag."""

    async def put(upload: OpenUpload, number: int, body: bytes) -> str:
        answer = await asyncio.to_thread(
            s3_client.upload_part,
            Bucket=storage.bucket.name,
            Key=upload.key,
            UploadId=upload.upload_id,
            PartNumber=number,
            Body=body,
        )
        return str(answer["ETag"])

    return put


@pytest.mark.parametrize("wrong", [(3, b"short"), (4, b"one too many")])
async def test_parts_of_another_size_are_not_joined(
    storage: Storage,
    upload: OpenUpload,
    browser: httpx2.AsyncClient,
    put_part: PutPart,
    wrong: tuple[int, bytes],
) -> None:
    number, body = wrong
    await send(storage, browser, upload, *range(1, number))
    await put_part(upload, number, body)
    with pytest.raises(UploadIncomplete, match=f"parts {number} are of another size"):
        await storage.multipart.complete(upload)
    assert not await storage.objects.exists(upload.key)


async def test_parts_that_are_not_the_claimed_ones_are_not_joined(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 1, 2, 3)
    with pytest.raises(UploadIncomplete, match="parts 1 are not as sent"):
        await storage.multipart.complete(upload, {1: '"00000000000000000000000000000000"'})
    assert not await storage.objects.exists(upload.key)


async def test_a_part_sent_twice_counts_once(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 1, 2, 3, 3, 1)
    assert [part.number for part in await storage.multipart.list_parts(upload)] == [1, 2, 3]
    assert (await storage.multipart.complete(upload)).size == len(CONTENT)
    assert await storage.objects.get_bytes(upload.key, limit=20 * MIB) == CONTENT


async def test_of_a_part_sent_with_other_bytes_the_claimed_one_is_taken(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient, put_part: PutPart
) -> None:
    await send(storage, browser, upload, 1, 2)
    bodies = [bytes([number]) * 77 for number in range(6)]
    for body in bodies[:-1]:
        await put_part(upload, 3, body)
    last = await put_part(upload, 3, bodies[-1])
    await storage.multipart.complete(upload, {3: last})
    assert (await storage.objects.get_bytes(upload.key, limit=20 * MIB))[2 * PART :] == bodies[-1]


async def test_claims_that_agree_are_accepted_with_and_without_quotes(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 1, 2, 3)
    etags = {part.number: part.etag for part in await storage.multipart.list_parts(upload)}
    etags[2] = etags[2].strip('"')
    assert (await storage.multipart.complete(upload, etags)).size == len(CONTENT)


async def test_an_aborted_upload_is_gone_and_may_be_aborted_again(
    storage: Storage, upload: OpenUpload, browser: httpx2.AsyncClient
) -> None:
    await send(storage, browser, upload, 1)
    await storage.multipart.abort(upload)
    await storage.multipart.abort(upload)
    with pytest.raises(UploadMissing):
        await storage.multipart.list_parts(upload)
    with pytest.raises(UploadMissing):
        await storage.multipart.complete(upload)
    assert [found async for found in storage.multipart.list_uploads()] == []


async def test_more_parts_than_one_page_holds_are_all_listed(
    storage: Storage, user_id: UUID, s3_client: Any
) -> None:
    count = 1_005
    upload = await storage.multipart.create(
        temp_key(user_id), size=count * PART, content_type=TYPE, part_size=PART
    )

    def fill() -> None:
        for number in range(1, count + 1):
            s3_client.upload_part(
                Bucket=storage.bucket.name,
                Key=upload.key,
                UploadId=upload.upload_id,
                PartNumber=number,
                Body=b"x",
            )

    await asyncio.to_thread(fill)
    assert [part.number for part in await storage.multipart.list_parts(upload)] == [*range(1, count + 1)]


async def test_unfinished_uploads_are_found_by_folder_and_aborted_by_age(
    storage: Storage, upload: OpenUpload, user_id: UUID
) -> None:
    logo = await storage.multipart.create(asset_key(user_id), size=1, content_type="image/png")
    found = [one async for one in storage.multipart.list_uploads("temp/")]
    assert [(one.key, one.upload_id) for one in found] == [(upload.key, upload.upload_id)]
    assert abs(found[0].started_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert await storage.multipart.abort_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await storage.multipart.abort_unfinished(datetime.now(UTC) + timedelta(hours=1), "temp/") == 1
    assert [one.key async for one in storage.multipart.list_uploads()] == [logo.key]


async def test_what_makes_no_sense_is_refused_before_anything_is_created(
    storage: Storage, user_id: UUID
) -> None:
    key = temp_key(user_id)
    for wrong in (
        {"key": "elsewhere/x", "size": 1, "content_type": TYPE},
        {"key": key, "size": 0, "content_type": TYPE},
        {"key": key, "size": 1, "content_type": "nonsense"},
        {"key": key, "size": 1, "content_type": TYPE, "part_size": MIB},
    ):
        arguments: dict[str, Any] = dict(wrong)
        with pytest.raises(BadInput):
            await storage.multipart.create(arguments.pop("key"), **arguments)
    assert [one async for one in storage.multipart.list_uploads()] == []
    with pytest.raises(BadInput):
        await storage.multipart.sign_part(OpenUpload(key, "id", 10, 10), 2)


async def test_five_gigabytes_go_in_16_mib_parts(storage: Storage, user_id: UUID) -> None:
    upload = await storage.multipart.create(temp_key(user_id), size=5 * 1024 * MIB, content_type=TYPE)
    assert (upload.part_size, upload.part_count) == (16 * MIB, 320)
