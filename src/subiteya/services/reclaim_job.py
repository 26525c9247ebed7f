"""Take a job back from a worker that fell silent."""

from __future__ import annotations

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs
from subiteya.db.models import Job, Video
from subiteya.db.moves import Why, move_post, move_video, note
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.events import announce
from subiteya.queue.names import is_segment_job
from subiteya.queue.presence import release_orphan
from subiteya.services.deliver_jobs import deliver
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

REASON = "worker_lost"


async def reclaim(resources: Resources, job_id: str) -> bool:
    """Queue a job again whose lease ran out; it fails for good when its attempts are spent.

    The silence counts as an attempt: a file that kills its worker must not do so for ever.

    Returns:
        False when it was not silent after all, or somebody else took it back.
    """
    async with resources.db.begin() as session:
        job = await session.scalar(
            select(Job)
            .where(Job.id == job_id, Job.status == JobStatus.ACTIVE, Job.lease_until < func.clock_timestamp())
            .with_for_update(skip_locked=True)
        )
        if job is None or job.lease_owner is None:
            return False
        claim = jobs.Claim(job.id, job.lease_owner, job.run, job.attempts, job.max_attempts)
        why = Why(
            actor=f"sweep:{resources.name}",
            reason=REASON,
            attempt=claim.attempt,
            detail={"worker": claim.owner},
        )
        again = claim.attempt < claim.max_attempts
        if again:
            now = await session.scalar(select(func.clock_timestamp()))
            assert now is not None  # noqa: S101 - a clock always answers; this tells mypy so
            await jobs.put_back(
                session, claim, not_before=now, reason=REASON, burn_attempt=True, in_redis=False
            )
        else:
            await jobs.fail(session, claim, REASON, None)
        await _move_back(session, job, why, again=again)
    log.warning("a worker fell silent; its job is taken back", job=job_id, worker=claim.owner, again=again)
    await release_orphan(resources.queues, job_id)
    if again:
        async with resources.db.begin() as session:
            await jobs.put_due_in_outbox(session, [job_id])
        await deliver(resources, [job_id])
    else:
        await announce(resources.queues, job_id)
    return True


async def _move_back(session: AsyncSession, job: Job, why: Why, *, again: bool) -> None:
    if is_segment_job(job.id):
        # The edit goes on: somebody else makes this segment, or it makes all by itself.
        await note(session, why, video=await session.get_one(Video, job.video_id))
        return
    error: dict[str, object] = {} if again else {"error_code": REASON, "error_context": None}
    if job.post_id is not None:
        to = PostStatus.UPLOAD_QUEUED if again else PostStatus.FAILED_UPLOAD
        await move_post(session, job.post_id, to, why, expect={PostStatus.UPLOADING}, **error)
    else:
        to_video = VideoStatus.EDITING_QUEUED if again else VideoStatus.FAILED_EDIT
        await move_video(session, job.video_id, to_video, why, expect={VideoStatus.EDITING}, **error)
