from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from integration.queue.harness import Cli, Meter, Valkey, Workers, queue_settings
from subiteya.config import JobSettings, QueueSettings
from subiteya.queue.queues import Queues


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def settings(valkey: Valkey) -> QueueSettings:
    return queue_settings(valkey.url)


@pytest.fixture
def jobs() -> JobSettings:
    return JobSettings().model_copy(update={"retry_base_seconds": 0.02})


@pytest.fixture
async def queues(settings: QueueSettings, jobs: JobSettings) -> AsyncIterator[Queues]:
    async with Queues.open(settings, jobs) as opened:
        yield opened


@pytest.fixture
async def cli(valkey: Valkey) -> AsyncIterator[Cli]:
    client = Cli(valkey)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def meter(valkey: Valkey) -> AsyncIterator[Meter]:
    counter = Meter(valkey)
    await counter.start()
    try:
        yield counter
    finally:
        await counter.stop()


@pytest.fixture
async def workers(settings: QueueSettings) -> AsyncIterator[Workers]:
    started = Workers(settings)
    try:
        yield started
    finally:
        await started.stop_all()
