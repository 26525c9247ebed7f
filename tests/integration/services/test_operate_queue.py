"""What an operator sees of the queues and does to waiting jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from fixtures.rows import Rows
from subiteya.db import jobs
from subiteya.db.models import Event, Heartbeat, Job, Outbox, Post, RateSlot, Video
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus, VideoStatus
from subiteya.queue import operate
from subiteya.queue.names import QueueName, edit_job_id, upload_job_id
from subiteya.queue.presence import JobState, job_state
from subiteya.services.confirm_video import confirm_video
from subiteya.services.operate_queue import drain_queue, promote_job
from subiteya.services.queue_upload import queue_upload
from subiteya.services.resources import Resources
from subiteya.services.view_queues import LATER, view_job, view_queues

ACTOR = "operator:test"
HOUR = timedelta(hours=1)


@pytest.fixture
async def video(resources: Resources, rows: Rows) -> Video:
    """A video whose edit is queued."""
    video = await rows.video(await rows.user())
    return await confirm_video(resources, user_id=video.user_id, video_id=video.id)


@pytest.fixture
async def post(resources: Resources, rows: Rows) -> Post:
    """A post whose upload is queued."""
    user = await rows.user()
    await rows.account(user)
    edited = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    return (await queue_upload(resources, user_id=user.id, video_id=edited.id)).view.post


async def put_off(resources: Resources, until: datetime) -> None:
    """Every job waits in PostgreSQL, with its slots."""
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(not_before=until, enqueued_at=None))
        await session.execute(update(RateSlot).values(at=until, keep_until=until + timedelta(minutes=1)))
    await resources.queues.client.flushdb()


async def test_the_queues_are_counted_in_redis_and_in_the_rows(
    resources: Resources, rows: Rows, video: Video
) -> None:
    other = await rows.video(await rows.user("Otra"))
    await confirm_video(resources, user_id=other.user_id, video_id=other.id)
    async with resources.db.begin() as session:
        later = datetime.now(UTC) + HOUR
        await session.execute(
            update(Job).where(Job.id == edit_job_id(other.id)).values(not_before=later, enqueued_at=None)
        )
        for name, ago in (("alive", 3), ("dead", 40)):
            now = func.clock_timestamp()
            session.add(
                Heartbeat(
                    name=name,
                    queue=QueueName.EDIT,
                    host="a",
                    pid=1,
                    version="1",
                    jobs=[edit_job_id(video.id)],
                    started_at=now,
                    beat_at=now - timedelta(seconds=ago),
                )
            )
    await operate.pause(resources.queues, QueueName.EDIT)

    edit, upload = await view_queues(resources)

    assert edit.redis is not None
    assert upload.redis is not None
    assert (edit.redis.runnable, edit.redis.paused, upload.redis.paused) == (2, True, False)
    assert (edit.rows["queued"], edit.rows[LATER], edit.rows["done"]) == (1, 1, 0)
    assert [(one.name, one.alive, one.jobs) for one in edit.workers] == [
        ("alive", True, [edit_job_id(video.id)]),
        ("dead", False, [edit_job_id(video.id)]),
    ]
    assert upload.workers == []


async def test_a_job_is_shown_with_its_own_events(resources: Resources, post: Post) -> None:
    view = await view_job(resources, upload_job_id(post.id))
    assert (view.job.status, view.redis) == (JobStatus.QUEUED, JobState.PRIORITIZED)
    assert {event.post_id for event in view.events} == {post.id}
    assert [event.id for event in view.events] == sorted(event.id for event in view.events)
    with pytest.raises(NotFound):
        await view_job(resources, "edit-1")


async def test_one_queue_is_paused_and_the_other_goes_on(resources: Resources) -> None:
    await operate.pause(resources.queues, QueueName.UPLOAD)
    assert await resources.queues.is_paused(QueueName.UPLOAD)
    assert not await resources.queues.is_paused(QueueName.EDIT)
    await operate.resume(resources.queues, QueueName.UPLOAD)
    assert not await resources.queues.is_paused(QueueName.UPLOAD)


async def test_a_promoted_post_goes_now_and_takes_its_place_in_the_windows_along(
    resources: Resources, post: Post
) -> None:
    later = datetime.now(UTC) + HOUR
    await put_off(resources, later)
    async with resources.db.begin() as session:
        await session.execute(update(Post).values(status=PostStatus.SCHEDULED, scheduled_at=later))

    assert await promote_job(resources, upload_job_id(post.id), actor=ACTOR)

    async with resources.db.begin() as session:
        row = (await session.scalars(select(Post))).one()
        slots = list(await session.scalars(select(RateSlot)))
        event = (await session.scalars(select(Event).where(Event.reason == "promoted"))).one()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    assert (row.status, row.scheduled_at) == (PostStatus.UPLOAD_QUEUED, None)
    assert row.slot_at is not None
    assert row.slot_at < soon
    assert slots
    assert all(slot.at < soon and slot.keep_until - slot.at == timedelta(minutes=1) for slot in slots)
    assert (event.actor, event.detail) == (ACTOR, {"was": later.isoformat()})
    assert await job_state(resources.queues, upload_job_id(post.id)) is JobState.PRIORITIZED


async def test_a_retry_is_brought_forward_with_its_attempts(resources: Resources, video: Video) -> None:
    job_id = edit_job_id(video.id)
    later = datetime.now(UTC) + timedelta(seconds=30)
    async with resources.db.begin() as session:
        claim = await jobs.claim(session, job_id, "w", HOUR)
        assert claim is not None
        await jobs.put_back(
            session, claim, not_before=later, reason="edit_failed", burn_attempt=True, in_redis=True
        )
    assert await promote_job(resources, job_id, actor=ACTOR)
    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job))).one()
        assert (job.attempts, job.enqueued_at is not None) == (1, True)
        assert await jobs.claim(session, job_id, "w", HOUR) is not None
    assert await job_state(resources.queues, job_id) is JobState.PRIORITIZED


async def test_what_is_due_or_runs_is_not_promoted(resources: Resources, video: Video) -> None:
    job_id = edit_job_id(video.id)
    assert not await promote_job(resources, job_id, actor=ACTOR)
    async with resources.db.begin() as session:
        await jobs.claim(session, job_id, "w", HOUR)
    with pytest.raises(WrongState, match="active"):
        await promote_job(resources, job_id, actor=ACTOR)
    with pytest.raises(NotFound):
        await promote_job(resources, "edit-1", actor=ACTOR)


async def test_draining_calls_off_what_waits_and_says_so(
    resources: Resources, rows: Rows, video: Video, post: Post
) -> None:
    running = await rows.video(await rows.user("Otra"))
    await confirm_video(resources, user_id=running.user_id, video_id=running.id)
    async with resources.db.begin() as session:
        await jobs.claim(session, edit_job_id(running.id), "w", HOUR)

    assert await drain_queue(resources, QueueName.EDIT, actor=ACTOR) == (1, 0)

    async with resources.db.begin() as session:
        statuses = dict((await session.execute(select(Job.id, Job.status))).all())
        assert await session.scalar(select(Video.status).where(Video.id == video.id)) is VideoStatus.CANCELLED
        event = (await session.scalars(select(Event).where(Event.reason == "drained"))).one()
    assert statuses == {
        edit_job_id(video.id): JobStatus.CANCELLED,
        edit_job_id(running.id): JobStatus.ACTIVE,
        upload_job_id(post.id): JobStatus.QUEUED,
    }
    assert (event.actor, event.from_status, event.to_status) == (ACTOR, "EDITING_QUEUED", "CANCELLED")
    assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.UNKNOWN


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        ({}, True),
        ({"step": LedgerStep.SUBMITTED, "publish_id": "v"}, False),
        ({"status": PostStatus.SCHEDULED, "scheduled_at": datetime.now(UTC) + HOUR}, False),
    ],
    ids=["planned", "at TikTok", "scheduled"],
)
async def test_draining_leaves_what_tiktok_may_have_and_what_has_its_time(
    resources: Resources, post: Post, values: dict[str, object], gone: bool
) -> None:
    async with resources.db.begin() as session:
        await session.execute(update(Post).where(Post.id == post.id).values(caption="x", **values))
    assert await drain_queue(resources, QueueName.UPLOAD, actor=ACTOR) == (int(gone), int(not gone))
    async with resources.db.begin() as session:
        row = (await session.scalars(select(Post))).one()
        job = (await session.scalars(select(Job))).one()
        assert (await session.scalars(select(Outbox))).all() == []
    assert (row.status is PostStatus.CANCELLED) is gone
    assert (job.status is JobStatus.CANCELLED) is gone
