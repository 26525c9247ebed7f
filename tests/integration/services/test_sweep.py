from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from fixtures.rows import Rows
from subiteya.db import jobs
from subiteya.db.models import Event, Job, Lease, Outbox, Post, Upload, Video
from subiteya.domain.keys import VideoFile, video_key
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import QueueName, edit_job_id, upload_job_id
from subiteya.queue.presence import runnable_jobs
from subiteya.services.abort_uploads import LONGEST_UPLOAD, abort_uploads
from subiteya.services.confirm_video import confirm_video
from subiteya.services.expire_uploads import expire_uploads
from subiteya.services.queue_upload import queue_upload
from subiteya.services.reclaim_job import reclaim
from subiteya.services.resources import Resources
from subiteya.services.sweep import Sweeper

LEASE = timedelta(seconds=30)


@pytest.fixture
async def video(resources: Resources, rows: Rows) -> Video:
    """A video whose edit is queued."""
    video = await rows.video(await rows.user())
    return await confirm_video(resources, user_id=video.user_id, video_id=video.id)


async def in_redis(resources: Resources) -> set[str]:
    return set(await runnable_jobs(resources.queues, QueueName.EDIT))


async def fall_silent(resources: Resources, video: Video) -> None:
    """A worker takes the edit and is never heard of again."""
    async with resources.db.begin() as session:
        await jobs.claim(session, edit_job_id(video.id), "dead", LEASE)
        await session.execute(update(Video).values(status=VideoStatus.EDITING))
        await session.execute(update(Job).values(lease_until=func.now() - timedelta(seconds=1)))


async def test_what_came_due_is_put_into_redis(resources: Resources, rows: Rows, video: Video) -> None:
    user = await rows.user("Otra")
    account = await rows.account(user)
    edited = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    page = await queue_upload(resources, user_id=user.id, video_id=edited.id, account_id=account.id)
    post = page.view.post
    later = datetime.now(UTC) + timedelta(hours=1)
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(enqueued_at=None, not_before=later))
    await resources.queues.client.flushdb()
    sweeper = Sweeper(resources)
    await sweeper.once()
    assert await in_redis(resources) == set()
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(not_before=func.now()))
    await sweeper.once()
    assert await in_redis(resources) == {edit_job_id(video.id)}
    assert set(await runnable_jobs(resources.queues, QueueName.UPLOAD)) == {upload_job_id(post.id)}


async def test_jobs_that_redis_lost_come_back(resources: Resources, video: Video) -> None:
    await resources.queues.client.flushdb()
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(enqueued_at=func.now() - timedelta(minutes=5)))
    assert await Sweeper(resources).find_missing() == 1
    assert await in_redis(resources) == {edit_job_id(video.id)}
    async with resources.db.begin() as session:
        assert (await session.scalars(select(Outbox))).all() == []


async def test_a_silent_workers_job_is_queued_again_and_the_timeline_says_so(
    resources: Resources, video: Video
) -> None:
    await fall_silent(resources, video)
    await Sweeper(resources).once()
    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job))).one()
        status = await session.scalar(select(Video.status))
        last = (await session.scalars(select(Event).order_by(Event.id.desc()).limit(1))).one()
    assert (job.status, job.attempts, status) == (JobStatus.QUEUED, 1, VideoStatus.EDITING_QUEUED)
    assert (last.reason, last.detail) == ("worker_lost", {"worker": "dead"})
    assert await in_redis(resources) == {edit_job_id(video.id)}


async def test_a_video_that_kills_its_workers_fails_in_the_end(resources: Resources, video: Video) -> None:
    for _ in range(4):
        await fall_silent(resources, video)
        assert await reclaim(resources, edit_job_id(video.id))
    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job))).one()
        row = (await session.scalars(select(Video))).one()
    assert (job.status, row.status, row.error_code) == (
        JobStatus.FAILED,
        VideoStatus.FAILED_EDIT,
        "worker_lost",
    )


