"""Jobs that have ended run once more, whatever Redis still keeps under their ids."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from fixtures.rows import Rows
from subiteya.config import EditSettings, Settings
from subiteya.db import jobs
from subiteya.db.models import Event, Job, Outbox, Post, Video
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.outcome import Done, GiveUp, Outcome
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus, VideoStatus
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import Priority, QueueName, edit_job_id, upload_job_id
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.worker import QueueWorker
from subiteya.services.cancel_work import cancel_video_work
from subiteya.services.confirm_video import confirm_video
from subiteya.services.queue_upload import queue_upload
from subiteya.services.rerun_job import failed_jobs, rerun_edit, rerun_job
from subiteya.services.resources import Resources, open_resources
from subiteya.services.sweep import Sweeper

LEASE = timedelta(seconds=30)
SEPIA = {"effects": {"look": "sepia"}}
ACTOR = "cli:ops"


@pytest.fixture
async def video(resources: Resources, rows: Rows) -> Video:
    """A video whose edit is queued."""
    video = await rows.video(await rows.user())
    return await confirm_video(
        resources, user_id=video.user_id, video_id=video.id, spec=SEPIA, priority=Priority.HIGH
    )


async def run_once(resources: Resources, queue: QueueName, outcome: Outcome) -> int:
    """Let BullMQ hand out and end one job as a worker does; how many attempts it had made before."""

    seen: asyncio.Queue[JobInHand] = asyncio.Queue()

    async def work(hand: JobInHand) -> Outcome:
        seen.put_nowait(hand)
        return outcome

    worker = QueueWorker(queue, work, resources.settings.queue, name="test")
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(10):
            hand = await seen.get()
    finally:
        await worker.stop(5)  # lets it end
        await running
    return hand.attempts_made


async def end_edit(resources: Resources, video: Video, *, well: bool) -> None:
    """The edit's row as a worker leaves it."""
    async with resources.db.begin() as session:
        claim = await jobs.claim(session, edit_job_id(video.id), "w", LEASE)
        assert claim is not None
        if well:
            await jobs.finish(session, claim)
            values = {"status": VideoStatus.EDITED, "progress": 100}
        else:
            await session.execute(update(Job).values(attempts=3))
            await jobs.fail(session, claim, "edit_failed", None)
            values = {"status": VideoStatus.FAILED_EDIT, "error_code": "edit_failed"}
        await session.execute(update(Video).values(**values))


@pytest.mark.parametrize("well", [True, False], ids=["completed", "failed"])
async def test_an_edit_that_bullmq_keeps_as_ended_runs_again(
    resources: Resources, video: Video, well: bool
) -> None:
    job_id = edit_job_id(video.id)
    await run_once(resources, QueueName.EDIT, Done() if well else GiveUp("edit_failed", "broken"))
    kept = JobState.COMPLETED if well else JobState.FAILED
    assert await job_state(resources.queues, job_id) is kept
    await end_edit(resources, video, well=well)

    await rerun_job(resources, job_id, actor=ACTOR)

    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job))).one()
        row = (await session.scalars(select(Video))).one()
        last = (await session.scalars(select(Event).order_by(Event.id.desc()))).first()
        assert (await session.scalars(select(Outbox))).all() == []
    assert (job.status, job.run, job.attempts, job.priority) == (JobStatus.QUEUED, 2, 0, Priority.HIGH)
    assert (row.status, row.progress, row.error_code) == (VideoStatus.EDITING_QUEUED, 0, None)
    assert row.spec is not None
    assert row.spec["effects"]["look"] == "sepia"
    assert last is not None
    assert (last.actor, last.reason, last.to_status) == (ACTOR, "rerun", "EDITING_QUEUED")
    assert await job_state(resources.queues, job_id) is JobState.PRIORITIZED
    assert await run_once(resources, QueueName.EDIT, Done()) == 0


async def test_a_cancelled_edit_runs_again(resources: Resources, video: Video) -> None:
    await cancel_video_work(resources, user_id=video.user_id, video_id=video.id)
    assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.UNKNOWN
    again = await rerun_edit(resources, user_id=video.user_id, video_id=video.id)
    assert again.status is VideoStatus.EDITING_QUEUED
    assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.PRIORITIZED


async def test_a_rerun_that_must_wait_for_the_rate_comes_in_spite_of_what_redis_keeps(
    settings: Settings, rows: Rows
) -> None:
    one_a_minute = settings.model_copy(update={"edit": EditSettings(EDIT_MAX_PER_MINUTE=1)})
    async with open_resources(one_a_minute) as resources:
        video = await rows.video(await rows.user())
        await confirm_video(resources, user_id=video.user_id, video_id=video.id)
        await run_once(resources, QueueName.EDIT, Done())
        await end_edit(resources, video, well=True)
        await rerun_edit(resources, user_id=video.user_id, video_id=video.id)
        assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.COMPLETED
        async with resources.db.begin() as session:
            await session.execute(update(Job).values(not_before=datetime.now(UTC)))
        await Sweeper(resources).once()
        assert await job_state(resources.queues, edit_job_id(video.id)) is JobState.PRIORITIZED


