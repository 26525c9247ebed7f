"""Run a job once more that has ended: failed, finished or called off.

BullMQ refuses an id that it still keeps, silently. So the row begins its next run, with fresh attempts, and
delivery makes room for its id in Redis first.
"""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import select

from subiteya.db import segments
from subiteya.db.models import Job, Post, Video
from subiteya.db.moves import Why, move_video, note
from subiteya.db.versions import make_again
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.queue.names import (
    Priority,
    QueueName,
    edit_job_id,
    is_segment_job,
    is_words_job,
    parse_job_id,
)
from subiteya.queue.plan_jobs import plan_edit
from subiteya.services.announce_change import announce_change
from subiteya.services.asset_use import require_assets
from subiteya.services.change_post import retry_post
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.request_words import refuse_while_words, request_words
from subiteya.services.resources import Resources

REASON: Final = "rerun"
EDIT_ENDED: Final = frozenset({VideoStatus.FAILED_EDIT, VideoStatus.EDITED, VideoStatus.CANCELLED})
"""An edit may be repeated: none is under way, and no post relies on its result."""


async def rerun_job(resources: Resources, job_id: str, *, actor: str) -> None:
    """Run an ended job once more, as whoever operates the service.

    An edit is made again with the same frozen specification. A post keeps its ledger: what TikTok may have
    is asked about before anything is sent, and a posted one is never sent again.

    Args:
        resources: The process's connections.
        job_id: `edit-…`, `words-…` or `upload-…`.
        actor: For the timeline.

    Raises:
        NotFound: no such job.
        WrongState: it has not ended, or must not be repeated.
    """
    try:
        queue, subject = parse_job_id(job_id)
    except ValueError:
        raise NotFound(what="job") from None
    async with resources.db.begin() as session:
        job = await session.get(Job, job_id)
    if job is None:
        raise NotFound(what="job")
    if is_segment_job(job_id):
        raise WrongState(what="job", state=job.status.value)  # its edit can be run again
    if is_words_job(job_id):
        await request_words(resources, user_id=job.user_id, video_id=subject)
        return
    if queue is QueueName.EDIT:
        await rerun_edit(resources, user_id=job.user_id, video_id=subject, actor=actor)
        return
    await retry_post(resources, user_id=job.user_id, post_id=subject)
    async with resources.db.begin() as session:
        post = await session.get_one(Post, subject)
        await note(session, Why(actor, REASON), post=post, kind="note")


async def rerun_edit(
    resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID, actor: str | None = None
) -> Video:
    """Queue a video's edit once more, with fresh attempts and the specification that it was confirmed with.

    An edit that ended well is made again; of one that did not, only the versions that are missing are made.

    Args:
        resources: The process's connections.
        user_id: Whose video.
        video_id: Which.
        actor: For the timeline; its owner when None.

    Raises:
        NotFound: no such video of theirs.
        WrongState: it was never confirmed, an edit is under way, or posts rely on the last one.
        BadPattern: a file that its pattern names was deleted since.
    """
    job_id = edit_job_id(video_id)
    async with resources.db.begin() as session:
        video = await session.scalar(
            select(Video).where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
        )
        if video is None:
            raise NotFound(what="video")
        priority = await session.scalar(select(Job.priority).where(Job.id == job_id))
        if priority is None or video.spec is None or video.status not in EDIT_ENDED:
            raise WrongState(what="video", state=video.status.value)
        await require_assets(session, PatternSpec.parse(video.spec))
        await plan_edit(session, resources.settings, video, Priority(priority))
        if video.status is VideoStatus.EDITED:
            await make_again(session, video_id)
        moved = await move_video(
            session,
            video_id,
            VideoStatus.EDITING_QUEUED,
            Why(actor or f"user:{user_id}", REASON),
            expect=EDIT_ENDED,
            progress=0,
            progress_detail=None,
            error_code=None,
            error_context=None,
        )
        if moved is None:
            raise WrongState(what="video", state=video.status.value)
        await refuse_while_words(session, video_id)
    await deliver_soon(resources, [job_id])
    await announce_change(resources, video_id)
    return moved


async def failed_jobs(resources: Resources, queue: QueueName | None = None) -> list[str]:
    """Ids of the jobs that failed for good, of one queue or of both; the oldest first."""
    failed = select(Job.id).where(Job.status == JobStatus.FAILED, segments.of_people())
    failed = failed.order_by(Job.finished_at)
    if queue is not None:
        failed = failed.where(Job.queue == queue)
    async with resources.db.begin() as session:
        return list(await session.scalars(failed))
