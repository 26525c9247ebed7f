"""What a post may be, and its rows: shared by everything that plans one or changes its plan."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.config import Settings
from subiteya.db.models import Account, Post, Render, Video
from subiteya.db.moves import Why, note
from subiteya.db.versions import clip_of, is_made
from subiteya.domain.captions import check_caption
from subiteya.domain.errors import BadInput, NotFound, WrongState
from subiteya.domain.post_errors import DraftScopeMissing, ScopeMissing, UnauditedApp
from subiteya.domain.post_mode import PostMode, is_granted
from subiteya.domain.privacy import PrivacyLevel
from subiteya.domain.schedule import Moment, check_time, resolve
from subiteya.domain.states import VIDEO_POSTABLE, PostStatus
from subiteya.queue import held_posts
from subiteya.queue.names import Priority
from subiteya.queue.plan_jobs import plan_upload
from subiteya.tiktok.tokens import DISCONNECTED


@dataclass(frozen=True, slots=True)
class PostWish:
    """What its owner asks of a post. Toggles are off unless asked for, as TikTok's guidelines want."""

    mode: PostMode = PostMode.DIRECT
    caption: str = ""
    privacy_level: str = "SELF_ONLY"
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    cover_ms: int | None = None
    brand_content: bool = False
    brand_organic: bool = False
    is_aigc: bool = False

    def checked(self, settings: Settings) -> dict[str, Any]:
        """The columns of a post, when TikTok's guidelines allow them.

        Raises:
            BadInput: the caption cannot be sent, or branded content is private.
            UnauditedApp: not private, and TikTok has not audited the app.
        """
        if self.mode is PostMode.DRAFT:
            # TikTok is told none of this; its owner chooses in the app, audited or not.
            return {**asdict(self), "caption": check_caption(self.caption)}
        if settings.tiktok.unaudited and self.privacy_level != PrivacyLevel.SELF_ONLY:
            raise UnauditedApp(what="privacy_level", why="the app is not audited")
        if self.brand_content and self.privacy_level == PrivacyLevel.SELF_ONLY:
            # Content Sharing Guidelines: branded content cannot be private.
            raise BadInput(what="privacy_level", why="branded content cannot be private (SELF_ONLY)")
        return {**asdict(self), "caption": check_caption(self.caption)}


async def postable_video(session: AsyncSession, user_id: uuid.UUID, video_id: uuid.UUID) -> Video:
    """A locked video of theirs that can be posted.

    Raises:
        NotFound: no such video of theirs.
        WrongState: it is not edited.
    """
    video = await session.scalar(
        select(Video)
        .where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
        .with_for_update()
    )
    if video is None:
        raise NotFound(what="video")
    if video.status not in VIDEO_POSTABLE or video.edited_key is None:
        raise WrongState(what="video", state=video.status.value)
    return video


async def usable_account(session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID | None) -> Account:
    """One of their connected accounts; the only one when `account_id` is None.

    Raises:
        NotFound: no such account of theirs.
        BadInput: which account is unclear.
    """
    query = select(Account).where(Account.user_id == user_id, Account.status != DISCONNECTED)
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


def check_scope(account: Account, mode: PostMode) -> None:
    """Refuse a post that the account's owner has not allowed.

    Raises:
        ScopeMissing: no direct posts.
        DraftScopeMissing: no drafts.
    """
    if is_granted(account.scopes, mode):
        return
    missing = DraftScopeMissing if mode is PostMode.DRAFT else ScopeMissing
    raise missing(why=f"{mode.scope} is missing", scope=mode.scope, account_id=str(account.id))


def chosen_time(when: datetime | None, account: Account) -> Moment | None:
    """The moment of a wished time, by the clocks of the account's zone unless it says its own.

    Raises:
        BadInput: it has gone by, or is more than 90 days ahead.
    """
    if when is None:
        return None
    moment = resolve(when, account.time_zone)
    check_time(moment.at, datetime.now(UTC))
    return moment


async def add_post(
    session: AsyncSession,
    settings: Settings,
    video: Video,
    account: Account,
    *,
    render: Render | None,
    values: dict[str, Any],
    moment: Moment | None = None,
    priority: Priority = Priority.NORMAL,
) -> Post:
    """Write a post, reserve its slot and queue its job; the caller settles the video.

    A post whose version is still to be made is held until it is; the caller has locked the edit job.

    Args:
        session: The transaction.
        settings: For the windows.
        video: Locked.
        account: Where it goes.
        render: Which version of the video; its own when None.
        values: Columns, from `PostWish.checked`, perhaps with the consent.
        moment: When it shall go out; as soon as the windows allow when None.
        priority: Of the upload job.
    """
    post = Post(
        id=uuid.uuid4(),
        user_id=video.user_id,
        video_id=video.id,
        account_id=account.id,
        status=PostStatus.UPLOAD_QUEUED if moment is None else PostStatus.SCHEDULED,
        scheduled_at=None if moment is None else moment.at,
        render_id=render.id if render is not None else None,
        video_bytes=clip_of(video, render).size,
        **values,
    )
    session.add(post)
    await session.flush()
    slot = None
    if is_made(render):
        slot = await plan_upload(session, settings, post, priority, not_before=post.scheduled_at)
    else:
        await held_posts.hold(session, settings, video, post, priority)
    reason = "queued" if moment is None else "scheduled"
    detail = time_detail(slot, moment)
    await note(session, Why(actor=f"user:{video.user_id}", reason=reason, detail=detail), post=post)
    return post


def time_detail(slot: datetime | None, moment: Moment | None) -> dict[str, Any]:
    """For the timeline: the reserved start, the wished time, and what a change of clocks made of it.

    There is no start yet (None) while the post's version of the video is being made.
    """
    detail: dict[str, Any] = (
        {"slot_at": slot.isoformat()} if slot is not None else {"waits_for": held_posts.REASON}
    )
    if moment is not None:
        detail["scheduled_at"] = moment.at.isoformat()
        if moment.oddity is not None:
            detail["clock_change"] = moment.oddity.value
    return detail
