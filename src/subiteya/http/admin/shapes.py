"""What bull-board's page expects, field by field (`@bull-board/api`, `schemas/domain.js`).

Some fields are left out of an answer when they are null, as JavaScript leaves out what is undefined.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

T = TypeVar("T")
Maybe = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""Left out when it is null."""


class Shape(BaseModel):
    """JSON in JavaScript's spelling."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class JobOut(Shape):
    """One job; times are milliseconds since 1970."""

    id: str = Field(examples=["edit-0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11"])
    name: str = Field(examples=["edit"])
    timestamp: int = Field(description="When it was added.", examples=[1_764_400_000_000])
    processed_on: Maybe[int] = Field(None, description="When its last attempt began.")
    processed_by: Maybe[str] = Field(None, description="Name of its worker.")
    finished_on: Maybe[int] = Field(None, description="When it ended.")
    progress: Any = Field(description="A percentage, or an object that holds one.", examples=[40])
    attempts: int = Field(description="Attempts that ended.", examples=[1])
    delay: int = Field(description="Milliseconds it had to wait.", examples=[0])
    failed_reason: Maybe[str] = Field(None, examples=["edit_failed: no space left"])
    stacktrace: list[str] = Field(
        description="One for each failed attempt, the newest first.",
        examples=[["EditFailed: no space left\n    at edit"]],
    )
    opts: dict[str, Any] = Field(examples=[{"priority": 3, "attempts": 1}])
    data: Any = Field(examples=[{"v": 1}])
    return_value: Any = Field(
        None, description="What the worker said; ours say it in the rows.", examples=[None]
    )
    is_failed: bool = Field(examples=[True])
    priority: Maybe[int] = None
    attempts_started: Maybe[int] = Field(None, description="Only when more began than ended.")
    stalled_counter: Maybe[int] = Field(None, description="How often its worker died.")
    deduplication_id: Maybe[str] = None
    deferred_failure: Maybe[str] = None


class JobPageOut(Shape):
    """One job and where it is."""

    job: JobOut
    status: str = Field(examples=["failed"])


class RangeOut(Shape):
    """Positions in a list, both included."""

    start: int = Field(examples=[0])
    end: int = Field(examples=[9])


class PaginationOut(Shape):
    """Which part of a list is shown."""

    page_count: int = Field(examples=[3])
    range: RangeOut


class QueueOut(Shape):
    """One queue with its counts, and with jobs when it is the one that is looked at."""

    name: str = Field(examples=["video-edit"])
    statuses: list[str] = Field(examples=[["latest", "active", "failed"]])
    counts: dict[str, int] = Field(examples=[{"active": 1, "prioritized": 4, "failed": 2}])
    jobs: list[JobOut]
    pagination: PaginationOut
    read_only_mode: bool = Field(examples=[False])
    allow_retries: bool = Field(examples=[True])
    allow_completed_retries: bool = Field(examples=[True])
    is_paused: bool = Field(examples=[False])
    type: str = "bullmq"
    delimiter: str = ""
    global_concurrency: int | None = Field(examples=[None])
    active_rate_limit_ttl: int = Field(
        description="Milliseconds that a rate limit still holds jobs back.", examples=[0]
    )
    supports_global_rate_limit: bool = False
    job_scheduler_count: int = Field(examples=[0])
    has_workers: bool | None = Field(
        description="By heartbeat; null when the database does not answer.", examples=[True]
    )


class QueuesIn(Shape):
    """What of the queues is looked at."""

    active_queue: str = Field("", description="Whose jobs; empty for none.")
    status: Literal[
        "latest", "active", "waiting", "waiting-children", "prioritized", "completed", "failed", "delayed"
    ] = Field("latest", description="Which of its jobs; `latest` for the first page of all.")
    page: int = Field(1, ge=1)
    jobs_per_page: int = Field(10, ge=1, le=100)


class QueuesOut(Shape):
    """Both queues."""

    queues: list[QueueOut]


class MemoryOut(Shape):
    """Bytes."""

    total: int = Field(examples=[25_276_420_096])
    used: int = Field(examples=[2_093_056])
    fragmentation_ratio: float = Field(examples=[1.4])
    peak: int = Field(examples=[3_145_728])


class ClientsOut(Shape):
    """Connections."""

    connected: int = Field(examples=[7])
    blocked: int = Field(examples=[2])


class StatisticsOut(Shape):
    """What Redis says of itself."""

    backend: str = "redis"
    version: str = Field(examples=["9.1.2"])
    mode: str = Field(examples=["standalone"])
    port: int = Field(examples=[6379])
    os: str = Field(examples=["Linux 6.1.0 x86_64"])
    uptime: int = Field(examples=[86_400])
    memory: MemoryOut
    clients: ClientsOut


class CountedOut(Shape):
    """What `data` is counted by."""

    count: int = Field(examples=[120])
    prev_ts: int = Field(alias="prevTS", examples=[1_764_400_020_000])
    prev_count: int = Field(examples=[3])


class SeriesOut(Shape):
    """Jobs that ended, minute by minute, the last full minute first."""

    meta: CountedOut
    data: list[int] = Field(examples=[[0, 2, 1]])
    count: int = Field(examples=[60])


class MetricsOut(Shape):
    """Of the last hour, from the rows."""

    completed: SeriesOut
    failed: SeriesOut


class WorkerOut(Shape):
    """A worker by its heartbeat."""

    id: str = Field(examples=["web-1:4711:edit"])
    name: str = Field(examples=["web-1:4711:edit"])
    addr: str = Field(description="Host and process id.", examples=["web-1:4711"])
    age: int = Field(description="Seconds since it started.", examples=[3_600])


class WorkersOut(Shape):
    """Workers of one queue that were heard of lately."""

    workers: list[WorkerOut] | None


class SchedulerOut(Shape):
    """A job scheduler of BullMQ; ours are rows and do not appear here."""

    id: str = Field(examples=["nightly"])
    queue_name: str = Field(examples=["video-edit"])
    name: str = Field(examples=["nightly"])
    pattern: Maybe[str] = None
    every: Maybe[int] = None
    tz: Maybe[str] = None
    limit: Maybe[int] = None
    start_date: Maybe[int] = None
    end_date: Maybe[int] = None
    next: Maybe[int] = None
    iteration_count: Maybe[int] = None
    template: Maybe[dict[str, Any]] = None


class SchedulersOut(Shape):
    """Job schedulers."""

    schedulers: list[SchedulerOut]


class RateLimitOut(Shape):
    """Whether BullMQ's rate limit can be set here: no, ours are slots in PostgreSQL."""

    supported: bool = False
    rate_limit: None = None


class FlowOut(Shape):
    """The tree of jobs that one belongs to; ours belong to none."""

    node_id: str = Field(examples=["edit-0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11"])
    is_flow_node: bool = False
    flow_root: None = None


class RetriedOut(Shape):
    """How many jobs run again, and how many were left alone."""

    retried: int = Field(examples=[2])
    skipped: int = Field(examples=[0])


class NothingOut(Shape):
    """Done."""


class PriorityIn(Shape):
    """Another priority."""

    priority: int = Field(examples=[1])


class NewJobIn(Shape):
    """A job to add: what its queue's payload allows."""

    name: str = ""
    data: dict[str, Any] = Field(default_factory=dict, examples=[{}])
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"priority": 3}])
