"""What the queue dashboard does to jobs: rows first, and Redis follows, so that the two never part.

A job that no row knows (of another producer, of a video that is gone) is BullMQ's alone, and treated so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select, update

from subiteya.db.models import Job, Video
from subiteya.db.moves import Why, note
from subiteya.domain.errors import NotFound, QueueUnavailable, WrongState
from subiteya.domain.states import JobStatus
from subiteya.queue import operate, strangers
from subiteya.queue.board import ListView, look
from subiteya.queue.names import Priority, QueueName, is_segment_job, parse_job_id
from subiteya.queue.presence import JobState
from subiteya.services.operate_queue import call_off, drain_queue, promote_job
from subiteya.services.rerun_job import failed_jobs, rerun_job
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

ENDED: Final = frozenset({JobState.COMPLETED, JobState.FAILED})
WAITING: Final = frozenset({JobState.WAITING, JobState.PRIORITIZED, JobState.DELAYED})
CLEAN_AFTER_SECONDS: Final = 5.0
"""Jobs that ended just now stay when a list is cleaned: somebody may be looking at them."""
_ALL: Final = -1
_LIVE: Final = (JobStatus.QUEUED, JobStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many jobs something was done to, and how many were left alone."""

    done: int
    left: int


async def retry(resources: Resources, queue: QueueName, job_id: str, state: JobState, *, actor: str) -> None:
    """Run an ended job again, with fresh attempts.

    Raises:
        WrongState: it has not ended, or must not be repeated.
        NotFound: there is no such job.
    """
    if state not in ENDED:
        raise WrongState(what="job", state=state.value)
    if await _known(resources, queue, [job_id]):
        await rerun_job(resources, job_id, actor=actor)
    else:
        await strangers.retry(resources.queues, queue, job_id, state)


async def retry_all(resources: Resources, queue: QueueName, state: JobState, *, actor: str) -> Tally:
    """Run all jobs of one ended state again; failed ones also when Redis has forgotten them.

    Raises:
        WrongState: the state is none of an ended job.
    """
    if state not in ENDED:
        raise WrongState(what="job", state=state.value)
    ids = await _ids(resources, queue, state)
    if state is JobState.FAILED:
        ids = [*await failed_jobs(resources, queue), *ids]
    tally = Tally(0, 0)
    for job_id in dict.fromkeys(ids):
        try:
            await retry(resources, queue, job_id, state, actor=actor)
        except (WrongState, NotFound):
            tally = Tally(tally.done, tally.left + 1)
        else:
            tally = Tally(tally.done + 1, tally.left)
    return tally


async def promote(resources: Resources, queue: QueueName, job_id: str, *, actor: str) -> None:
    """Let a job go now that waits for its time or its next retry.

    Raises:
        NotFound: there is no such job.
        WrongState: it does not wait.
    """
    if await _known(resources, queue, [job_id]):
        await promote_job(resources, job_id, actor=actor)
    else:
        await strangers.promote(resources.queues, queue, job_id)


async def promote_all(resources: Resources, queue: QueueName, *, actor: str) -> Tally:
    """Let every delayed job of a queue go now."""
    ids = await _ids(resources, queue, JobState.DELAYED)
    done = 0
    for job_id in ids:
        try:
            await promote(resources, queue, job_id, actor=actor)
        except (WrongState, NotFound):
            continue
        done += 1
    return Tally(done, len(ids) - done)


async def remove(resources: Resources, queue: QueueName, job_id: str, state: JobState, *, actor: str) -> None:
    """Take a job out of a queue: a waiting one is called off, of an ended one only Redis forgets.

    Raises:
        WrongState: a worker has it in hand, it is shared or a part of what is shared, or TikTok may have its
            post.
    """
    if state is JobState.ACTIVE:
        raise WrongState(what="job", state=state.value)
    if state is JobState.WAITING_CHILDREN and await _known(resources, queue, [job_id], statuses=_LIVE):
        raise WrongState(what="job", state=state.value)
    if state in WAITING and await _known(resources, queue, [job_id], statuses=_LIVE):
        if not await call_off(resources, job_id, actor=actor):
            why = "a part of an edit" if is_segment_job(job_id) else "at TikTok already"
            raise WrongState(what="job", state=why)
        return
    if not await strangers.remove(resources.queues, queue, job_id):
        raise WrongState(what="job", state=JobState.ACTIVE.value)


