"""Queue the posting of an edited video to one account."""

from __future__ import annotations

import uuid

from subiteya.db.moves import Why, settle_video
from subiteya.domain.posting_slots import SlotWish
from subiteya.queue import held_posts
from subiteya.queue.names import Priority, edit_job_id, upload_job_id
from subiteya.services.choose_version import keep_choice
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.find_warnings import find_warnings
from subiteya.services.get_post import PostPage, require_post
from subiteya.services.plan_post import PostWish, add_post, check_scope, postable_video, usable_account
from subiteya.services.posting_slots import choose_time
from subiteya.services.resources import Resources

__all__ = ["PostWish", "queue_upload"]


async def queue_upload(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    account_id: uuid.UUID | None = None,
    wish: PostWish | None = None,
    when: SlotWish | None = None,
    priority: Priority = Priority.NORMAL,
) -> PostPage:
    """Plan a post, reserve its start and queue its job.

    Args:
        resources: The process's connections.
        user_id: Who asks.
        video_id: Which of their videos.
        account_id: Which of their accounts; may be left out by who has just one.
        wish: Caption, privacy, toggles.
        when: The account's next free slot; as soon as the windows allow when None.
        priority: Of the upload job.

    Raises:
        NotFound: no such video or account of theirs.
        WrongState: the video is not edited.
        BadPattern: the account's default pattern and what was asked for the video contradict each other.
        BadInput: caption too long, branded content private, or which account is unclear.
        UnauditedApp: not private, and TikTok has not audited the app.
        ScopeMissing: the account's owner has not allowed direct posts.
        DraftScopeMissing: they have not allowed drafts.
        NoPostingSlots: a slot is asked for, and the account has none.
        PostingSlotsTaken: each one holds a post.
    """
    wish = wish or PostWish()
    values = wish.checked(resources.settings)
    async with resources.db.begin() as session:
        await held_posts.lock_edit(session, video_id)
        video = await postable_video(session, user_id, video_id)
        account = await usable_account(session, user_id, account_id)
        check_scope(account, wish.mode)
        moment = await choose_time(session, account, when)
        post = await add_post(
            session,
            resources.settings,
            video,
            account,
            render=(await keep_choice(session, video, account)).render,
            values=values,
            moment=moment,
            priority=priority,
        )
        await settle_video(session, video_id, Why(actor=f"user:{user_id}", reason="queued"))
        page = await require_post(session, user_id, post.id)
        warnings = await find_warnings(session, [page.view.post])
    await deliver_soon(resources, [edit_job_id(video_id), upload_job_id(post.id)])
    return page.with_oddity(moment).with_warnings(warnings[post.id])
