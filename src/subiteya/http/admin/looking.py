"""What bull-board's page reads: counts, jobs, workers, statistics."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from subiteya.domain.errors import DatabaseUnavailable, NotFound
from subiteya.domain.roles import role_of
from subiteya.domain.states import JobStatus
from subiteya.http import problems
from subiteya.http.admin.answers import BoardRoute
from subiteya.http.admin.dressed import dressed_job
from subiteya.http.admin.shapes import (
    ClientsOut,
    CountedOut,
    FlowOut,
    JobPageOut,
    MemoryOut,
    MetricsOut,
    PaginationOut,
    QueueOut,
    QueuesIn,
    QueuesOut,
    RangeOut,
    RateLimitOut,
    SchedulerOut,
    SchedulersOut,
    SeriesOut,
    StatisticsOut,
    WorkerOut,
    WorkersOut,
)
from subiteya.http.admin.who import BoardDep, Viewer
from subiteya.http.deps import ResourcesDep
from subiteya.queue.board import STATES, JobWish, ListView, SeenJob, Snapshot
from subiteya.queue.board_cache import BoardCache
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import job_options
from subiteya.services.add_job import PAYLOADS
from subiteya.services.count_ended import count_ended
from subiteya.services.resources import Resources
from subiteya.services.view_queues import WorkerView, view_workers

router = APIRouter(
    prefix="/admin/queues/api",
    tags=["queue dashboard"],
    route_class=BoardRoute,
    responses=problems.responses(404),
)

LATEST: Final = "latest"
METRIC_MINUTES: Final = 60
"""As many as the page's chart has."""
_MINUTE_MS: Final = 60_000


def queue_named(queue: str) -> QueueName:
    """The queue of a path.

    Raises:
        NotFound: it is none of ours.
    """
    try:
        return QueueName(queue)
    except ValueError:
        raise NotFound(what="queue") from None


@router.get("/queues")
async def queues(
    resources: ResourcesDep, board: BoardDep, user: Viewer, asked: Annotated[QueuesIn, Query()]
) -> QueuesOut:
    """Both queues with their counts, and one page of jobs of the one that is looked at."""
    states = STATES if asked.status == LATEST else (JobState(asked.status),)
    start = 0 if len(states) > 1 else (asked.page - 1) * asked.jobs_per_page
    wanted = queue_named(asked.active_queue) if asked.active_queue else None
    view = ListView(wanted, states, start, start + asked.jobs_per_page - 1) if wanted else None
    seen = await board.look(*([view] if view else []))
    alive = await _alive(resources)
    acts = role_of(user.role).operates_queues
    return QueuesOut(
        queues=[
            _queue(seen, name, view if name is wanted else None, asked.jobs_per_page, alive, acts=acts)
            for name in QueueName
        ]
    )


@router.get("/queues/{queue}/workers")
async def workers(queue: str, resources: ResourcesDep, _user: Viewer) -> WorkersOut:
    """The queue's workers by their heartbeats; BullMQ's own list does not know those in Python."""
    name = queue_named(queue)
    now = datetime.now(UTC)
    alive = await _alive(resources)
    if alive is None:
        return WorkersOut(workers=None)
    return WorkersOut(
        workers=[
            WorkerOut(
                id=one.name,
                name=one.name,
                addr=f"{one.host}:{one.pid}",
                age=max(round((now - one.started_at).total_seconds()), 0),
            )
            for one in alive
            if one.queue is name
        ]
    )


@router.get("/queues/{queue}/metrics")
async def metrics(queue: str, resources: ResourcesDep, _user: Viewer) -> MetricsOut:
    """How many jobs were done and failed in each minute of the last hour; Redis is not asked."""
    counts = await count_ended(resources, queue_named(queue), METRIC_MINUTES)
    now_ms = round(time.time() * 1000)
    return MetricsOut(
        completed=_series(counts[JobStatus.DONE], now_ms), failed=_series(counts[JobStatus.FAILED], now_ms)
    )


@router.get("/queues/{queue}/default-job-options")
async def default_job_options(queue: str, resources: ResourcesDep, _user: Viewer) -> dict[str, Any]:
    """Attempts, back-off and retention that every job of ours gets."""
    queue_named(queue)
    return job_options(resources.settings.jobs)


@router.get("/queues/{queue}/job-data-schema")
async def job_data_schema(queue: str, _user: Viewer) -> dict[str, Any]:
    """The JSON Schema of what a job of this queue carries."""
    return PAYLOADS[queue_named(queue)].model_json_schema()


@router.get("/queues/{queue}/rate-limit")
async def rate_limit(queue: str, _user: Viewer) -> RateLimitOut:
    """BullMQ's rate limit cannot be set: the rates are slots in PostgreSQL."""
    queue_named(queue)
    return RateLimitOut()


@router.get("/queues/{queue}/{job_id}/logs")
async def logs(queue: str, job_id: str, board: BoardDep, _user: Viewer) -> list[str]:
    """What a job's runs have logged."""
    return list((await seen_job(board, queue_named(queue), job_id)).logs)


