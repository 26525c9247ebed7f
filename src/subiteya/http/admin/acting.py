"""What bull-board's buttons do: through the rows where a job has one, and all of it in the audit log."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, status

from subiteya.domain.errors import BadInput, NotFound, WrongState
from subiteya.http import problems
from subiteya.http.admin.answers import BoardRoute
from subiteya.http.admin.dressed import dressed_job, dressed_row
from subiteya.http.admin.looking import queue_named
from subiteya.http.admin.shapes import JobPageOut, NewJobIn, NothingOut, PriorityIn, RetriedOut
from subiteya.http.admin.who import ActDep
from subiteya.http.deps import ResourcesDep
from subiteya.queue import operate
from subiteya.queue.board import JobWish, SeenJob, look
from subiteya.queue.names import Priority, QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import job_options
from subiteya.services import operate_jobs
from subiteya.services.add_job import add_job
from subiteya.services.operate_jobs import Tally
from subiteya.services.resources import Resources
from subiteya.services.view_queues import view_job

router = APIRouter(
    prefix="/admin/queues/api",
    tags=["queue dashboard"],
    route_class=BoardRoute,
    responses=problems.responses(404, 409),
)

_NOTHING: Final = NothingOut()
_WHAT_ROWS_DECIDE: Final = "here the rows in PostgreSQL decide this"


@router.put("/queues/pause")
async def pause_all(resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Let no worker take another job; jobs in hand go on."""
    for name in QueueName:
        await _pause(resources, act, name)
    return _NOTHING


