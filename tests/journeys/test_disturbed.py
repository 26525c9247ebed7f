"""Whatever is killed, cut off or emptied on the way: each video is posted once, and its timeline says why."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import psutil
import pytest

from fixtures.processes import House, Process, until
from subiteya.domain.states import JobStatus, PostStatus
from subiteya.services.deliver_jobs import deliver

SPEC = {"effects": {"look": "sepia", "vignette": 0.4}, "output": {"quality": "ultra"}}


async def ffmpeg_of(worker: Process) -> psutil.Process:
    """The FFmpeg that a worker runs now."""

    async def running() -> psutil.Process | None:
        found = [one for one in worker.descendants() if "ffmpeg" in one.name()]
        return found[0] if found else None

    process: psutil.Process = await until(running)
    return process


async def gone(process: psutil.Process) -> bool:
    """Whether it lives no more."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def no_folder(house: House) -> bool:
    """Whether the edit workers have left nothing on this machine."""
    return house.work_folders() == []


async def posted_once(house: House, video_id: uuid.UUID) -> None:
    await house.reached(video_id, "POSTED")
    posts = await house.posts(video_id)
    assert [post.status for post in posts] == [PostStatus.POSTED]
    assert [one["publish_id"] for one in await house.posted()] == [posts[0].publish_id]


async def reasons(house: House, video_id: uuid.UUID) -> list[str | None]:
    return [event.reason for event in await house.events(video_id)]


async def test_an_edit_worker_killed_in_the_middle_of_an_edit(house: House, long_clip: Path) -> None:
    edit, _ = await house.workers()
    video_id = await house.draft(long_clip)
    await house.confirm(video_id, SPEC)
    ffmpeg = await ffmpeg_of(edit)
    edit.kill()
    ffmpeg_is_gone = asyncio.create_task(until(lambda: gone(ffmpeg), 10))
    again = house.start("worker", "edit")
    await house.ready(again)
    await house.reached(video_id, "EDITED", limit_s=120)
    await ffmpeg_is_gone
    told = await reasons(house, video_id)
    assert told.count("started") == 2
    assert "worker_lost" in told
    await house.queue_upload(video_id)
    await posted_once(house, video_id)
    await until(lambda: no_folder(house))


async def test_an_upload_worker_killed_in_the_middle_of_a_chunk(house: House, large_clip: Path) -> None:
    _, upload = await house.workers()
    video_id = await house.draft(large_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    await house.simulator(
        "POST", "/faults", {"action": "delay", "endpoint": "upload", "chunk": 3, "seconds": 4}
    )
    await house.queue_upload(video_id)

    async def third_chunk_under_way() -> bool:
        return any(post.bytes_acknowledged == 20_000_000 for post in await house.posts(video_id))

    await until(third_chunk_under_way)
    upload.kill()
    await house.ready(house.start("worker", "upload"))
    await posted_once(house, video_id)
    assert (await house.posts(video_id))[0].inits == 1
    told = await reasons(house, video_id)
    assert "worker_lost" in told
    assert "asked" in told


async def test_redis_emptied_while_videos_wait(house: House, short_clip: Path) -> None:
    videos = [await house.draft(short_clip) for _ in range(3)]
    for video_id in videos:
        await house.confirm(video_id)
    await house.resources.queues.client.flushdb()
    await house.workers()
    for video_id in videos:
        await house.reached(video_id, "EDITED")
        await house.queue_upload(video_id)
    await house.resources.queues.client.flushdb()
    for video_id in videos:
        await house.reached(video_id, "POSTED")
    assert len(await house.posted()) == 3


async def test_a_stopped_worker_hands_its_edit_back_without_burning_an_attempt(
    house: House, long_clip: Path
) -> None:
    edit = house.start("worker", "edit", GRACE_SECONDS="0.2")
    await house.ready(edit)
    video_id = await house.draft(long_clip)
    await house.confirm(video_id, SPEC)
    ffmpeg = await ffmpeg_of(edit)
    assert edit.terminate() == 0
    assert await gone(ffmpeg)
    assert house.work_folders() == []
    assert (await house.video(video_id)).status == "EDITING_QUEUED"
    [job] = await house.jobs()
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    await house.ready(house.start("worker", "edit"))
    await house.reached(video_id, "EDITED", limit_s=120)


async def test_a_job_delivered_twice_is_done_once(house: House, short_clip: Path) -> None:
    await house.workers()
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await deliver(house.resources)
    await house.reached(video_id, "EDITED")
    assert (await reasons(house, video_id)).count("edited") == 1


TROUBLES: list[dict[str, object]] = [
    {"action": "cut", "endpoint": "video_init", "when": "after"},
    {"action": "cut", "endpoint": "upload", "chunk": 1, "after_bytes": 100},
    {"action": "cut", "endpoint": "upload", "chunk": 1, "when": "after"},
    {"action": "status", "endpoint": "upload", "chunk": 1, "status": 502, "times": 2},
    {"action": "status", "endpoint": "status_fetch", "status": 503, "times": 2},
    {"action": "kill_token", "endpoint": "status_fetch"},
    {"action": "kill_token", "endpoint": "video_init"},
    {"action": "fail", "reason": "internal"},
]


@pytest.mark.timeout(300)  # eight posts on top of a busy machine
async def test_trouble_at_tiktok_ends_in_one_post(house: House, short_clip: Path) -> None:
    await house.simulator("PATCH", "/switches", {"rate_limits": False})  # eight in a minute are more than six
    await house.workers()
    for before, fault in enumerate(TROUBLES):
        video_id = await house.draft(short_clip)
        await house.confirm(video_id)
        await house.reached(video_id, "EDITED")
        await house.simulator("POST", "/faults", fault)
        await house.queue_upload(video_id)
        await house.reached(video_id, "POSTED")
        [post] = await house.posts(video_id)
        posted = [one["publish_id"] for one in await house.posted()]
        assert post.status is PostStatus.POSTED, fault
        assert posted.count(post.publish_id) == 1, fault
        assert len(posted) == before + 1, fault
