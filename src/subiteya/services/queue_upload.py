"""Queue the posting of an edited video to one account."""

from __future__ import annotations

import uuid

from subiteya.db.models import Post
from subiteya.db.moves import Why, settle_video
from subiteya.queue.names import Priority, upload_job_id
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.plan_post import PostWish, add_post, postable_video, usable_account
from subiteya.services.resources import Resources

__all__ = ["PostWish", "queue_upload"]


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
        UnauditedApp: not private, and TikTok has not audited the app.
    """
    values = (wish or PostWish()).checked(resources.settings)
    async with resources.db.begin() as session:
        video = await postable_video(session, user_id, video_id)
        account = await usable_account(session, user_id, account_id)
        post = await add_post(session, resources.settings, video, account, values=values, priority=priority)
        await settle_video(session, video_id, Why(actor=f"user:{user_id}", reason="queued"))
    await deliver_soon(resources, [upload_job_id(post.id)])
    return post
