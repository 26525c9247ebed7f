"""What several tests of storage do with streams."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from subiteya.config import StorageSettings
from subiteya.storage import Storage

Shape = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]
Relay = Callable[[Shape], AbstractAsyncContextManager[StorageSettings]]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - bytes to tell apart, not to keep secret


async def chunked(content: bytes, size: int = 300_000) -> AsyncGenerator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in storage.objects.get_stream(key, start=start, end=end)])


async def open_uploads(storage: Storage) -> list[Any]:
    return [upload async for upload in storage.multipart.list_uploads()]
