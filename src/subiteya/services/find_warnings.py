"""What the owner of a post should know before it goes out; nothing of it refuses the post."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Post, Video
from subiteya.domain.states import PostStatus
from subiteya.tiktok.tokens import NEEDS_RECONNECT

_AHEAD: Final = frozenset({PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED})
_NOTHING: Final = (PostStatus.CANCELLED, PostStatus.FAILED_UPLOAD)
"""States of a post that has brought nothing to TikTok, and will not by itself."""


class Caution(StrEnum):
    """Kinds of warnings."""

    SAME_VIDEO = "same_video"
    """This very video has a post to that account already."""
    SAME_FILE = "same_file"
    """Another video of the same bytes has one."""
    RECONNECT_BEFORE = "reconnect_before"
    """By then the account must have been connected again."""
    RECONNECT_NOW = "reconnect_now"
    """The account must be connected again before anything goes out."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning.

    Attributes:
        code: Its kind.
        post_id: The post that is there already.
        video_id: The video of that post.
        at: Aware: when the other one was posted or is planned for; or until when the account can be used.
    """

    code: Caution
    post_id: uuid.UUID | None = None
    video_id: uuid.UUID | None = None
    at: datetime | None = None


async def find_warnings(session: AsyncSession, posts: Sequence[Post]) -> Mapping[uuid.UUID, Sequence[Warned]]:
    """Warnings of each of these posts, by its id."""
    return {post.id: await _warnings(session, post) for post in posts}


async def _warnings(session: AsyncSession, post: Post) -> list[Warned]:
    found = []
    earlier = await _earlier(session, post)
    if earlier is not None:
        code = Caution.SAME_VIDEO if earlier.video_id == post.video_id else Caution.SAME_FILE
        when = earlier.posted_at or earlier.scheduled_at or earlier.slot_at
        found.append(Warned(code, earlier.id, earlier.video_id, when))
    if post.status in _AHEAD:
        account = await session.get_one(Account, post.account_id)
        due = post.scheduled_at or post.slot_at
        if account.status == NEEDS_RECONNECT:
            found.append(Warned(Caution.RECONNECT_NOW))
        elif due is not None and due >= account.refresh_expires_at:
            found.append(Warned(Caution.RECONNECT_BEFORE, at=account.refresh_expires_at))
    return found


async def _earlier(session: AsyncSession, post: Post) -> Post | None:
    """The newest post before this one that brought, or will bring, the same bytes to the same account."""
    sha256 = await session.scalar(select(Video.source_sha256).where(Video.id == post.video_id))
    same = Post.video_id == post.video_id
    if sha256 is not None:
        same |= (Video.user_id == post.user_id) & (Video.source_sha256 == sha256)
    row: Post | None = await session.scalar(
        select(Post)
        .join(Video, Video.id == Post.video_id)
        .where(
            same,
            Post.account_id == post.account_id,
            Post.id != post.id,
            Post.status.not_in(_NOTHING),
            # Posts of one request have one time; the later id speaks, so that one of two warns.
            (Post.created_at < post.created_at)
            | ((Post.created_at == post.created_at) & (Post.id < post.id)),
        )
        .order_by((Post.video_id == post.video_id).desc(), Post.created_at.desc())
        .limit(1)
    )
    return row
