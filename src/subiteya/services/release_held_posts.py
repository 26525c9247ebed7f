"""Posts that wait for a version of their video, in the sweep: what the edit worker could not tell them."""

from __future__ import annotations

import uuid
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subiteya.db.models import Job, Post, Render
from subiteya.db.moves import Why
from subiteya.domain.errors import Cancelled
from subiteya.domain.post_errors import RenderFailed
from subiteya.domain.states import JobStatus
from subiteya.queue import held_posts
from subiteya.queue.names import QueueName
from subiteya.services.announce_change import announce_change
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

_LIVE: Final = (JobStatus.QUEUED, JobStatus.ACTIVE)


async def release_held_posts(resources: Resources) -> int:
    """Let posts go whose version is made, and ask their owners where nobody makes it any more.

    The edit worker does so as it ends. It cannot when it was killed, or its job called off.

    Returns:
        How many videos were looked at.
    """
    edit = aliased(Job)
    left = (
        select(Job.video_id)
        .join(Post, Post.id == Job.post_id)
        .outerjoin(Render, Render.id == Post.render_id)
        .outerjoin(
            edit,
            (edit.video_id == Job.video_id) & (edit.queue == QueueName.EDIT) & edit.status.in_(_LIVE),
        )
        .where(
            Job.status == JobStatus.HELD,
            or_(Render.id.is_(None), Render.edited_at.is_not(None), edit.id.is_(None)),
        )
        .distinct()
    )
    async with resources.db.begin() as session:
        videos = list(await session.scalars(left))
    for video_id in videos:
        async with resources.db.begin() as session:
            await _settle(session, resources, video_id)
        await announce_change(resources, video_id)
    return len(videos)


async def _settle(session: AsyncSession, resources: Resources, video_id: uuid.UUID) -> None:
    edit = await held_posts.lock_edit(session, video_id)
    waiting = await held_posts.lock(session, video_id)
    actor = f"sweep:{resources.name}"
    left = await held_posts.release(session, resources.settings, waiting, Why(actor, "rendered"))
    if edit is not None and edit.status in _LIVE:
        return
    code = (edit.error_code if edit is not None else None) or Cancelled.code
    await held_posts.give_up(session, left, Why(actor, RenderFailed.code, detail={"why": code}), code)
    log.warning("posts waited for a version that nobody makes", video=str(video_id), posts=len(left))
