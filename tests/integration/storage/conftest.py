from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import httpx2
import pytest

from integration.storage.streams import Relay, Shape
from subiteya.config import SECTIONS, StorageSettings
from subiteya.embedded.asking import NO_TLS
from subiteya.storage import Storage, open_storage


@pytest.fixture
def storage_settings(s3_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> StorageSettings:
    """This test's bucket on the run's own server."""
    for section in SECTIONS:
        for known in section.model_fields.values():
            monkeypatch.delenv(str(known.validation_alias), raising=False)
    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    return StorageSettings()


@pytest.fixture
async def storage(storage_settings: StorageSettings) -> AsyncIterator[Storage]:
    async with open_storage(storage_settings) as storage:
        yield storage


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without keys."""
    async with httpx2.AsyncClient(timeout=30, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def user_id() -> UUID:
    return uuid.uuid4()


@pytest.fixture
def relay(storage_settings: StorageSettings) -> Relay:
    """A bad line to the server: answers on each connection pass `shape`; where it ends, the line is cut."""
    host, port = (storage_settings.endpoint or "").removeprefix("http://").split(":")

    async def pipe(chunks: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            async for data in chunks:
                writer.write(data)
                await writer.drain()

    async def connect(shape: Shape, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(host, int(port))
        asking = asyncio.create_task(pipe(_chunks(reader), requests))
        try:
            await pipe(shape(_chunks(answers)), writer)
        finally:
            asking.cancel()
            for side in (writer, requests):
                side.close()

    @asynccontextmanager
    async def lay(shape: Shape) -> AsyncIterator[StorageSettings]:
        connections: list[asyncio.Task[Any]] = []

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(asyncio.create_task(connect(shape, reader, writer)))

        async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield storage_settings.model_copy(update={"endpoint": address})
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    return lay


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(65_536):
        yield data
