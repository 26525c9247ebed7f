from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, update

from fixtures.rows import Rows
from fixtures.server import RunningServer, Scene, StreamReader, open_stream, run_server
from subiteya.config import Settings
from subiteya.db.models import Video
from subiteya.domain.states import VideoStatus
from subiteya.http import feed
from subiteya.queue.events import announce
from subiteya.queue.names import Priority, edit_job_id
from subiteya.queue.queues import JobSpec
from subiteya.services.access import create_api_key
from subiteya.services.announce_change import announce_change


@pytest.fixture
async def scene(server: RunningServer, rows: Rows) -> Scene:
    return await Scene.of(server, rows)


@pytest.fixture
async def stream(scene: Scene) -> AsyncIterator[StreamReader]:
    async with scene.server.client() as client, open_stream(client) as stream:
        yield stream


async def test_a_stream_begins_with_the_videos_under_way(scene: Scene) -> None:
    under_way = await scene.video(VideoStatus.EDITING_QUEUED)
    await scene.video(VideoStatus.POSTED)
    async with scene.server.client() as client, open_stream(client) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["x-accel-buffering"] == "no"
        assert (await stream.next()).retry is not None
        assert await stream.snapshot() == {str(under_way.id)}


async def test_a_change_reaches_the_page_as_the_whole_row(scene: Scene, stream: StreamReader) -> None:
    video = await scene.video()
    await stream.snapshot()
    await scene.move(video.id, VideoStatus.EDITING)
    await announce_change(scene.server.resources, video.id)
    event = await stream.next(name="video")
    assert (event.data["id"], event.data["status"]) == (str(video.id), "EDITING")
    assert event.data["filename"] == "clip.mp4"
    assert int(event.id or 0) > 0


async def test_a_job_that_enters_the_queue_is_a_change(scene: Scene, stream: StreamReader) -> None:
    video = await scene.video()
    await scene.server.resources.queues.enqueue(JobSpec(edit_job_id(video.id), Priority.NORMAL))
    event = await stream.next(name="video")
    assert event.data["status"] == "EDITING_QUEUED"


async def test_a_burst_of_changes_ends_in_the_newest_state(scene: Scene, stream: StreamReader) -> None:
    video = await scene.video(VideoStatus.EDITING)
    await stream.snapshot()
    for percent in range(1, 41):
        await scene.progress(video.id, percent)
        await announce(scene.server.resources.queues, edit_job_id(video.id))
    seen = [await stream.next(name="video")]
    while seen[-1].data["progress"] != 40:
        seen.append(await stream.next(name="video"))
    assert len(seen) < 40
    assert [e.data["progress"] for e in seen] == sorted({e.data["progress"] for e in seen})


async def test_fine_progress_shows_without_a_word_from_the_queue(scene: Scene, stream: StreamReader) -> None:
    video = await scene.video(VideoStatus.EDITING)
    await stream.snapshot()
    await asyncio.sleep(feed.TICK_SECONDS)
    await scene.progress(video.id, 57)
    while (await stream.next(name="video")).data["progress"] != 57:
        pass


async def test_a_stream_shows_nothing_of_other_users(scene: Scene, stream: StreamReader) -> None:
    other = await scene.rows.user("Beto")
    theirs = await scene.video(owner=other)
    ours = await scene.video()
    await stream.snapshot()
    await announce_change(scene.server.resources, theirs.id)
    await announce_change(scene.server.resources, ours.id)
    assert (await stream.next(name="video")).data["id"] == str(ours.id)
    key = await create_api_key(scene.server.resources, user_id=other.id, name="theirs")
    async with scene.server.client(key) as client, open_stream(client) as their_stream:
        assert await their_stream.snapshot() == {str(theirs.id)}


async def test_a_deleted_video_is_taken_off_the_page(scene: Scene, stream: StreamReader) -> None:
    video = await scene.video(VideoStatus.DRAFT)
    await stream.snapshot()
    async with scene.server.resources.db.begin() as session:
        await session.execute(update(Video).where(Video.id == video.id).values(deleted_at=func.now()))
    await announce_change(scene.server.resources, video.id)
    event = await stream.next(name="removed")
    assert event.data == {"id": str(video.id)}
    assert event.id is None


async def test_what_changed_while_away_is_in_the_next_snapshot(scene: Scene) -> None:
    video = await scene.video(VideoStatus.EDITING)
    await scene.move(video.id, VideoStatus.EDITED)
    async with scene.server.client() as client:
        async with open_stream(client) as stream:
            assert await stream.snapshot() == set()
        async with open_stream(client, **{"Last-Event-ID": "1"}) as stream:
            assert await stream.snapshot() == {str(video.id)}


async def test_another_process_hears_of_a_change_made_here(scene: Scene, settings: Settings) -> None:
    video = await scene.video()
    async with (
        run_server(settings) as second,
        second.client(scene.server.key) as client,
        open_stream(client) as stream,
    ):
        await stream.snapshot()
        await announce_change(scene.server.resources, video.id)
        assert (await stream.next(name="video")).data["id"] == str(video.id)


async def test_streams_end_when_the_server_stops(scene: Scene, stream: StreamReader) -> None:
    await stream.snapshot()
    async with asyncio.timeout(5):
        await scene.server.stop()
    assert all(event.name in {":", "video"} for event in await stream.rest())


async def test_no_database_connection_is_held_by_open_streams(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(scene.server.client())
        for _ in range(12):
            stream = await stack.enter_async_context(open_stream(client))
            await stream.snapshot()
        # More streams than the pool has connections, and yet this finds one.
        assert (await client.get("/api/metrics")).status_code == 200


async def test_nothing_is_asked_of_the_queue_while_nobody_listens(scene: Scene) -> None:
    client = scene.server.resources.queues.client

    async def readers() -> int:
        return sum(entry["cmd"] == "xread" for entry in await client.client_list())

    before = await readers()
    async with scene.server.client() as http, open_stream(http) as stream:
        await stream.snapshot()
        await asyncio.sleep(0.5)
        assert await readers() == before + 1
    for _ in range(50):
        if await readers() == before:
            break
        await asyncio.sleep(0.1)
    assert await readers() == before
