"""Plan jobs as rows: the first start that every window allows, reserved, and the job queued for it.

Nothing here talks to Redis: the row and its outbox entry are part of the caller's transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.config import Settings, UploadSettings
from subiteya.db import jobs, slots, turns
from subiteya.db.models import Post, Video
from subiteya.domain.post_mode import PostMode
from subiteya.domain.slots import Rate
from subiteya.queue.names import Priority, QueueName, edit_job_id, upload_job_id, words_job_id

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def plan_edit(session: AsyncSession, settings: Settings, video: Video, priority: Priority) -> datetime:
    """Queue a video's edit at the first start that the queue's rate, and the turns of others, allow.

    Returns:
        That aware time.
    """
    return await _plan_on_edit_queue(session, settings, video, priority, edit_job_id(video.id))


async def plan_words(session: AsyncSession, settings: Settings, video: Video, priority: Priority) -> datetime:
    """Queue the writing down of what is said in a video; it takes a turn of the edit queue like an edit.

    Returns:
        The aware time of its start.
    """
    return await _plan_on_edit_queue(session, settings, video, priority, words_job_id(video.id))


async def _plan_on_edit_queue(
    session: AsyncSession, settings: Settings, video: Video, priority: Priority, job_id: str
) -> datetime:
    scope, rate = f"queue:{QueueName.EDIT}", Rate(settings.edit.max_per_minute, MINUTE)
    slot = await slots.reserve(session, job_id, {scope: rate})
    await jobs.queue_job(
        session,
        jobs.NewJob(
            job_id=job_id,
            queue=QueueName.EDIT,
            user_id=video.user_id,
            video_id=video.id,
            post_id=None,
            priority=priority,
            max_attempts=settings.jobs.max_retries + 1,
            not_before=slot,
            wait_reason=turns.REASON,
        ),
    )
    return (await turns.deal(session, QueueName.EDIT, scope, rate.per)).get(job_id, slot)


async def plan_upload(
    session: AsyncSession,
    settings: Settings,
    post: Post,
    priority: Priority,
    *,
    not_before: datetime | None = None,
) -> datetime:
    """Queue a post's upload at the first start that the windows of its account and the queue allow.

    Returns:
        That aware time; the post's `slot_at` holds it too.
    """
    job_id = upload_job_id(post.id)
    rates = upload_rates(settings.upload, post.account_id, post.mode)
    slot = await slots.reserve(session, job_id, rates, not_before=not_before)
    post.slot_at = slot
    await session.flush()
    await jobs.queue_job(
        session,
        jobs.NewJob(
            job_id=job_id,
            queue=QueueName.UPLOAD,
            user_id=post.user_id,
            video_id=post.video_id,
            post_id=post.id,
            priority=priority,
            max_attempts=settings.jobs.max_retries + 1,
            not_before=slot,
            wait_reason="account_window",
        ),
    )
    return slot


def upload_rates(
    settings: UploadSettings, account_id: uuid.UUID, mode: PostMode = PostMode.DIRECT
) -> Mapping[str, Rate]:
    """The windows of a posting: the account's, the creator's rolling day, so many a minute for the queue.

    TikTok's day is of direct posts. Drafts have a limit of their own, of those that wait in the inbox, and
    only TikTok knows how many do.
    """
    rates = {
        account_scope(account_id): Rate(1, settings.account_window),
        f"queue:{QueueName.UPLOAD}": Rate(settings.max_per_minute, MINUTE),
    }
    return rates if mode is PostMode.DRAFT else {**rates, day_scope(account_id): day_rate(settings)}


def account_scope(account_id: uuid.UUID) -> str:
    """The name under which an account's starts are kept apart."""
    return f"account:{account_id}"


def day_scope(account_id: uuid.UUID) -> str:
    """The name under which a creator's postings of a rolling day are counted."""
    return f"day:{account_id}"


def day_rate(settings: UploadSettings) -> Rate:
    """How many posts TikTok takes of a creator in any 24 hours; a zero span when it is not limited here."""
    return Rate(settings.creator_posts_per_day, DAY if settings.creator_posts_per_day else timedelta(0))
