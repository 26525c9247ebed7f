"""Change a post that TikTok has not got: what it says, when it goes, whether it goes at all; or try again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, slots
from subiteya.db.ledger import FORGOTTEN, may_appear, nothing_begun
from subiteya.db.models import Account, Job, Outbox, Post, Render, Video
from subiteya.db.moves import Why, move_post, note
from subiteya.db.versions import is_made
from subiteya.domain.consent import record
from subiteya.domain.errors import BadInput, NotFound, QueueUnavailable, WrongState
from subiteya.domain.post_errors import AlreadyAtTikTok
from subiteya.domain.post_mode import PostMode
from subiteya.domain.posting_slots import SlotWish
from subiteya.domain.schedule import Moment
from subiteya.domain.states import LedgerStep, PostStatus
from subiteya.queue import held_posts
from subiteya.queue.events import announce
from subiteya.queue.names import Priority, edit_job_id, upload_job_id
from subiteya.queue.plan_jobs import plan_upload
from subiteya.queue.presence import remove
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.find_warnings import find_warnings
from subiteya.services.get_post import PostPage, require_post
from subiteya.services.plan_post import PostWish, check_scope, time_detail
from subiteya.services.posting_slots import choose_time
from subiteya.services.resources import Resources

_S = PostStatus
CHANGEABLE: Final = frozenset({_S.SCHEDULED, _S.UPLOAD_QUEUED, _S.NEEDS_ATTENTION, _S.FAILED_UPLOAD})
"""Before TikTok has it, or after it was refused."""
_WAITING: Final = frozenset({_S.SCHEDULED, _S.UPLOAD_QUEUED})
STOPPED: Final = frozenset({_S.NEEDS_ATTENTION, _S.FAILED_UPLOAD})
"""Nothing goes on by itself."""
ASKABLE: Final = frozenset({_S.CONFIRMING, _S.IN_INBOX, _S.UNCONFIRMED, _S.POSTED})
"""TikTok can be asked what became of it."""


@dataclass(frozen=True, slots=True)
class PostChange:
    """What shall be different.

    Attributes:
        wish: Names and values of `PostWish`'s fields.
        consent_version: Of the declaration that was agreed to; needed with any of `wish`.
        when: The new time: aware, or by the clocks of the account's zone, or its next free slot.
        now: Send it as soon as the windows allow, whenever it was planned for.
    """

    wish: dict[str, Any] = field(default_factory=dict)
    consent_version: str | None = None
    when: datetime | SlotWish | None = None
    now: bool = False


async def change_post(
    resources: Resources, *, user_id: uuid.UUID, post_id: uuid.UUID, change: PostChange
) -> PostPage:
    """Change what a post says, and when it goes out.

    Raises:
        NotFound: no such post of theirs.
        WrongState: it is on its way, posted or called off.
        AlreadyAtTikTok: a publish was begun that may still become a post.
        BadInput: something cannot be used; its subclasses say what.
        UnauditedApp: not private, and TikTok has not audited the app.
        ScopeMissing: the account's owner has not allowed direct posts.
        DraftScopeMissing: they have not allowed drafts.
        NoPostingSlots: the next free slot is asked for, and the account has none.
        PostingSlotsTaken: each one holds a post.
    """
    async with resources.db.begin() as session:
        post, account, job = await _locked(session, user_id, post_id)
        if not nothing_begun(post):
            raise AlreadyAtTikTok(what="post", state=post.status.value)
        mode = post.mode
        if change.wish:
            await _rewrite(session, resources, post, account, change)
        moment = await choose_time(session, account, change.when, besides=post_id)
        replans = moment is not None or change.now
        if not replans and post.mode is not mode and post.status in _WAITING:
            # Posts and drafts have other windows.
            kept = Moment(post.scheduled_at) if post.scheduled_at is not None else None
            await _replan(session, resources, post, job, kept)
            replans = True
        elif replans:
            await _replan(session, resources, post, job, moment)
        page = (await require_post(session, user_id, post_id)).with_oddity(moment)
        page = page.with_warnings((await find_warnings(session, [page.view.post]))[post_id])
    await _tell(resources, page.view.post, replanned=replans)
    return page


async def cancel_post(resources: Resources, *, user_id: uuid.UUID, post_id: uuid.UUID) -> PostPage:
    """Call a post off; its row stays, for the timeline.

    Raises:
        NotFound: no such post of theirs.
        WrongState: it is on its way, posted or called off already.
        AlreadyAtTikTok: TikTok has every byte of it, or may have.
    """
    async with resources.db.begin() as session:
        post, _, _ = await _locked(session, user_id, post_id)
        if may_appear(post):
            raise AlreadyAtTikTok(what="post", state=post.status.value)
        job_id = upload_job_id(post_id)
        await jobs.cancel(session, job_id)
        await slots.release(session, job_id)
        await session.execute(delete(Outbox).where(Outbox.job_id == job_id))
        why = Why(actor=f"user:{user_id}", reason="cancelled")
        await move_post(session, post_id, PostStatus.CANCELLED, why, expect=CHANGEABLE, slot_at=None)
        page = await require_post(session, user_id, post_id)
    await _take_out(resources, post_id)
    return page


async def retry_post(resources: Resources, *, user_id: uuid.UUID, post_id: uuid.UUID) -> PostPage:
    """Queue a post that has stopped once more, with fresh attempts.

    What the ledger knows stays: a publish that was begun is asked about before anything is sent, and a second
    one is begun only when the first cannot become a post.

    Raises:
        NotFound: no such post of theirs.
        WrongState: it has not stopped.
    """
    async with resources.db.begin() as session:
        post, _, job = await _locked(session, user_id, post_id)
        if post.status not in STOPPED:
            raise WrongState(what="post", state=post.status.value)
        await _replan(session, resources, post, job, None)
        page = await require_post(session, user_id, post_id)
    await _tell(resources, page.view.post, replanned=True)
    return page


async def check_post(resources: Resources, *, user_id: uuid.UUID, post_id: uuid.UUID) -> PostPage:
    """Let the next upload worker ask TikTok at once what became of a post.

    Raises:
        NotFound: no such post of theirs.
        WrongState: there is nothing to ask about.
    """
    async with resources.db.begin() as session:
        page = await require_post(session, user_id, post_id)
        post = page.view.post
        if post.status not in ASKABLE or post.publish_id is None:
            raise WrongState(what="post", state=post.status.value)
        await session.execute(update(Post).where(Post.id == post_id).values(next_check_at=datetime.now(UTC)))
        await note(session, Why(actor=f"user:{user_id}", reason="check_now"), post=post, kind="note")
        return await require_post(session, user_id, post_id)


async def _locked(
    session: AsyncSession, user_id: uuid.UUID, post_id: uuid.UUID
) -> tuple[Post, Account, Job | None]:
    """A post of theirs that may be changed, with its jobs and its video locked: jobs, video, post."""
    page = await require_post(session, user_id, post_id)
    await held_posts.lock_edit(session, page.view.post.video_id)
    job = await session.scalar(
        select(Job).where(Job.id == upload_job_id(post_id), Job.user_id == user_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    await session.scalar(select(Video.id).where(Video.id == page.view.post.video_id).with_for_update())
    found = await session.execute(
        select(Post, Account)
        .join(Account, Account.id == Post.account_id)
        .where(Post.id == post_id)
        .with_for_update(of=Post),
        execution_options={"populate_existing": True},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound(what="post")
    post, account = row
    if post.status not in CHANGEABLE:
        raise WrongState(what="post", state=post.status.value)
    return post, account, job


async def _rewrite(
    session: AsyncSession, resources: Resources, post: Post, account: Account, change: PostChange
) -> None:
    now = {each.name: getattr(post, each.name) for each in fields(PostWish)}
    wish = replace(PostWish(**now), **change.wish)
    if post.mode is PostMode.DRAFT and wish.mode is PostMode.DIRECT and "privacy_level" not in change.wish:
        # TikTok's guidelines: an audience has no default, and a draft was never asked for one.
        raise BadInput(what="privacy_level", why="say who may see it: a draft has no audience yet")
    values = wish.checked(resources.settings)
    check_scope(account, wish.mode)
    if change.consent_version is None:
        raise BadInput(what="consent_version", why="what is posted changes, so it must be agreed to again")
    actor = f"user:{post.user_id}"
    values["consent"] = record(change.consent_version, values, at=datetime.now(UTC), by=actor)
    await session.execute(update(Post).where(Post.id == post.id).values(version=Post.version + 1, **values))
    await session.refresh(post)
    await note(session, Why(actor, "changed", detail={"fields": sorted(change.wish)}), post=post, kind="note")


async def _replan(
    session: AsyncSession, resources: Resources, post: Post, job: Job | None, moment: Moment | None
) -> None:
    """Reserve another start and queue the job anew, as its next run."""
    actor = f"user:{post.user_id}"
    to = PostStatus.UPLOAD_QUEUED if moment is None else PostStatus.SCHEDULED
    reason = "queued" if moment is None else "scheduled"
    values: dict[str, Any] = {"error_code": None, "error_context": None, "inits": 0}
    values["scheduled_at"] = None if moment is None else moment.at
    if post.step is LedgerStep.REFUSED:
        values |= {**FORGOTTEN, "next_check_at": None}
    if post.status is to:
        await session.execute(
            update(Post).where(Post.id == post.id).values(version=Post.version + 1, **values)
        )
    else:
        await move_post(session, post.id, to, Why(actor, reason), **values)
    await session.refresh(post)
    priority = Priority(job.priority) if job is not None else Priority.NORMAL
    render = await session.get(Render, post.render_id) if post.render_id is not None else None
    slot = None
    if is_made(render):
        slot = await plan_upload(session, resources.settings, post, priority, not_before=post.scheduled_at)
    else:
        video = await session.get_one(Video, post.video_id)
        await held_posts.hold(session, resources.settings, video, post, priority)
    why = Why(actor, reason, detail=time_detail(slot, moment))
    await note(session, why, post=post, kind="note")


async def _tell(resources: Resources, post: Post, *, replanned: bool) -> None:
    # No start yet: it waits for its version of the video, and so for the edit.
    await deliver_soon(resources, [edit_job_id(post.video_id)] if post.slot_at is None else [])
    if replanned and (post.slot_at is None or post.slot_at > datetime.now(UTC) + jobs.EARLY):
        # What Redis holds of the run before must not take the place of the one to come.
        await _take_out(resources, post.id)
        return
    await deliver_soon(resources, [upload_job_id(post.id)])
    await _show(resources, post.id)


async def _take_out(resources: Resources, post_id: uuid.UUID) -> None:
    try:
        await remove(resources.queues, upload_job_id(post_id))
    except QueueUnavailable:
        # A worker that is handed it finds nothing to claim and drops it.
        return
    await _show(resources, post_id)


async def _show(resources: Resources, post_id: uuid.UUID) -> None:
    try:
        await announce(resources.queues, upload_job_id(post_id))
    except QueueUnavailable:
        # Without Redis the api processes look into the rows by themselves, only more slowly.
        return
