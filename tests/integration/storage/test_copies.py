"""Copies and moves inside the bucket."""

from __future__ import annotations

import random
import uuid
from uuid import UUID

import pytest

from subiteya.domain.errors import BadInput, NotFound
from subiteya.domain.keys import asset_key, temp_key
from subiteya.storage import ObjectInfo, Storage
from subiteya.storage.errors import ObjectChanged, ObjectMissing
from subiteya.storage.parts import MIB

TYPE = "video/quicktime"
CONTENT = random.Random(5).randbytes(13 * MIB + 5)  # noqa: S311 - bytes to tell apart, not to keep secret


async def put(storage: Storage, key: str, content: bytes = CONTENT) -> ObjectInfo:
    return await storage.objects.put_bytes(key, content, content_type=TYPE, metadata={"name": "clip"})


async def get(storage: Storage, key: str) -> bytes:
    return await storage.objects.get_bytes(key, limit=20 * MIB)


@pytest.mark.parametrize("single_limit", [13 * MIB + 5, 13 * MIB + 4])
async def test_a_copy_is_whole_with_type_and_metadata_on_both_sides_of_the_limit(
    storage: Storage, user_id: UUID, single_limit: int
) -> None:
    source, target = temp_key(user_id), asset_key(user_id)
    await put(storage, source)
    copied = await storage.copies.copy(source, target, single_limit=single_limit, part_size=5 * MIB)
    assert (copied.size, copied.content_type, copied.metadata) == (len(CONTENT), TYPE, {"name": "clip"})
    assert copied.etag.endswith('-3"') is (single_limit < len(CONTENT))
    assert await get(storage, target) == CONTENT
    assert await storage.objects.exists(source)
    assert [upload async for upload in storage.multipart.list_uploads()] == []


@pytest.mark.parametrize("single_limit", [20 * MIB, MIB])
async def test_another_version_is_not_copied(storage: Storage, user_id: UUID, single_limit: int) -> None:
    source, target = temp_key(user_id), asset_key(user_id)
    seen = await put(storage, source)
    await put(storage, source, CONTENT[::-1])
    with pytest.raises(ObjectChanged):
        await storage.copies.copy(source, target, if_match=seen.etag, single_limit=single_limit)
    assert not await storage.objects.exists(target)


async def test_a_move_makes_an_upload_the_source_of_a_video(storage: Storage, user_id: UUID) -> None:
    temp, video_id = temp_key(user_id, ".mov"), uuid.uuid4()
    seen = await put(storage, temp)
    moved = await storage.copies.move_to_videos(temp, user_id=user_id, video_id=video_id, if_match=seen.etag)
    assert moved.key == f"videos/{user_id}/{video_id}/source.mov"
    assert await get(storage, moved.key) == CONTENT
    assert not await storage.objects.exists(temp)


async def test_a_move_may_be_repeated_after_a_crash(storage: Storage, user_id: UUID) -> None:
    temp, video_id = temp_key(user_id, ".mov"), uuid.uuid4()
    await put(storage, temp)
    first = await storage.copies.move_to_videos(temp, user_id=user_id, video_id=video_id)
    again = await storage.copies.move_to_videos(temp, user_id=user_id, video_id=video_id)
    assert again == first


async def test_a_swapped_upload_is_not_moved_and_not_lost(storage: Storage, user_id: UUID) -> None:
    temp = temp_key(user_id)
    seen = await put(storage, temp)
    await put(storage, temp, b"swapped by a late request")
    with pytest.raises(ObjectChanged):
        await storage.copies.move_to_videos(temp, user_id=user_id, video_id=uuid.uuid4(), if_match=seen.etag)
    assert await storage.objects.exists(temp)


async def test_somebody_elses_upload_cannot_be_moved(storage: Storage, user_id: UUID) -> None:
    temp = temp_key(user_id)
    await put(storage, temp)
    with pytest.raises(NotFound):
        await storage.copies.move_to_videos(temp, user_id=uuid.uuid4(), video_id=uuid.uuid4())
    assert await storage.objects.exists(temp)


async def test_only_what_is_in_temp_can_be_moved(storage: Storage, user_id: UUID) -> None:
    asset = asset_key(user_id)
    await put(storage, asset)
    for key in (asset, "temp/../assets/x", ""):
        with pytest.raises(BadInput):
            await storage.copies.move_to_videos(key, user_id=user_id, video_id=uuid.uuid4())
    with pytest.raises(ObjectMissing):
        await storage.copies.move_to_videos(temp_key(user_id), user_id=user_id, video_id=uuid.uuid4())
