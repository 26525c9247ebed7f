"""Room in a creator's inbox: the draft that has waited longest for it goes ahead."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Job, Post
from subiteya.db.slots import database_now
from subiteya.domain.states import JobStatus

FULL_INBOX: Final = "tiktok_spam_risk_too_many_pending_share"
"""`wait_reason` of a draft that TikTok did not take because too many wait in the inbox already."""


async def bring_draft_forward(session: AsyncSession, account_id: uuid.UUID) -> uuid.UUID | None:
    """Let one draft of this account try again now, because another one has left the inbox.

    Should the inbox still be full, it waits again; waiting spends no attempt.

    Returns:
        The post whose job is due now; the next sweep hands it out. None when none waits for room.
    """
    # A job that somebody else holds (to call it off, say) is not waited for.
    job = await session.scalar(
        select(Job)
        .join(Post, Post.id == Job.post_id)
        .where(Post.account_id == account_id, Job.status == JobStatus.QUEUED, Job.wait_reason == FULL_INBOX)
        .order_by(Post.created_at, Job.id)
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
    if job is None:
        return None
    now = await database_now(session)
    job.not_before = min(job.not_before, now)
    await session.execute(update(Post).where(Post.id == job.post_id).values(slot_at=now))
    await session.flush()
    return job.post_id
