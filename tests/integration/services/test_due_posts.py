"""The calendar: what is due goes on, what is too late asks its owner."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from fixtures.rows import Rows
from subiteya.db import jobs
from subiteya.db.models import Event, Job, Post
from subiteya.domain.consent import VERSION
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import QueueName, upload_job_id
from subiteya.queue.presence import runnable_jobs
from subiteya.services.create_posts import PlannedPost, create_posts
from subiteya.services.plan_post import PostWish
from subiteya.services.resources import Resources
from subiteya.services.sweep import Sweeper


async def scheduled(resources: Resources, rows: Rows) -> uuid.UUID:
    """A post for tomorrow."""
    user = await rows.user()
    await rows.account(user)
    video = await rows.video(user, VideoStatus.EDITED, edited_key="x", edited_bytes=10)
    planned = PlannedPost(None, PostWish(), when=datetime.now(UTC) + timedelta(days=1))
    pages = await create_posts(
        resources, user_id=user.id, video_id=video.id, planned=[planned], consent_version=VERSION
    )
    return pages[0].view.post.id


async def make_due(resources: Resources, post_id: uuid.UUID, ago: timedelta) -> None:
    """As if the time had gone by."""
    at = datetime.now(UTC) - ago
    async with resources.db.begin() as session:
        await session.execute(update(Job).where(Job.post_id == post_id).values(not_before=at))
        await session.execute(update(Post).where(Post.id == post_id).values(scheduled_at=at, slot_at=at))


async def look(resources: Resources) -> tuple[Post, Job]:
    async with resources.db.begin() as session:
        return (await session.scalars(select(Post))).one(), (await session.scalars(select(Job))).one()


async def test_a_post_waits_for_its_time(resources: Resources, rows: Rows) -> None:
    post_id = await scheduled(resources, rows)
    await Sweeper(resources).once()
    post, _ = await look(resources)
    assert post.status is PostStatus.SCHEDULED
    assert await runnable_jobs(resources.queues, QueueName.UPLOAD) == {}
    async with resources.db.begin() as session:
        claim = await jobs.claim(session, upload_job_id(post_id), "early worker", timedelta(seconds=30))
    assert claim is None, "a job left over in Redis must not send it before its time"


@pytest.mark.parametrize("minutes", [0, 59])
async def test_a_post_that_is_due_goes_out(resources: Resources, rows: Rows, minutes: int) -> None:
    post_id = await scheduled(resources, rows)
    await make_due(resources, post_id, timedelta(minutes=minutes))
    await Sweeper(resources).once()
    post, job = await look(resources)
    assert (post.status, job.enqueued_at is not None) == (PostStatus.UPLOAD_QUEUED, True)
    assert set(await runnable_jobs(resources.queues, QueueName.UPLOAD)) == {upload_job_id(post_id)}


@pytest.mark.parametrize("status", [PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED])
async def test_a_post_that_missed_its_hour_asks_its_owner(
    resources: Resources, rows: Rows, status: PostStatus
) -> None:
    post_id = await scheduled(resources, rows)
    await make_due(resources, post_id, timedelta(minutes=61))
    async with resources.db.begin() as session:
        await session.execute(update(Post).values(status=status))
    await Sweeper(resources).once()
    post, job = await look(resources)
    assert (post.status, post.error_code) == (PostStatus.NEEDS_ATTENTION, "missed_schedule")
    assert job.status is JobStatus.CANCELLED
    assert await runnable_jobs(resources.queues, QueueName.UPLOAD) == {}
    async with resources.db.begin() as session:
        assert "missed_schedule" in list(await session.scalars(select(Event.reason)))