@router.get("/queues/{queue}/{job_id}/flow")
async def flow(queue: str, job_id: str, _user: Viewer) -> FlowOut:
    """The tree that a job belongs to: none."""
    queue_named(queue)
    return FlowOut(node_id=job_id)


@router.get("/queues/{queue}/{job_id}")
async def job(queue: str, job_id: str, board: BoardDep, _user: Viewer) -> JobPageOut:
    """One job: what it carries, how far it is, each attempt's stack, and where it stands."""
    seen = await seen_job(board, queue_named(queue), job_id)
    return JobPageOut(job=dressed_job(seen.job), status=seen.state.value)


@router.get("/job-schedulers")
async def job_schedulers(
    resources: ResourcesDep, _user: Viewer, queue_name: Annotated[str, Query(alias="queueName")] = ""
) -> SchedulersOut:
    """BullMQ's job schedulers, which other programs may have set; what we plan are rows."""
    names = [queue_named(queue_name)] if queue_name else list(QueueName)
    return SchedulersOut(schedulers=[one for name in names for one in await _schedulers(resources, name)])


@router.get("/redis/stats")
async def statistics(board: BoardDep, _user: Viewer) -> StatisticsOut:
    """What Redis says of itself, at most 15 seconds old."""
    told = await board.statistics()

    def number(name: str) -> int:
        return int(float(told.get(name) or 0))

    return StatisticsOut(
        version=told.get("redis_version", ""),
        mode=told.get("redis_mode") or told.get("server_mode", "standalone"),  # the latter is Valkey's
        port=number("tcp_port"),
        os=told.get("os", ""),
        uptime=number("uptime_in_seconds"),
        memory=MemoryOut(
            total=number("maxmemory") or number("total_system_memory"),
            used=number("used_memory"),
            fragmentation_ratio=float(told.get("mem_fragmentation_ratio") or 0),
            peak=number("used_memory_peak"),
        ),
        clients=ClientsOut(connected=number("connected_clients"), blocked=number("blocked_clients")),
    )


async def seen_job(board: BoardCache, queue: QueueName, job_id: str) -> SeenJob:
    """A job as it was seconds ago.

    Raises:
        NotFound: Redis does not hold it.
    """
    wish = JobWish(queue, job_id)
    seen = (await board.look(wish)).jobs[wish]
    if seen is None:
        raise NotFound(what="job")
    return seen


def _queue(
    seen: Snapshot,
    name: QueueName,
    view: ListView | None,
    per_page: int,
    alive: list[WorkerView] | None,
    *,
    acts: bool,
) -> QueueOut:
    facts = seen.queues[name]
    shown = view or ListView(name, STATES, 0, per_page - 1)
    pages = 1 if len(shown.states) > 1 else math.ceil(facts.counts[shown.states[0]] / per_page)
    return QueueOut(
        name=name.value,
        statuses=[LATEST, *(state.value for state in STATES)],
        counts={state.value: facts.counts[state] for state in STATES},
        jobs=[dressed_job(one) for one in seen.lists[view]] if view else [],
        pagination=PaginationOut(page_count=pages, range=RangeOut(start=shown.first, end=shown.last)),
        read_only_mode=not acts,
        allow_retries=acts,
        # A clip may be edited again; what TikTok has is never sent again.
        allow_completed_retries=acts and name is QueueName.EDIT,
        is_paused=facts.paused,
        global_concurrency=facts.concurrency,
        active_rate_limit_ttl=facts.limited_ms,
        job_scheduler_count=facts.schedulers,
        has_workers=None if alive is None else any(one.queue is name for one in alive),
    )


async def _alive(resources: Resources) -> list[WorkerView] | None:
    """Workers that were heard of lately; None when the rows cannot be read."""
    try:
        return [one for one in await view_workers(resources) if one.alive]
    except DatabaseUnavailable:
        return None


def _series(by_minute: list[int], now_ms: int) -> SeriesOut:
    this_minute, *before = by_minute
    total = sum(by_minute)
    meta = CountedOut(count=total, prev_ts=now_ms - now_ms % _MINUTE_MS, prev_count=total - this_minute)
    return SeriesOut(meta=meta, data=before, count=len(before))


async def _schedulers(resources: Resources, name: QueueName) -> list[SchedulerOut]:
    queues = resources.queues
    found = await queues.bounded(queues.bull(name).getJobSchedulers(0, -1))
    known = SchedulerOut.model_fields.keys()
    aliases = {str(field.alias): plain for plain, field in SchedulerOut.model_fields.items()}
    return [
        SchedulerOut(
            id=str(one["key"]),
            queue_name=name.value,
            **{
                aliases[key]: value
                for key, value in one.items()
                if aliases.get(key) in known - {"id", "queue_name"} and value is not None
            },
        )
        for one in found
    ]
