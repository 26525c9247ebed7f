"""Lines that break, answers that get lost, keys and buckets that are wrong."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from pydantic import SecretStr

from integration.storage.streams import Relay, chunked, noise, open_uploads, read
from subiteya.config import StorageSettings
from subiteya.domain.errors import ConfigurationError, StorageUnavailable
from subiteya.domain.keys import temp_key
from subiteya.storage import Storage, open_storage
from subiteya.storage.errors import StorageDenied
from subiteya.storage.parts import MIB

TYPE = "video/mp4"


async def test_a_cancel_between_the_creation_and_its_answer_leaves_no_upload(
    storage: Storage, relay: Relay, user_id: UUID
) -> None:
    answered, cancelled = asyncio.Event(), asyncio.Event()

    async def held_back(answers: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for data in answers:
            answered.set()
            await cancelled.wait()
            yield data

    async with relay(held_back) as settings, open_storage(settings) as slow:
        task = asyncio.create_task(
            slow.objects.put_stream(
                temp_key(user_id), chunked(bytes(9 * MIB)), content_type=TYPE, size=9 * MIB
            )
        )
        await answered.wait()
        assert len(await open_uploads(storage)) == 1
        task.cancel()
        await asyncio.sleep(0)
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await open_uploads(storage) == []


async def test_a_line_that_is_cut_again_and_again_loses_no_byte(
    storage: Storage, relay: Relay, user_id: UUID
) -> None:
    content = noise(6 * MIB)
    key = temp_key(user_id)
    await storage.objects.put_bytes(key, content, content_type=TYPE)
    lines = 0

    async def two_mebibytes(answers: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal lines
        lines += 1
        left = 2 * MIB
        async for data in answers:
            yield data[:left]
            left -= len(data)
            if left <= 0:
                return

    async with relay(two_mebibytes) as settings, open_storage(settings) as shaky:
        assert await read(shaky, key) == content
    assert lines > 3


async def test_an_upload_whose_last_answer_is_lost_counts_as_done(
    storage: Storage, relay: Relay, user_id: UUID
) -> None:
    content = noise(9 * MIB)
    key = temp_key(user_id)
    lost = 0

    async def lose_one_completion(answers: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal lost
        async for data in answers:
            if not lost and b"CompleteMultipartUploadResult" in data:
                lost += 1
                return
            yield data

    async with relay(lose_one_completion) as settings, open_storage(settings) as shaky:
        await shaky.objects.put_stream(key, chunked(content), content_type=TYPE, size=len(content))
    assert lost == 1
    assert await read(storage, key) == content


@pytest.mark.parametrize(
    ("variable", "hint"),
    [("secret_access_key", "AWS_SECRET_ACCESS_KEY"), ("access_key_id", "AWS_ACCESS_KEY_ID")],
)
async def test_a_wrong_key_is_final_and_says_what_to_do(
    storage_settings: StorageSettings, user_id: UUID, variable: str, hint: str
) -> None:
    wrong = storage_settings.model_copy(update={variable: SecretStr("wrong")})
    async with open_storage(wrong) as storage:
        with pytest.raises(StorageDenied, match=hint):
            await storage.objects.put_bytes(temp_key(user_id), b"x", content_type=TYPE)
        with pytest.raises(StorageDenied):
            await storage.check()


async def test_a_bucket_that_is_not_there_is_a_setting_to_fix(
    storage_settings: StorageSettings, user_id: UUID
) -> None:
    elsewhere = storage_settings.model_copy(update={"bucket": f"absent-{uuid.uuid4().hex}"})
    async with open_storage(elsewhere) as storage:
        with pytest.raises(ConfigurationError, match="S3_BUCKET_NAME"):
            await storage.check()
        with pytest.raises(ConfigurationError, match="S3_BUCKET_NAME"):
            await storage.objects.put_bytes(temp_key(user_id), b"x", content_type=TYPE)


async def test_a_server_that_is_away_is_worth_a_retry(storage_settings: StorageSettings) -> None:
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    silent.close()
    await silent.wait_closed()
    async with open_storage(storage_settings.model_copy(update={"endpoint": address})) as storage:
        with pytest.raises(StorageUnavailable) as raised:
            await storage.check()
    assert raised.value.retryable
