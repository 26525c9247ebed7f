"""A post's time has come: bring a scheduled one forward, unless it comes too late to go out unasked."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Job, Post
from subiteya.db.moves import move_post
from subiteya.db.slots import database_now
from subiteya.domain.post_errors import MissedSchedule
from subiteya.domain.schedule import is_missed
from subiteya.domain.states import LedgerStep, PostStatus
from subiteya.pipeline.journey import Run


async def bring_forward(session: AsyncSession, run: Run, post_id: uuid.UUID) -> None:
    """Let a scheduled post wait for a worker, or for its owner when it is more than an hour late.

    The sweep does the same, but a worker may be faster than it after everything was down.
    """
    post = await session.scalar(select(Post).where(Post.id == post_id))
    if post is None or post.scheduled_at is None or post.step is not LedgerStep.PLANNED:
        return
    if post.status not in {PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED}:
        return
    due = await session.scalar(select(Job.not_before).where(Job.id == run.claim.job_id))
    if due is not None and is_missed(due, await database_now(session)):
        why = run.why(MissedSchedule.code, due=due.isoformat())
        await move_post(
            session,
            post_id,
            PostStatus.NEEDS_ATTENTION,
            why,
            error_code=MissedSchedule.code,
            error_context=None,
        )
    elif post.status is PostStatus.SCHEDULED:
        await move_post(session, post_id, PostStatus.UPLOAD_QUEUED, run.why("due"))
