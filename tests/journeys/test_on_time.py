"""Posts that go out at their time, through workers that know nothing of calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from fixtures.processes import House, until
from subiteya.db.models import Job, Post, RateSlot
from subiteya.domain.consent import VERSION
from subiteya.domain.states import PostStatus
from subiteya.queue.plan_jobs import day_scope
from subiteya.services.change_post import check_post, retry_post
from subiteya.services.create_posts import PlannedPost, create_posts
from subiteya.services.plan_post import PostWish


async def test_a_scheduled_post_goes_out_at_its_time_and_not_before(house: House, short_clip: Path) -> None:
    await house.workers()
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    when = datetime.now(UTC) + timedelta(seconds=3)
    owner = house.account.user_id
    await create_posts(
        house.resources,
        user_id=owner,
        video_id=video_id,
        planned=[PlannedPost(None, PostWish(), when)],
        consent_version=VERSION,
    )
    await house.reached(video_id, "POSTED")
    moves = {event.to_status: event.at for event in await house.events(video_id) if event.post_id is not None}
    assert list(moves)[-4:] == ["UPLOAD_QUEUED", "UPLOADING", "CONFIRMING", "POSTED"]
    assert moves["UPLOADING"] >= when - timedelta(seconds=1)
    assert len(await house.posted()) == 1


async def test_a_worker_that_wakes_too_late_asks_and_sends_after_a_retry(
    house: House, short_clip: Path
) -> None:
    edit = house.start("worker", "edit")
    await house.ready(edit)
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    edit.terminate()
    owner = house.account.user_id
    pages = await create_posts(
        house.resources,
        user_id=owner,
        video_id=video_id,
        planned=[PlannedPost(None, PostWish(), datetime.now(UTC) + timedelta(hours=1))],
        consent_version=VERSION,
    )
    missed = datetime.now(UTC) - timedelta(hours=2)
    async with house.resources.db.begin() as session:
        await session.execute(update(Job).where(Job.post_id.is_not(None)).values(not_before=missed))
    await house.ready(house.start("worker", "upload"))
    await house.reached(video_id, "FAILED_UPLOAD")
    assert [post.error_code for post in await house.posts(video_id)] == ["missed_schedule"]
    assert await house.posted() == []
    await retry_post(house.resources, user_id=owner, post_id=pages[0].view.post.id)
    await house.reached(video_id, "POSTED")
    assert len(await house.posted()) == 1


async def test_a_post_that_nobody_could_confirm_is_confirmed_when_asked_for(
    house: House, short_clip: Path
) -> None:
    await house.workers()
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    await house.simulator("PATCH", "/switches", {"processing_seconds": 4})
    post = await house.queue_upload(video_id)

    async def confirming() -> bool:
        return (await house.posts(video_id))[0].status is PostStatus.CONFIRMING

    await until(confirming)
    # As after a day without TikTok's word: rarely asked about, and shown as unconfirmed.
    far = datetime.now(UTC) + timedelta(hours=1)
    async with house.resources.db.begin() as session:
        await session.execute(update(Post).values(status=PostStatus.UNCONFIRMED, next_check_at=far))

    async def complete() -> bool:
        return len(await house.posted()) == 1

    await until(complete)
    await check_post(house.resources, user_id=house.account.user_id, post_id=post.id)
    await house.reached(video_id, "POSTED")


async def test_a_creator_who_may_post_less_now_is_asked_to_choose(house: House, short_clip: Path) -> None:
    await house.workers()
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    open_id = house.account.open_id
    await house.simulator("PATCH", f"/creators/{open_id}", {"max_video_post_duration_sec": 1})
    post = await house.queue_upload(video_id)
    await house.reached(video_id, "FAILED_UPLOAD")
    assert [(one.status, one.error_code) for one in await house.posts(video_id)] == [
        (PostStatus.NEEDS_ATTENTION, "too_long_for_creator")
    ]
    await house.simulator("PATCH", f"/creators/{open_id}", {"max_video_post_duration_sec": 600})
    await retry_post(house.resources, user_id=house.account.user_id, post_id=post.id)
    await house.reached(video_id, "POSTED")
    assert len(await house.posted()) == 1


async def test_a_full_day_at_tiktok_waits_until_our_own_ledger_sees_room(
    house: House, short_clip: Path
) -> None:
    await house.ready(house.start("worker", "edit"))
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    await house.simulator("PATCH", f"/creators/{house.account.open_id}", {"daily_post_cap": 0})
    await house.queue_upload(video_id)
    # Posts of the last hours that came to our knowledge only now.
    first = datetime.now(UTC) - timedelta(hours=10)
    scope, until_ = day_scope(house.account.id), first + timedelta(days=1)
    async with house.resources.db.begin() as session:
        session.add_all(RateSlot(scope=scope, at=first, owner=f"x{n}", keep_until=until_) for n in range(15))
    await house.ready(house.start("worker", "upload"))

    async def waits() -> Job | None:
        found = [job for job in await house.jobs() if job.wait_reason == "tiktok_spam_risk_too_many_posts"]
        return found[0] if found else None

    job = await until(waits)
    assert abs(job.not_before - until_) < timedelta(seconds=1)
    assert job.attempts == 0, "waiting is not failing"
    assert await house.posted() == []
