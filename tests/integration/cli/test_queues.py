"""`subiteya queues …` on real engines, as an operator types it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from fixtures.rows import Rows
from subiteya.cli.app import app
from subiteya.db.models import Job, Video
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.queue.names import QueueName, edit_job_id
from subiteya.queue.presence import JobState, job_state
from subiteya.services.confirm_video import confirm_video
from subiteya.services.resources import Resources


@pytest.fixture
async def video(resources: Resources, rows: Rows) -> Video:
    """A video whose edit is queued."""
    video = await rows.video(await rows.user())
    return await confirm_video(resources, user_id=video.user_id, video_id=video.id)


async def queues(*words: str, says: str | None = None, status: int = 0) -> str:
    """Type `subiteya queues …`, answer its question, and read its output."""
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["queues", *words], input=says, env={"LANG": "C.UTF-8", "COLUMNS": "80"}
    )
    assert done.exit_code == status, done.output
    return done.output


async def as_json(*words: str) -> Any:
    return json.loads(await queues(*words, "--json"))


async def test_the_queues_and_a_job_are_shown(video: Video) -> None:
    edit, upload = (await as_json("list"))["queues"]
    assert (edit["name"], edit["redis"]["prioritized"], edit["rows"]["queued"]) == ("video-edit", 1, 1)
    assert (upload["name"], upload["redis"]["prioritized"]) == ("video-upload", 0)
    job = await as_json("show", edit_job_id(video.id))
    assert (job["status"], job["redis"], job["events"][-1]["to_status"]) == (
        "queued",
        "prioritized",
        "EDITING_QUEUED",
    )
    assert "video-upload" in await queues("list")
    assert "EDITING_QUEUED" in await queues("show", edit_job_id(video.id))
    assert "There is no such job" in await queues("show", "edit-7", status=1)


async def test_queues_are_paused_and_resumed(resources: Resources) -> None:
    await queues("pause", "video-upload")
    assert await resources.queues.is_paused(QueueName.UPLOAD)
    await queues("pause")
    assert await resources.queues.is_paused(QueueName.EDIT)
    await queues("resume")
    assert not await resources.queues.is_paused(QueueName.UPLOAD)
    assert not await resources.queues.is_paused(QueueName.EDIT)


async def test_what_failed_is_queued_again(resources: Resources, rows: Rows, video: Video) -> None:
    other = await rows.video(await rows.user("Otra"))
    await confirm_video(resources, user_id=other.user_id, video_id=other.id)
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(status=JobStatus.FAILED))
        await session.execute(
            update(Video).where(Video.id == video.id).values(status=VideoStatus.FAILED_EDIT)
        )
    assert edit_job_id(other.id) in await queues("retry", "--failed")
    async with resources.db.begin() as session:
        queued = list(await session.scalars(select(Job.id).where(Job.status == JobStatus.QUEUED)))
    assert queued == [edit_job_id(video.id)]
    await queues("retry", edit_job_id(video.id), status=1)


async def test_a_drain_asks_first(resources: Resources, video: Video) -> None:
    job_id = edit_job_id(video.id)
    await queues("drain", "video-edit", says="n\n", status=1)
    assert await job_state(resources.queues, job_id) is JobState.PRIORITIZED
    assert "1 called off" in await queues("drain", "video-edit", says="y\n")
    assert await job_state(resources.queues, job_id) is JobState.UNKNOWN
    await queues("promote", job_id, status=1)


async def test_ended_jobs_are_forgotten_by_state_and_age(resources: Resources, video: Video) -> None:
    job_id = edit_job_id(video.id)
    client, key = resources.queues.client, resources.queues.key
    await client.zrem(key(QueueName.EDIT, "prioritized"), job_id)
    await client.zadd(key(QueueName.EDIT, "failed"), {job_id: 1})
    for words in (["--state", "completed"], ["--state", "failed", "--older-than", "99999999"]):
        assert "Redis: 0" in await queues("clean", *words)
    assert await job_state(resources.queues, job_id) is JobState.FAILED
    assert "Redis: 1" in await queues("clean", "video-edit", "--state", "failed")
    assert await job_state(resources.queues, job_id) is JobState.UNKNOWN