async def test_a_job_that_is_not_silent_is_left_alone(resources: Resources, video: Video) -> None:
    async with resources.db.begin() as session:
        await jobs.claim(session, edit_job_id(video.id), "alive", LEASE)
    assert not await reclaim(resources, edit_job_id(video.id))


async def test_a_silent_uploads_ledger_is_kept(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    await rows.account(user)
    edited = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    post = (await queue_upload(resources, user_id=user.id, video_id=edited.id)).view.post
    async with resources.db.begin() as session:
        await jobs.claim(session, upload_job_id(post.id), "dead", LEASE)
        await session.execute(
            update(Post).values(status=PostStatus.UPLOADING, publish_id="p", bytes_acknowledged=7)
        )
        await session.execute(update(Job).values(lease_until=func.now() - timedelta(seconds=1)))
    assert await reclaim(resources, upload_job_id(post.id))
    async with resources.db.begin() as session:
        row = (await session.scalars(select(Post))).one()
    assert (row.status, row.publish_id, row.bytes_acknowledged) == (PostStatus.UPLOAD_QUEUED, "p", 7)


async def test_one_process_sweeps_and_another_takes_over(resources: Resources, video: Video) -> None:
    del video
    assert await Sweeper(resources).once()
    async with resources.db.begin() as session:
        await session.execute(update(Lease).values(holder="another", until=func.now() + LEASE))
    assert not await Sweeper(resources).once()
    async with resources.db.begin() as session:
        await session.execute(update(Lease).values(until=func.now() - LEASE))
    assert await Sweeper(resources).once()


async def test_uploads_that_nobody_finished_give_their_storage_back(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    key = f"temp/{user.id}/{uuid.uuid4()}.mp4"
    await resources.storage.objects.put_bytes(key, b"half", content_type="video/mp4")
    async with resources.db.begin() as session:
        session.add(
            Upload(
                user_id=user.id,
                key=key,
                kind="put",
                filename="a.mp4",
                content_type="video/mp4",
                expires_at=datetime.now(UTC) - timedelta(minutes=1),
            )
        )
    assert await expire_uploads(resources) == 1
    assert not await resources.storage.objects.exists(key)
    assert await expire_uploads(resources) == 0


async def test_what_was_written_to_a_used_key_afterwards_is_removed_once(
    resources: Resources, rows: Rows
) -> None:
    user = await rows.user()
    key = f"temp/{user.id}/{uuid.uuid4()}.mp4"
    await resources.storage.objects.put_bytes(key, b"again", content_type="video/mp4")
    async with resources.db.begin() as session:
        session.add(
            Upload(
                user_id=user.id,
                key=key,
                kind="put",
                status="used",
                filename="a.mp4",
                content_type="video/mp4",
                expires_at=datetime.now(UTC) - timedelta(minutes=1),
            )
        )
    assert await expire_uploads(resources) == 1
    assert not await resources.storage.objects.exists(key)
    assert await expire_uploads(resources) == 0
    async with resources.db.begin() as session:
        assert (await session.scalars(select(Upload.status))).one() == "used"


async def test_what_a_dead_process_was_uploading_is_aborted_after_a_day(
    resources: Resources, rows: Rows
) -> None:
    user = await rows.user()
    key = video_key(user.id, uuid.uuid4(), VideoFile.EDITED, ".mp4", take=1001)
    multipart, bucket = resources.storage.multipart, resources.storage.multipart.bucket
    await multipart.create(key, size=1, content_type="video/mp4")
    somebody_elses = f"another-app/{key}"
    await bucket.s3.create_multipart_upload(Bucket=bucket.name, Key=somebody_elses)

    async def open_uploads() -> set[str]:
        found = {upload.key async for upload in multipart.list_uploads()}
        return found & {key, somebody_elses}

    await Sweeper(resources).once()
    assert await open_uploads() == {key, somebody_elses}
    assert await abort_uploads(resources, datetime.now(UTC) + LONGEST_UPLOAD) >= 1
    assert await open_uploads() == {somebody_elses}
