"""Call off what is queued or running for a video."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, slots
from subiteya.db.ledger import may_appear
from subiteya.db.models import Job, Outbox, Post, Video
from subiteya.db.moves import Why, move_post, move_video
from subiteya.domain.errors import NotFound, QueueUnavailable, WrongState
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.queue.events import announce
from subiteya.queue.names import edit_job_id
from subiteya.queue.presence import remove
from subiteya.services.resources import Resources

AT_TIKTOK = frozenset({PostStatus.UPLOADING, PostStatus.CONFIRMING, PostStatus.UNCONFIRMED})
"""Posts that TikTok may make public whatever we do: calling them off would be a promise we cannot keep."""


async def cancel_video_work(resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID) -> Video:
    """Call off a video's edit and its posts that TikTok has not got yet.

    A running FFmpeg stops within seconds: its worker finds the lease gone.

    Raises:
        NotFound: no such video of theirs.
        WrongState: a post is on its way to TikTok.
    """
    async with resources.db.begin() as session:
        await _lock_jobs(session, video_id)
        video = await session.scalar(
            select(Video)
            .where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
            .with_for_update()
        )
        if video is None:
            raise NotFound(what="video")
        posts = list(await session.scalars(select(Post).where(Post.video_id == video_id)))
        if any(_is_at_tiktok(post) for post in posts):
            raise WrongState(what="video", state=video.status.value)
        gone = await _cancel_jobs(session, video_id)
        why = Why(actor=f"user:{user_id}", reason="cancelled")
        for post in posts:
            await move_post(session, post.id, PostStatus.CANCELLED, why)
        await move_video(
            session,
            video_id,
            VideoStatus.CANCELLED,
            why,
            expect={VideoStatus.DRAFT, VideoStatus.EDITING_QUEUED, VideoStatus.EDITING},
        )
        await session.refresh(video)
    await _remove_from_redis(resources, gone, video_id)
    return video


def _is_at_tiktok(post: Post) -> bool:
    # Between two attempts a post is queued, and yet its last chunk may have arrived.
    return post.status in AT_TIKTOK or (post.status is PostStatus.UPLOAD_QUEUED and may_appear(post))


async def _lock_jobs(session: AsyncSession, video_id: uuid.UUID) -> None:
    # Jobs before the video: the order of locks that everybody keeps.
    await session.execute(select(Job.id).where(Job.video_id == video_id).order_by(Job.id).with_for_update())


async def _cancel_jobs(session: AsyncSession, video_id: uuid.UUID) -> list[Job]:
    live = await session.scalars(select(Job.id).where(Job.video_id == video_id, Job.status.in_(jobs.LIVE)))
    cancelled = []
    for job_id in list(live):
        job = await jobs.cancel(session, job_id)
        if job is not None:
            cancelled.append(job)
            await slots.release(session, job_id)
            await session.execute(delete(Outbox).where(Outbox.job_id == job_id))
    return cancelled


async def _remove_from_redis(resources: Resources, gone: list[Job], video_id: uuid.UUID) -> None:
    try:
        for job in gone:
            await remove(resources.queues, job.id)
        await announce(resources.queues, edit_job_id(video_id))
    except QueueUnavailable:
        # A worker that is handed a cancelled job finds nothing to claim and drops it.
        return
