"""Posts that wait for a version of their video: held as rows, unknown to Redis, until it is made.

Waiting is not failing: no attempt is spent, and no start is reserved before there is something to send.
Order of locks as everywhere: the edit job, upload jobs, the video, posts, the windows of starts.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.config import Settings
from subiteya.db import jobs, slots
from subiteya.db.models import Job, Post, Render, Video
from subiteya.db.moves import Why, move_post, note
from subiteya.db.versions import is_made
from subiteya.domain.post_errors import MissedSchedule, RenderFailed
from subiteya.domain.schedule import is_missed
from subiteya.domain.states import JobStatus, PostStatus
from subiteya.queue.names import Priority, QueueName, edit_job_id, upload_job_id
from subiteya.queue.plan_jobs import plan_edit, plan_upload, upload_rates

REASON: Final = "rendering"
"""`wait_reason` of a post whose version is being made."""

_WAITING: Final = (PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED)
_LIVE: Final = (JobStatus.QUEUED, JobStatus.ACTIVE)


async def lock_edit(session: AsyncSession, video_id: uuid.UUID) -> Job | None:
    """The video's edit job, locked: to be called before anything else is, by whoever may hold a post."""
    job: Job | None = await session.scalar(
        select(Job).where(Job.id == edit_job_id(video_id)).with_for_update(),
        execution_options={"populate_existing": True},
    )
    return job


async def hold(
    session: AsyncSession, settings: Settings, video: Video, post: Post, priority: Priority
) -> None:
    """Let a post wait until its version is made, and see to it that somebody makes it.

    The caller holds the locks of the edit job, the video and the post.
    """
    post.slot_at = None
    await session.flush()
    await slots.release(session, upload_job_id(post.id))
    await jobs.queue_job(
        session,
        jobs.NewJob(
            job_id=upload_job_id(post.id),
            queue=QueueName.UPLOAD,
            user_id=post.user_id,
            video_id=post.video_id,
            post_id=post.id,
            priority=priority,
            max_attempts=settings.jobs.max_retries + 1,
            not_before=await slots.database_now(session),
            wait_reason=REASON,
            held=True,
        ),
    )
    edit = await session.scalar(select(Job.status).where(Job.id == edit_job_id(video.id)))
    if edit not in _LIVE:
        await plan_edit(session, settings, video, priority)


async def lock(session: AsyncSession, video_id: uuid.UUID) -> list[Job]:
    """The upload jobs of a video that are held, locked."""
    rows = await session.scalars(
        select(Job)
        .where(Job.video_id == video_id, Job.status == JobStatus.HELD)
        .order_by(Job.id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    return list(rows)


async def release(session: AsyncSession, settings: Settings, waiting: Sequence[Job], why: Why) -> list[Job]:
    """Let the posts go whose version is made now: each gets its start, or asks when its hour has gone by.

    Args:
        session: The transaction; holds the jobs' locks.
        settings: For the windows.
        waiting: From `lock`.
        why: For the timeline.

    Returns:
        The jobs that go on waiting: their versions are not made.
    """
    held = [(job, *(await _post_of(session, job))) for job in waiting]
    ready = [(job, post, render) for job, post, render in held if is_made(render)]
    # All windows at once, in the order that everybody keeps.
    scopes = {scope for _, post, _ in ready for scope in upload_rates(settings.upload, post.account_id)}
    await slots.lock(session, scopes)
    now = await slots.database_now(session)
    for job, post, render in ready:
        if post.scheduled_at is not None and is_missed(post.scheduled_at, now):
            due = Why(why.actor, MissedSchedule.code, detail={"due": post.scheduled_at.isoformat()})
            await _stop(session, job, due, MissedSchedule.code, None)
            continue
        if render is not None:
            post.video_bytes = render.edited_bytes
        slot = await plan_upload(
            session, settings, post, Priority(job.priority), not_before=post.scheduled_at
        )
        told = Why(why.actor, why.reason, why.attempt, {"slot_at": slot.isoformat()})
        await note(session, told, post=post)
    return [job for job, _, render in held if not is_made(render)]


async def give_up(session: AsyncSession, waiting: Sequence[Job], why: Why, code: str) -> None:
    """Let the posts ask their owners: the versions that they wait for could not be made, for `code`."""
    for job in waiting:
        await _stop(session, job, why, RenderFailed.code, {"why": code})


async def _stop(session: AsyncSession, job: Job, why: Why, code: str, context: dict[str, str] | None) -> None:
    if job.post_id is None:
        return
    await jobs.cancel(session, job.id)
    await move_post(
        session,
        job.post_id,
        PostStatus.NEEDS_ATTENTION,
        why,
        expect=_WAITING,
        error_code=code,
        error_context=context,
    )


async def _post_of(session: AsyncSession, job: Job) -> tuple[Post, Render | None]:
    await session.scalar(select(Video.id).where(Video.id == job.video_id).with_for_update())
    found = await session.execute(
        select(Post, Render)
        .outerjoin(Render, Render.id == Post.render_id)
        .where(Post.id == job.post_id)
        .with_for_update(of=Post),
        execution_options={"populate_existing": True},
    )
    post, render = found.one()
    return post, render
