"""Objects to files and back."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from uuid import UUID

import pytest

from subiteya.domain.keys import temp_key
from subiteya.storage import Storage
from subiteya.storage.errors import ObjectChanged, ObjectMissing
from subiteya.storage.parts import MIB

TYPE = "video/mp4"


def noise(path: Path, size: int) -> bytes:
    content = random.Random(size).randbytes(size)  # noqa: S311 - bytes to tell apart, not to keep secret
    path.write_bytes(content)
    return content


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 8 * MIB + 1, 70 * MIB + 3])
async def test_a_file_makes_the_round_trip_with_progress_to_the_last_byte(
    storage: Storage, user_id: UUID, tmp_path: Path, size: int
) -> None:
    source, target = tmp_path / "source.mp4", tmp_path / "target.mp4"
    content = noise(source, size)
    up: list[int] = []
    down: list[int] = []

    def climb(steps: list[int], done: int, total: int) -> None:
        assert total == size
        steps.append(done)

    key = temp_key(user_id, ".mp4")
    stored = await storage.files.upload(
        source, key, content_type=TYPE, metadata={"a": "b"}, progress=lambda *told: climb(up, *told)
    )
    assert (stored.size, stored.content_type, stored.metadata) == (size, TYPE, {"a": "b"})
    found = await storage.files.download(key, target, progress=lambda *told: climb(down, *told))
    assert found == stored
    assert target.read_bytes() == content
    assert up == sorted(up)
    assert down == sorted(down)
    assert up[-1] == size
    assert down[-1:] == ([size] if size else [])
    assert names(tmp_path) == [source.name, target.name]
    assert [upload async for upload in storage.multipart.list_uploads()] == []


async def test_an_existing_file_is_replaced_only_by_a_whole_one(
    storage: Storage, user_id: UUID, tmp_path: Path
) -> None:
    target = tmp_path / "target.mp4"
    target.write_bytes(b"old")
    with pytest.raises(ObjectMissing):
        await storage.files.download(temp_key(user_id), target)
    assert target.read_bytes() == b"old"
    key = temp_key(user_id)
    await storage.objects.put_bytes(key, b"new", content_type=TYPE)
    await storage.files.download(key, target)
    assert target.read_bytes() == b"new"


async def test_only_the_wanted_version_is_downloaded(storage: Storage, user_id: UUID, tmp_path: Path) -> None:
    key = temp_key(user_id)
    first = await storage.objects.put_bytes(key, b"first", content_type=TYPE)
    await storage.objects.put_bytes(key, b"other", content_type=TYPE)
    with pytest.raises(ObjectChanged):
        await storage.files.download(key, tmp_path / "x", if_match=first.etag)
    assert names(tmp_path) == []


async def test_an_object_replaced_in_the_middle_is_noticed(
    storage: Storage, user_id: UUID, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    noise(source, 100 * MIB)
    key = temp_key(user_id)
    await storage.files.upload(source, key, content_type=TYPE)
    replacing: list[asyncio.Task[object]] = []

    def replace_once(_done: int, _total: int) -> None:
        if not replacing:
            replacing.append(
                asyncio.create_task(storage.objects.put_bytes(key, b"swapped", content_type=TYPE))
            )

    with pytest.raises(ObjectChanged):
        await storage.files.download(key, tmp_path / "x", progress=replace_once, concurrency=1)
    await replacing[0]
    assert names(tmp_path) == [source.name]


async def test_a_cancelled_download_leaves_no_file(storage: Storage, user_id: UUID, tmp_path: Path) -> None:
    source = tmp_path / "source"
    noise(source, 64 * MIB)
    key = temp_key(user_id)
    await storage.files.upload(source, key, content_type=TYPE)
    begun = asyncio.Event()
    task = asyncio.create_task(storage.files.download(key, tmp_path / "x", progress=lambda *_: begun.set()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == [source.name]


async def test_a_cancelled_upload_leaves_no_object_and_no_upload(
    storage: Storage, user_id: UUID, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    noise(source, 64 * MIB)
    key = temp_key(user_id)
    begun = asyncio.Event()
    task = asyncio.create_task(
        storage.files.upload(source, key, content_type=TYPE, progress=lambda *_: begun.set())
    )
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await storage.objects.exists(key)
    assert [upload async for upload in storage.multipart.list_uploads()] == []


async def test_a_folder_that_is_not_there_is_an_error_of_the_system(
    storage: Storage, user_id: UUID, tmp_path: Path
) -> None:
    key = temp_key(user_id)
    await storage.objects.put_bytes(key, b"x", content_type=TYPE)
    with pytest.raises(FileNotFoundError):
        await storage.files.download(key, tmp_path / "absent" / "x")
    with pytest.raises(FileNotFoundError):
        await storage.files.upload(tmp_path / "absent", key, content_type=TYPE)
