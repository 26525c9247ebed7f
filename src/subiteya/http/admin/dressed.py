"""A job as bull-board's page shows it."""

from __future__ import annotations

from subiteya.db.models import Job
from subiteya.http.admin.shapes import JobOut
from subiteya.queue.kept_job import KeptJob
from subiteya.queue.names import QueueName
from subiteya.services.deliver_jobs import payload


def dressed_job(job: KeptJob) -> JobOut:
    """From what BullMQ keeps, as bull-board's own server dresses it."""
    stacktrace = list(reversed(job.stacktrace))
    more_began = job.attempts_started > job.attempts_made
    return JobOut(
        id=job.id,
        name=job.name,
        timestamp=job.added_at,
        processed_on=job.processed_at,
        processed_by=job.processed_by,
        finished_on=job.finished_at,
        progress=job.progress,
        attempts=job.attempts_made,
        delay=job.delay_ms,
        failed_reason=job.failed_reason,
        stacktrace=stacktrace,
        opts=dict(job.options),
        data=job.data,
        return_value=job.return_value,
        is_failed=bool(job.failed_reason or stacktrace),
        priority=job.priority or None,
        attempts_started=job.attempts_started if more_began else None,
        stalled_counter=job.crashes or None,
        deduplication_id=job.more.get("deduplicationId"),
        deferred_failure=job.more.get("deferredFailure"),
    )


def dressed_row(row: Job) -> JobOut:
    """From a row whose job is not in Redis yet."""
    return JobOut(
        id=row.id,
        name=QueueName(row.queue).kind,
        timestamp=round(row.created_at.timestamp() * 1000),
        progress=0,
        attempts=row.attempts,
        delay=0,
        stacktrace=[],
        opts={"attempts": row.max_attempts, "priority": row.priority},
        data=payload(row),
        is_failed=False,
        priority=row.priority,
    )
