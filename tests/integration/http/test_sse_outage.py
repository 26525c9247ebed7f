from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fixtures.rows import Rows
from fixtures.server import Scene, open_stream, run_server
from integration.queue.harness import Valkey, queue_settings
from subiteya.config import Settings
from subiteya.domain.states import VideoStatus
from subiteya.services.announce_change import announce_change


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Redis of this test's own, not started yet."""
    with tempfile.TemporaryDirectory(prefix="sv-") as folder:
        server = Valkey(Path(folder))
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
async def scene(settings: Settings, valkey: Valkey, rows: Rows) -> AsyncIterator[Scene]:
    ours = settings.model_copy(update={"queue": queue_settings(valkey.url)})
    async with run_server(ours) as server:
        yield await Scene.of(server, rows)


async def test_without_redis_a_change_shows_all_the_same(scene: Scene) -> None:
    video = await scene.video()
    async with scene.server.client() as client, open_stream(client) as stream:
        assert await stream.snapshot() == {str(video.id)}
        await scene.move(video.id, VideoStatus.EDITING)
        while (await stream.next(name="video")).data["status"] != "EDITING":
            pass


async def test_a_stream_outlives_redis_and_hears_again_when_it_is_back(scene: Scene, valkey: Valkey) -> None:
    valkey.start()
    video = await scene.video()
    async with scene.server.client() as client, open_stream(client) as stream:
        await stream.snapshot()
        await announce_change(scene.server.resources, video.id)
        assert (await stream.next(name="video")).data["status"] == "EDITING_QUEUED"
        valkey.kill()
        await scene.move(video.id, VideoStatus.EDITING)
        while (await stream.next(name="video")).data["status"] != "EDITING":
            pass
        valkey.start()
        await scene.move(video.id, VideoStatus.EDITED)
        await announce_change(scene.server.resources, video.id)
        while (await stream.next(name="video")).data["status"] != "EDITED":
            pass
