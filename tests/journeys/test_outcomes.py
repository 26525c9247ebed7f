"""What becomes of a post that TikTok does not take: it waits, is given up, or asks its owner."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.processes import House, until
from subiteya.db.models import Job, Post
from subiteya.domain.states import JobStatus, PostStatus


async def edited(house: House, clip: Path) -> uuid.UUID:
    """A video that is ready to be posted."""
    await house.workers()
    video_id = await house.draft(clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    return video_id


async def the_post(house: House, video_id: uuid.UUID, *statuses: PostStatus) -> Post:
    async def there() -> Post | None:
        [post] = await house.posts(video_id)
        return post if post.status in statuses else None

    post: Post = await until(there)
    return post


async def upload_job(house: House) -> Job:
    [job] = [job for job in await house.jobs() if job.post_id is not None]
    return job


async def test_a_full_minute_is_waited_for_and_burns_no_attempt(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    fault = {"action": "status", "endpoint": "video_init", "code": "rate_limit_exceeded", "status": 429}
    await house.simulator("POST", "/faults", fault)
    await house.queue_upload(video_id)

    async def waits() -> Job | None:
        job = await upload_job(house)
        return job if job.wait_reason == "tiktok_rate_limit_exceeded" else None

    job: Job = await until(waits)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    assert job.not_before > datetime.now(UTC) + timedelta(seconds=30)
    post = await the_post(house, video_id, PostStatus.UPLOAD_QUEUED)
    assert post.error_code is None
    assert (await house.simulator("GET", "/state"))["inits"] == 0


async def test_spent_retries_end_in_failed_with_the_reason(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    fault = {"action": "status", "endpoint": "upload", "status": 500, "times": 100}
    await house.simulator("POST", "/faults", fault)
    await house.queue_upload(video_id)
    post = await the_post(house, video_id, PostStatus.FAILED_UPLOAD)
    assert post.error_code == "tiktok_upload_server_error"
    job = await upload_job(house)
    assert (job.status, job.attempts) == (JobStatus.FAILED, 3)
    retries = [
        event.detail for event in await house.events(video_id) if event.detail and "retry" in event.detail
    ]
    assert [detail["retry"] for detail in retries] == [1, 2, 3]
    assert (await house.video(video_id)).status == "FAILED_UPLOAD"
    assert await house.posted() == []


async def test_a_last_attempt_whose_answer_is_lost_is_no_failure(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    upload = {"endpoint": "upload", "status": 502}
    # Three sends an attempt: three attempts fail, the last one's bytes arrive and nobody says so.
    for fault in (
        {"action": "status", **upload, "times": 9},
        {"action": "cut", "endpoint": "upload", "when": "after"},
        {"action": "status", **upload, "times": 2},
    ):
        await house.simulator("POST", "/faults", fault)
    await house.queue_upload(video_id)
    post = await the_post(house, video_id, PostStatus.FAILED_UPLOAD, PostStatus.POSTED)
    assert post.status is PostStatus.POSTED
    assert (await upload_job(house)).attempts == 3
    assert len(await house.posted()) == 1
    assert await house.simulator("GET", "/faults") == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"action": "fail", "reason": "spam_risk"}, PostStatus.FAILED_UPLOAD, "tiktok_spam_risk"),
        (
            {"action": "status", "endpoint": "creator_info", "code": "scope_not_authorized", "status": 401},
            PostStatus.NEEDS_ATTENTION,
            "tiktok_scope_not_authorized",
        ),
        (
            {"action": "status", "endpoint": "video_init", "code": "a_word_of_tomorrow", "status": 403},
            PostStatus.NEEDS_ATTENTION,
            "tiktok_a_word_of_tomorrow",
        ),
    ],
    ids=["final", "reconnect", "unknown"],
)
async def test_a_refusal_is_shown_as_what_it_is(
    house: House, short_clip: Path, fault: dict[str, Any], status: PostStatus, code: str
) -> None:
    video_id = await edited(house, short_clip)
    await house.simulator("POST", "/faults", fault)
    await house.queue_upload(video_id)
    post = await the_post(house, video_id, PostStatus.FAILED_UPLOAD, PostStatus.NEEDS_ATTENTION)
    assert (post.status, post.error_code) == (status, code)
    assert await house.posted() == []


async def test_a_stuck_publish_is_never_called_posted(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    await house.simulator("POST", "/faults", {"action": "stuck"})
    await house.queue_upload(video_id)
    post = await the_post(house, video_id, PostStatus.CONFIRMING)

    async def asked_often() -> bool:
        [now] = await house.posts(video_id)
        assert now.status is PostStatus.CONFIRMING
        return now.checks >= 5

    await until(asked_often)
    await house.simulator("POST", f"/publishes/{post.publish_id}/release")
    assert (await the_post(house, video_id, PostStatus.POSTED)).posted_at is not None


async def test_an_account_that_was_disconnected_needs_its_owner(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    await house.simulator("POST", f"/creators/{house.account.open_id}/disconnect", {"reason": 1})
    await house.queue_upload(video_id)
    post = await the_post(house, video_id, PostStatus.NEEDS_ATTENTION, PostStatus.FAILED_UPLOAD)
    assert post.status is PostStatus.NEEDS_ATTENTION
    assert (await upload_job(house)).status is JobStatus.FAILED
