"""The one place that changes a status: compare-and-set, with an event row in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Event, Post, Video
from subiteya.domain.states import PostStatus, VideoStatus, aggregate, post_sources, video_sources


@dataclass(frozen=True, slots=True)
class Why:
    """Who moved something and for what reason; becomes the event row."""

    actor: str
    reason: str | None = None
    attempt: int | None = None
    detail: Mapping[str, Any] | None = field(default=None)


async def move_video(
    session: AsyncSession,
    video_id: uuid.UUID,
    to: VideoStatus,
    why: Why,
    *,
    expect: Collection[VideoStatus] | None = None,
    **values: object,
) -> Video | None:
    """Move a video to `to` when it stands where that is allowed.

    Args:
        session: The transaction to do it in.
        video_id: Whose status to move.
        to: The new status.
        why: For the event row.
        expect: Narrows the allowed sources.
        values: Other columns to set with it.

    Returns:
        The row as it is now, or None when it does not stand in an allowed status (or does not exist):
        somebody else was faster, and nothing was changed.
    """
    allowed = video_sources(to) & frozenset(expect) if expect is not None else video_sources(to)
    seen = await session.scalar(select(Video.status).where(Video.id == video_id).with_for_update())
    if seen is None or seen not in allowed:
        return None
    row = await session.scalar(
        update(Video)
        .where(Video.id == video_id, Video.status == seen)
        .values(status=to, version=Video.version + 1, **values)
        .returning(Video),
        execution_options={"populate_existing": True},
    )
    if row is not None:
        session.add(_event(why, video=row, post=None, from_status=seen, to_status=to))
        await session.flush()
    return row


async def move_post(
    session: AsyncSession,
    post_id: uuid.UUID,
    to: PostStatus,
    why: Why,
    *,
    expect: Collection[PostStatus] | None = None,
    **values: object,
) -> Post | None:
    """Move a post, as `move_video` does, and let its video follow."""
    allowed = post_sources(to) & frozenset(expect) if expect is not None else post_sources(to)
    video_id = await session.scalar(select(Post.video_id).where(Post.id == post_id))
    if video_id is None:
        return None
    # Always the video first, then the post: one order of locks, no deadlocks.
    await session.scalar(select(Video.id).where(Video.id == video_id).with_for_update())
    seen = await session.scalar(select(Post.status).where(Post.id == post_id).with_for_update())
    if seen is None or seen not in allowed:
        return None
    row = await session.scalar(
        update(Post)
        .where(Post.id == post_id, Post.status == seen)
        .values(status=to, version=Post.version + 1, **values)
        .returning(Post),
        execution_options={"populate_existing": True},
    )
    if row is not None:
        session.add(_event(why, video=None, post=row, from_status=seen, to_status=to))
        await session.flush()
        await settle_video(session, video_id, why)
    return row


async def settle_video(session: AsyncSession, video_id: uuid.UUID, why: Why) -> None:
    """Let a video's status follow from its posts."""
    statuses = (await session.scalars(select(Post.status).where(Post.video_id == video_id))).all()
    await move_video(session, video_id, aggregate(statuses), Why(actor=why.actor, reason="posts"))


async def note(
    session: AsyncSession,
    why: Why,
    *,
    video: Video | None = None,
    post: Post | None = None,
    kind: str = "step",
) -> None:
    """Write an event that moves nothing: a step taken, a retry planned, a command that was run."""
    session.add(_event(why, video=video, post=post, from_status=None, to_status=None, kind=kind))
    await session.flush()


def _event(
    why: Why,
    *,
    video: Video | None,
    post: Post | None,
    from_status: str | None,
    to_status: str | None,
    kind: str = "move",
) -> Event:
    if post is not None:
        user_id, video_id, post_id = post.user_id, post.video_id, post.id
    elif video is not None:
        user_id, video_id, post_id = video.user_id, video.id, None
    else:
        raise TypeError("an event is about a video or a post")
    return Event(
        user_id=user_id,
        video_id=video_id,
        post_id=post_id,
        kind=kind,
        from_status=from_status,
        to_status=to_status,
        actor=why.actor,
        attempt=why.attempt,
        reason=why.reason,
        detail=dict(why.detail) if why.detail is not None else None,
    )
