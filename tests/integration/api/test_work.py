"""What waits or runs for a video: called off, repeated, let go first."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.db.models import Job, Video
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import Priority, QueueName, edit_job_id
from subiteya.queue.presence import JobState, job_state
from subiteya.services.confirm_video import confirm_video
from subiteya.services.resources import Resources


@pytest.fixture
async def video(resources: Resources, rows: Rows, ana: Person) -> Video:
    """Ana's video, whose edit waits."""
    video = await rows.video(ana.user)
    return await confirm_video(resources, user_id=ana.user.id, video_id=video.id)


async def waiting_in_order(resources: Resources) -> list[str]:
    """Job ids as workers will take them."""
    names: list[Any] = await resources.queues.client.zrange(
        resources.queues.key(QueueName.EDIT, "prioritized"), 0, -1
    )
    return [str(name) for name in names]


async def test_a_waiting_edit_is_called_off(
    api: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    answer = await api.post(f"/api/videos/{video.id}/cancel")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "CANCELLED"
    assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.UNKNOWN
    async with resources.db.begin() as session:
        assert await session.scalar(select(Job.status)) is JobStatus.CANCELLED


async def test_what_is_on_its_way_to_tiktok_is_not_called_off(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOADING, edited_key="x")
    await rows.post(video, await rows.account(ana.user), PostStatus.CONFIRMING)
    answer = await api.post(f"/api/videos/{video.id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


async def test_a_failed_edit_is_tried_again(
    api: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    async with resources.db.begin() as session:
        await session.execute(update(Video).values(status=VideoStatus.FAILED_EDIT, error_code="edit_failed"))
        await session.execute(update(Job).values(status=JobStatus.FAILED, attempts=4))
    answer = await api.post(f"/api/videos/{video.id}/retry")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["error"]) == ("EDITING_QUEUED", None)
    async with resources.db.begin() as session:
        assert await session.scalar(select(Job.attempts)) == 0
    again = await api.post(f"/api/videos/{video.id}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


async def test_what_became_urgent_goes_first(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources, video: Video
) -> None:
    second = await rows.video(ana.user)
    await confirm_video(resources, user_id=ana.user.id, video_id=second.id)
    first, last = edit_job_id(video.id), edit_job_id(second.id)
    assert await waiting_in_order(resources) == [first, last]

    answer = await api.put(f"/api/videos/{second.id}/priority", json={"priority": "CRITICAL"})

    assert answer.status_code == 200, answer.text
    assert await waiting_in_order(resources) == [last, first]
    async with resources.db.begin() as session:
        assert await session.scalar(select(Job.priority).where(Job.id == last)) == Priority.CRITICAL
    events = (await api.get(f"/api/videos/{second.id}/events")).json()["events"]
    assert (events[-1]["reason"], events[-1]["detail"]) == ("priority", {"priority": "CRITICAL"})


async def test_a_priority_that_redis_forgot_is_kept_in_the_row(
    api: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    await resources.queues.client.flushdb()
    answer = await api.put(f"/api/videos/{video.id}/priority", json={"priority": "LOW"})
    assert answer.status_code == 200, answer.text
    async with resources.db.begin() as session:
        assert await session.scalar(select(Job.priority)) == Priority.LOW


async def test_nothing_waits_so_nothing_goes_first(api: httpx2.AsyncClient, ana: Person, rows: Rows) -> None:
    draft = await rows.video(ana.user)
    answer = await api.put(f"/api/videos/{draft.id}/priority", json={"priority": "HIGH"})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("what", ["cancel", "retry", "priority"])
async def test_somebody_elses_work_does_not_exist(ben: Person, video: Video, what: str) -> None:
    method = "PUT" if what == "priority" else "POST"
    body = {"priority": "HIGH"} if what == "priority" else None
    answer = await ben.client.request(method, f"/api/videos/{video.id}/{what}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