async def test_what_has_not_ended_or_never_began_is_not_run_again(
    resources: Resources, rows: Rows, video: Video
) -> None:
    with pytest.raises(WrongState, match="EDITING_QUEUED"):
        await rerun_job(resources, edit_job_id(video.id), actor=ACTOR)
    draft = await rows.video(await rows.user())
    with pytest.raises(WrongState, match="DRAFT"):
        await rerun_edit(resources, user_id=draft.user_id, video_id=draft.id)
    with pytest.raises(NotFound):
        await rerun_edit(resources, user_id=draft.user_id, video_id=video.id)
    with pytest.raises(NotFound):
        await rerun_job(resources, edit_job_id(uuid.uuid4()), actor=ACTOR)
    with pytest.raises(NotFound):
        await rerun_job(resources, "backup-7", actor=ACTOR)


async def failed_post(resources: Resources, rows: Rows, step: LedgerStep, status: PostStatus) -> Post:
    user = await rows.user()
    await rows.account(user)
    video = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    post = (await queue_upload(resources, user_id=user.id, video_id=video.id)).view.post
    await run_once(resources, QueueName.UPLOAD, GiveUp("tiktok_refused", "no"))
    async with resources.db.begin() as session:
        claim = await jobs.claim(session, upload_job_id(post.id), "w", LEASE)
        assert claim is not None
        await jobs.fail(session, claim, "tiktok_refused", None)
        values = {"status": status, "step": step, "publish_id": "v_pub_file~1", "bytes_acknowledged": 500}
        await session.execute(update(Post).values(**values))
        await session.execute(update(Video).values(status=VideoStatus.FAILED_UPLOAD))
    return post


@pytest.mark.parametrize("status", [PostStatus.FAILED_UPLOAD, PostStatus.NEEDS_ATTENTION])
async def test_an_upload_runs_again_with_its_ledger(
    resources: Resources, rows: Rows, status: PostStatus
) -> None:
    post = await failed_post(resources, rows, LedgerStep.SENDING, status)
    job_id = upload_job_id(post.id)
    assert await job_state(resources.queues, job_id) is JobState.FAILED
    assert await failed_jobs(resources) == [job_id]
    assert await failed_jobs(resources, QueueName.EDIT) == []

    await rerun_job(resources, job_id, actor=ACTOR)

    async with resources.db.begin() as session:
        row = (await session.scalars(select(Post))).one()
        actors = set(await session.scalars(select(Event.actor).where(Event.reason == "rerun")))
    assert (row.status, row.step) == (PostStatus.UPLOAD_QUEUED, LedgerStep.SENDING)
    assert (row.publish_id, row.bytes_acknowledged) == ("v_pub_file~1", 500)
    assert actors == {ACTOR}
    assert await job_state(resources.queues, job_id) is JobState.PRIORITIZED
    assert await failed_jobs(resources) == []
    assert await run_once(resources, QueueName.UPLOAD, Done()) == 0


@pytest.mark.parametrize("status", [PostStatus.POSTED, PostStatus.CONFIRMING, PostStatus.UNCONFIRMED])
async def test_what_tiktok_has_is_never_sent_again(
    resources: Resources, rows: Rows, status: PostStatus
) -> None:
    post = await failed_post(resources, rows, LedgerStep.SUBMITTED, status)
    with pytest.raises(WrongState, match=status.value):
        await rerun_job(resources, upload_job_id(post.id), actor=ACTOR)
    assert await job_state(resources.queues, upload_job_id(post.id)) is JobState.FAILED


async def test_a_rerun_that_finds_its_cancelled_run_still_at_work_comes_back(
    resources: Resources, video: Video
) -> None:
    job_id = edit_job_id(video.id)
    begun, end = asyncio.Event(), asyncio.Event()

    async def work(_: JobInHand) -> Outcome:
        begun.set()
        await end.wait()
        return GiveUp("cancelled")

    worker = QueueWorker(QueueName.EDIT, work, resources.settings.queue, name="test")
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(10):
            await begun.wait()
        await cancel_video_work(resources, user_id=video.user_id, video_id=video.id)
        await rerun_edit(resources, user_id=video.user_id, video_id=video.id)
    finally:
        end.set()
        await worker.stop(5)
        await running
    assert await job_state(resources.queues, job_id) is JobState.FAILED
    async with resources.db.begin() as session:
        await session.execute(update(Job).values(enqueued_at=datetime.now(UTC) - timedelta(minutes=5)))

    assert await Sweeper(resources).find_missing() == 1

    assert await job_state(resources.queues, job_id) is JobState.PRIORITIZED
    assert await run_once(resources, QueueName.EDIT, Done()) == 0
