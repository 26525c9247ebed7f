"""Queue the posting of an edited video to one account."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Post, Video
from subiteya.db.moves import Why, note, settle_video
from subiteya.domain.captions import check_caption
from subiteya.domain.errors import BadInput, NotFound, WrongState
from subiteya.domain.states import VIDEO_POSTABLE, PostStatus
from subiteya.queue.names import Priority, upload_job_id
from subiteya.queue.plan_jobs import plan_upload
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.resources import Resources


@dataclass(frozen=True, slots=True)
class PostWish:
    """What its owner asks of a post. Toggles are off unless asked for, as TikTok's guidelines want."""

    caption: str = ""
    privacy_level: str = "SELF_ONLY"
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    cover_ms: int | None = None
    brand_content: bool = False
    brand_organic: bool = False
    is_aigc: bool = False


async def queue_upload(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    account_id: uuid.UUID | None = None,
    wish: PostWish | None = None,
    priority: Priority = Priority.NORMAL,
) -> Post:
    """Plan a post, reserve its slot and queue its job.

    Args:
        resources: The process's connections.
        user_id: Who asks.
        video_id: Which of their videos.
        account_id: Which of their accounts; may be left out by who has just one.
        wish: Caption, privacy, toggles.
        priority: Of the upload job.

    Raises:
        NotFound: no such video or account of theirs.
        WrongState: the video is not edited.
        BadInput: caption too long, branded content private, or which account is unclear.
    """
    wish = wish or PostWish()
    caption = check_caption(wish.caption)
    if wish.brand_content and wish.privacy_level == "SELF_ONLY":
        # Content Sharing Guidelines: branded content cannot be private.
        raise BadInput(what="privacy_level", why="branded content cannot be private (SELF_ONLY)")
    async with resources.db.begin() as session:
        video = await session.scalar(
            select(Video)
            .where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
            .with_for_update()
        )
        if video is None:
            raise NotFound(what="video")
        if video.status not in VIDEO_POSTABLE or video.edited_key is None:
            raise WrongState(what="video", state=video.status.value)
        account = await _account(session, user_id, account_id)
        post = Post(
            id=uuid.uuid4(),
            user_id=user_id,
            video_id=video_id,
            account_id=account.id,
            status=PostStatus.UPLOAD_QUEUED,
            caption=caption,
            privacy_level=wish.privacy_level,
            disable_comment=wish.disable_comment,
            disable_duet=wish.disable_duet,
            disable_stitch=wish.disable_stitch,
            cover_ms=wish.cover_ms,
            brand_content=wish.brand_content,
            brand_organic=wish.brand_organic,
            is_aigc=wish.is_aigc,
            video_bytes=video.edited_bytes,
        )
        session.add(post)
        await session.flush()
        why = Why(actor=f"user:{user_id}", reason="queued")
        slot = await plan_upload(session, resources.settings, post, priority)
        await note(session, Why(why.actor, "queued", detail={"slot_at": slot.isoformat()}), post=post)
        await settle_video(session, video_id, why)
    await deliver_soon(resources, [upload_job_id(post.id)])
    return post


async def _account(session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID | None) -> Account:
    query = select(Account).where(Account.user_id == user_id)
    if account_id is not None:
        query = query.where(Account.id == account_id)
    accounts = list(await session.scalars(query.limit(2)))
    if account_id is not None and not accounts:
        raise NotFound(what="account")
    if not accounts:
        raise BadInput(what="account_id", why="no TikTok account is connected yet")
    if len(accounts) > 1:
        raise BadInput(what="account_id", why="name one: several TikTok accounts are connected")
    return accounts[0]
