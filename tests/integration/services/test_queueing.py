from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from fixtures.rows import Rows
from subiteya.config import Settings, UploadSettings
from subiteya.db.models import Job, Outbox, Post, Video
from subiteya.domain.errors import BadInput, BadPattern, NotFound, WrongState
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import Priority, QueueName, edit_job_id
from subiteya.queue.presence import JobState, runnable_jobs
from subiteya.services.confirm_video import confirm_video
from subiteya.services.deliver_jobs import deliver
from subiteya.services.queue_upload import PostWish, queue_upload
from subiteya.services.resources import Resources

SEPIA = {"effects": {"look": "sepia"}}


async def test_confirm_freezes_the_pattern_and_puts_the_job_into_redis(
    resources: Resources, rows: Rows
) -> None:
    video = await rows.video(await rows.user())
    await confirm_video(
        resources, user_id=video.user_id, video_id=video.id, spec=SEPIA, priority=Priority.HIGH
    )
    async with resources.db.begin() as session:
        row = (await session.scalars(select(Video))).one()
        job = (await session.scalars(select(Job))).one()
        assert (await session.scalars(select(Outbox))).all() == []
    assert row.status is VideoStatus.EDITING_QUEUED
    assert row.spec is not None
    assert row.spec["effects"]["look"] == "sepia"
    assert (job.priority, job.status, job.enqueued_at is not None) == (3, JobStatus.QUEUED, True)
    there = await runnable_jobs(resources.queues, QueueName.EDIT)
    assert there == {edit_job_id(video.id): JobState.PRIORITIZED}


async def test_confirming_twice_is_refused_and_queues_one_job(resources: Resources, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    await confirm_video(resources, user_id=video.user_id, video_id=video.id)
    with pytest.raises(WrongState, match="EDITING_QUEUED"):
        await confirm_video(resources, user_id=video.user_id, video_id=video.id)
    async with resources.db.begin() as session:
        assert (await session.scalars(select(Job.run))).one() == 1


async def test_somebody_elses_video_does_not_exist(resources: Resources, rows: Rows) -> None:
    video = await rows.video(await rows.user(), VideoStatus.EDITED, edited_key="x")
    other = await rows.user("Otra")
    with pytest.raises(NotFound):
        await confirm_video(resources, user_id=other.id, video_id=video.id)
    with pytest.raises(NotFound):
        await queue_upload(resources, user_id=other.id, video_id=video.id)
    async with resources.db.begin() as session:
        assert (await session.scalars(select(Job))).all() == []


async def test_a_pattern_with_a_mistake_changes_nothing(resources: Resources, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    with pytest.raises(BadPattern, match="effects"):
        await confirm_video(
            resources, user_id=video.user_id, video_id=video.id, spec={"effects": {"look": "?"}}
        )
    async with resources.db.begin() as session:
        assert await session.scalar(select(Video.status)) is VideoStatus.DRAFT


async def test_posts_of_one_account_get_slots_a_window_apart(settings: Settings, rows: Rows) -> None:
    from subiteya.services.resources import open_resources  # noqa: PLC0415 - with settings of its own

    windowed = settings.model_copy(update={"upload": UploadSettings(ACCOUNT_WINDOW_SECONDS=300)})
    async with open_resources(windowed) as resources:
        user = await rows.user()
        account = await rows.account(user)
        for _ in range(3):
            video = await rows.video(user, VideoStatus.EDITED, edited_key="x")
            await queue_upload(resources, user_id=user.id, video_id=video.id, account_id=account.id)
        async with resources.db.begin() as session:
            slots = list(await session.scalars(select(Post.slot_at).order_by(Post.slot_at)))
            enqueued = list(await session.scalars(select(Job.enqueued_at).order_by(Job.not_before)))
    known = [slot for slot in slots if slot is not None]
    assert all(later - earlier >= timedelta(minutes=5) for earlier, later in pairwise(known))
    assert [at is not None for at in enqueued] == [True, False, False]


async def test_a_post_needs_an_edited_video_and_a_known_account(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    draft = await rows.video(user)
    edited = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    with pytest.raises(BadInput, match="account"):
        await queue_upload(resources, user_id=user.id, video_id=edited.id)
    await rows.account(user)
    with pytest.raises(WrongState, match="DRAFT"):
        await queue_upload(resources, user_id=user.id, video_id=draft.id)
    with pytest.raises(NotFound):
        await queue_upload(resources, user_id=user.id, video_id=edited.id, account_id=uuid.uuid4())
    await rows.account(user, username="otra")
    with pytest.raises(BadInput, match="several"):
        await queue_upload(resources, user_id=user.id, video_id=edited.id)


async def test_branded_content_cannot_be_private(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    await rows.account(user)
    video = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    with pytest.raises(BadInput, match="private"):
        await queue_upload(resources, user_id=user.id, video_id=video.id, wish=PostWish(brand_content=True))


async def test_a_post_starts_private_with_everything_off(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    await rows.account(user)
    video = await rows.video(user, VideoStatus.EDITED, edited_key="x")
    post = (await queue_upload(resources, user_id=user.id, video_id=video.id)).view.post
    assert post.privacy_level == "SELF_ONLY"
    assert post.disable_comment
    assert post.disable_duet
    assert post.disable_stitch
    assert post.status is PostStatus.UPLOAD_QUEUED
    async with resources.db.begin() as session:
        assert await session.scalar(select(Video.status)) is VideoStatus.UPLOAD_QUEUED


async def test_delivery_that_was_interrupted_is_repeated_without_a_second_job(
    resources: Resources, rows: Rows
) -> None:
    video = await rows.video(await rows.user())
    await confirm_video(resources, user_id=video.user_id, video_id=video.id)
    async with resources.db.begin() as session:
        session.add(Outbox(job_id=edit_job_id(video.id)))
        await session.execute(update(Job).values(enqueued_at=None))
    assert await deliver(resources) == 1
    assert len(await runnable_jobs(resources.queues, QueueName.EDIT)) == 1
    assert await deliver(resources) == 0
