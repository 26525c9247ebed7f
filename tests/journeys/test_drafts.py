"""Drafts through real processes: into the inbox, and POSTED only when their owner has posted them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fixtures.processes import House, until
from journeys.test_outcomes import edited, the_post, upload_job
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import JobStatus, PostStatus


async def test_a_draft_waits_in_the_inbox_until_its_owner_posts_it(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    # What is read once for the edit tells the same file again, however it was uploaded.
    digest = hashlib.sha256(short_clip.read_bytes()).hexdigest()
    assert (await house.video(video_id)).source_sha256 == digest
    # The app is not audited and the account is public: neither matters to a draft.
    await house.queue_upload(video_id, PostMode.DRAFT)
    post = await the_post(house, video_id, PostStatus.IN_INBOX)
    assert (await house.video(video_id)).status == "IN_INBOX"
    assert (post.posted_at, post.tiktok_status, post.inits) == (None, "SEND_TO_USER_INBOX", 1)
    told = await house.simulator("GET", f"/publishes/{post.publish_id}")
    assert (told["kind"], told["title"], told["privacy_level"]) == ("INBOX_SHARE", "", None)

    async def asked_again() -> bool:
        [now] = await house.posts(video_id)
        assert now.status is PostStatus.IN_INBOX
        return now.checks >= 2

    await until(asked_again)
    await house.simulator(
        "POST", f"/publishes/{post.publish_id}/finish", {"privacy_level": "PUBLIC_TO_EVERYONE"}
    )
    done = await the_post(house, video_id, PostStatus.POSTED)
    assert done.posted_at is not None
    assert (await house.video(video_id)).status == "POSTED"
    assert (await house.simulator("GET", "/state"))["inits"] == 1


async def test_a_draft_that_tiktok_cannot_use_fails_with_its_reason(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    await house.simulator("POST", "/faults", {"action": "fail", "reason": "file_format_check_failed"})
    await house.queue_upload(video_id, PostMode.DRAFT)
    post = await the_post(house, video_id, PostStatus.FAILED_UPLOAD)
    assert post.error_code == "tiktok_file_format_check_failed"


async def test_a_full_inbox_is_waited_for_and_burns_no_attempt(house: House, short_clip: Path) -> None:
    video_id = await edited(house, short_clip)
    await house.simulator("PATCH", "/switches", {"pending_draft_cap": 0})
    await house.queue_upload(video_id, PostMode.DRAFT)

    async def waits() -> Any:
        job = await upload_job(house)
        return job if job.wait_reason == "tiktok_spam_risk_too_many_pending_share" else None

    job = await until(waits)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    assert job.not_before > datetime.now(UTC) + timedelta(minutes=30)