async def clean(resources: Resources, queue: QueueName, state: JobState, *, actor: str) -> Tally:
    """Take all jobs of one state out of a queue, as `remove` does it.

    Raises:
        WrongState: workers have those in hand.
    """
    match state:
        case JobState.COMPLETED:
            gone = await operate.clean(resources.queues, queue, "completed", CLEAN_AFTER_SECONDS)
            return Tally(len(gone), 0)
        case JobState.FAILED:
            gone = await operate.clean(resources.queues, queue, "failed", CLEAN_AFTER_SECONDS)
            return Tally(len(gone), 0)
        case JobState.ACTIVE:
            raise WrongState(what="job", state=state.value)
    ids = await _ids(resources, queue, state)
    return await _remove_each(resources, queue, dict.fromkeys(ids, state), actor=actor)


async def empty(resources: Resources, queue: QueueName, *, actor: str) -> Tally:
    """Call off what waits in a queue, and forget what no row knows.

    Left alone is what runs, what its owner scheduled, and what TikTok may have already.
    """
    gone, left = await drain_queue(resources, queue, actor=actor)
    waiting: dict[str, JobState] = {}
    for state in (JobState.WAITING, JobState.PRIORITIZED):
        waiting |= dict.fromkeys(await _ids(resources, queue, state), state)
    known = await _known(resources, queue, waiting, statuses=_LIVE)
    foreign = {job_id: state for job_id, state in waiting.items() if job_id not in known}
    tally = await _remove_each(resources, queue, foreign, actor=actor)
    return Tally(gone + tally.done, left + tally.left)


async def prioritize(resources: Resources, job_id: str, priority: Priority, *, actor: str) -> None:
    """Give one waiting job another priority, in its row and in Redis.

    Raises:
        NotFound: no row knows such a job.
        WrongState: it does not wait.
    """
    async with resources.db.begin() as session:
        job = await session.scalar(select(Job).where(Job.id == job_id).with_for_update())
        if job is None:
            raise NotFound(what="job")
        if job.status is not JobStatus.QUEUED:
            raise WrongState(what="job", state=job.status.value)
        await session.execute(update(Job).where(Job.id == job_id).values(priority=int(priority)))
        why = Why(actor, "priority", detail={"priority": priority.name})
        await note(session, why, video=await session.get_one(Video, job.video_id), kind="note")
    try:
        await operate.reprioritize(resources.queues, job_id, priority)
    except QueueUnavailable:
        log.warning("Redis does not answer; it learns the priority when it gets the job anew", job=job_id)


async def _remove_each(
    resources: Resources, queue: QueueName, jobs: Mapping[str, JobState], *, actor: str
) -> Tally:
    done = 0
    for job_id, state in jobs.items():
        try:
            await remove(resources, queue, job_id, state, actor=actor)
        except WrongState:
            continue
        done += 1
    return Tally(done, len(jobs) - done)


async def _ids(resources: Resources, queue: QueueName, state: JobState) -> list[str]:
    view = ListView(queue, (state,), 0, _ALL)
    return [job.id for job in (await look(resources.queues, [view])).lists[view]]


async def _known(
    resources: Resources,
    queue: QueueName,
    job_ids: Collection[str],
    statuses: Collection[JobStatus] = tuple(JobStatus),
) -> set[str]:
    """Those that a row in one of these statuses knows. An id of ours in the wrong queue is nobody's."""
    ours = [job_id for job_id in job_ids if _queue_of(job_id) is queue]
    if not ours:
        return set()
    async with resources.db.begin() as session:
        return set(await session.scalars(select(Job.id).where(Job.id.in_(ours), Job.status.in_(statuses))))


def _queue_of(job_id: str) -> QueueName | None:
    try:
        return parse_job_id(job_id)[0]
    except ValueError:
        return None