@router.put("/queues/resume")
async def resume_all(resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Let workers take jobs again."""
    for name in QueueName:
        await _resume(resources, act, name)
    return _NOTHING


@router.put("/queues/{queue}/pause")
async def pause(queue: str, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Let no worker take another job of this queue; jobs in hand go on."""
    await _pause(resources, act, queue_named(queue))
    return _NOTHING


@router.put("/queues/{queue}/resume")
async def resume(queue: str, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Let workers take jobs of this queue again."""
    await _resume(resources, act, queue_named(queue))
    return _NOTHING


@router.put("/queues/{queue}/retry/{state}")
async def retry_all(queue: str, state: JobState, resources: ResourcesDep, act: ActDep) -> RetriedOut:
    """Run all failed, or all completed, jobs of a queue again; what must not be repeated is left alone."""
    name = queue_named(queue)
    async with act("retry_all", name, state=state) as kept:
        _may_be_repeated(name, state)
        tally = await operate_jobs.retry_all(resources, name, state, actor=act.actor)
        kept.update(_kept(tally))
    return RetriedOut(retried=tally.done, skipped=tally.left)


@router.put("/queues/{queue}/promote")
async def promote_all(queue: str, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Let every delayed job of a queue go now."""
    name = queue_named(queue)
    async with act("promote_all", name) as kept:
        kept.update(_kept(await operate_jobs.promote_all(resources, name, actor=act.actor)))
    return _NOTHING


@router.put("/queues/{queue}/clean/{state}")
async def clean(queue: str, state: JobState, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Forget ended jobs in Redis, or call waiting ones off: all of one state."""
    name = queue_named(queue)
    async with act("clean", name, state=state) as kept:
        kept.update(_kept(await operate_jobs.clean(resources, name, state, actor=act.actor)))
    return _NOTHING


@router.put("/queues/{queue}/empty")
async def empty(queue: str, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Call off what waits; what TikTok may have, and what its owner scheduled, is left alone."""
    name = queue_named(queue)
    async with act("empty", name) as kept:
        kept.update(_kept(await operate_jobs.empty(resources, name, actor=act.actor)))
    return _NOTHING


@router.put("/queues/{queue}/obliterate", responses=problems.responses(422))
@router.put("/queues/{queue}/concurrency", responses=problems.responses(422))
@router.put("/queues/{queue}/rate-limit", responses=problems.responses(422))
@router.put("/queues/{queue}/rate-limit/release", responses=problems.responses(422))
@router.put("/queues/{queue}/job-schedulers/{scheduler}/run", responses=problems.responses(422))
@router.patch("/queues/{queue}/job-schedulers/{scheduler}", responses=problems.responses(422))
async def refuse_for_queue(queue: str, act: ActDep, scheduler: str = "") -> NothingOut:
    """Refused: rates, schedules and the queues' existence are not Redis's to decide here."""
    async with act("refused", queue_named(queue), scheduler=scheduler):
        raise BadInput(what="queue", why=_WHAT_ROWS_DECIDE)


@router.put("/queues/{queue}/job-schedulers/{scheduler}/remove")
async def remove_scheduler(queue: str, scheduler: str, resources: ResourcesDep, act: ActDep) -> NothingOut:
    """Remove a job scheduler that another program has set."""
    name = queue_named(queue)
    async with act("remove_scheduler", name, scheduler=scheduler):
        queues = resources.queues
        await queues.bounded(queues.bull(name).removeJobScheduler(scheduler))
    return _NOTHING


@router.post("/queues/{queue}/add")
async def add(queue: str, body: NewJobIn, resources: ResourcesDep, act: ActDep) -> JobPageOut:
    """Run again what the data names; a job always belongs to a video or a post."""
    name = queue_named(queue)
    async with act("add", name, data=body.data) as kept:
        _are_ours(body, name, resources)
        job_id = await add_job(resources, name, body.data, actor=act.actor)
        kept["job"] = job_id
    seen = await _find(resources, name, job_id)
    if seen is not None:
        return JobPageOut(job=dressed_job(seen.job), status=seen.state.value)
    # It waits for its slot as a row.
    return JobPageOut(job=dressed_row((await view_job(resources, job_id)).job), status=JobState.DELAYED.value)


@router.put("/queues/{queue}/{job_id}/retry", status_code=status.HTTP_204_NO_CONTENT)
async def retry(queue: str, job_id: str, resources: ResourcesDep, act: ActDep) -> None:
    """Run an ended job again, with fresh attempts; what TikTok may have is asked about first."""
    name = queue_named(queue)
    async with act("retry", _job(name, job_id)):
        state = await _state(resources, name, job_id)
        _may_be_repeated(name, state)
        await operate_jobs.retry(resources, name, job_id, state, actor=act.actor)


@router.put("/queues/{queue}/{job_id}/promote", status_code=status.HTTP_204_NO_CONTENT)
async def promote(queue: str, job_id: str, resources: ResourcesDep, act: ActDep) -> None:
    """Let a job go now that waits for its time or its next retry."""
    name = queue_named(queue)
    async with act("promote", _job(name, job_id)):
        await _state(resources, name, job_id)
        await operate_jobs.promote(resources, name, job_id, actor=act.actor)


@router.put("/queues/{queue}/{job_id}/clean", status_code=status.HTTP_204_NO_CONTENT)
async def remove(queue: str, job_id: str, resources: ResourcesDep, act: ActDep) -> None:
    """Call a waiting job off, or let Redis forget an ended one."""
    name = queue_named(queue)
    async with act("remove", _job(name, job_id)):
        state = await _state(resources, name, job_id)
        await operate_jobs.remove(resources, name, job_id, state, actor=act.actor)


@router.patch("/queues/{queue}/{job_id}/priority")
async def prioritize(
    queue: str, job_id: str, body: PriorityIn, resources: ResourcesDep, act: ActDep
) -> NothingOut:
    """Let a waiting job go earlier, or later: 1, 3, 5, 7 or 9."""
    name = queue_named(queue)
    async with act("prioritize", _job(name, job_id), priority=body.priority):
        if body.priority not in set(Priority):
            raise BadInput(what="priority", why="it is none of the allowed values")
        await operate_jobs.prioritize(resources, job_id, Priority(body.priority), actor=act.actor)
    return _NOTHING


@router.patch("/queues/{queue}/{job_id}/update-data", responses=problems.responses(422))
@router.patch("/queues/{queue}/{job_id}/delay", responses=problems.responses(422))
@router.put("/queues/{queue}/{job_id}/remove-unprocessed-children", responses=problems.responses(422))
async def refuse_for_job(queue: str, job_id: str, act: ActDep) -> NothingOut:
    """Refused: what a job does and when is decided by its row."""
    async with act("refused", _job(queue_named(queue), job_id)):
        raise BadInput(what="job", why=_WHAT_ROWS_DECIDE)


async def _pause(resources: Resources, act: ActDep, name: QueueName) -> None:
    async with act("pause", name):
        await operate.pause(resources.queues, name)


async def _resume(resources: Resources, act: ActDep, name: QueueName) -> None:
    async with act("resume", name):
        await operate.resume(resources.queues, name)


async def _find(resources: Resources, queue: QueueName, job_id: str) -> SeenJob | None:
    """A job as it is at this moment."""
    wish = JobWish(queue, job_id)
    return (await look(resources.queues, [wish])).jobs[wish]


async def _state(resources: Resources, queue: QueueName, job_id: str) -> JobState:
    seen = await _find(resources, queue, job_id)
    if seen is None:
        raise NotFound(what="job")
    return seen.state


def _may_be_repeated(queue: QueueName, state: JobState) -> None:
    """An edit may be made again; a post that is done is at TikTok."""
    if state is JobState.COMPLETED and queue is QueueName.UPLOAD:
        raise WrongState(what="job", state=state.value)


def _are_ours(body: NewJobIn, queue: QueueName, resources: Resources) -> None:
    """The page offers names and options of any kind; a job of ours has those of its queue.

    Raises:
        BadInput: one is another.
    """
    if body.name not in {"", queue.kind}:
        raise BadInput(what="name", why="it is none of the allowed values")
    ours = job_options(resources.settings.jobs)
    for name, value in body.options.items():
        if value != ours.get(name):
            raise BadInput(what=f"options.{name}", why=_WHAT_ROWS_DECIDE)


def _job(queue: QueueName, job_id: str) -> str:
    return f"{queue} {job_id}"


def _kept(tally: Tally) -> dict[str, int]:
    return {"done": tally.done, "left": tally.left}
