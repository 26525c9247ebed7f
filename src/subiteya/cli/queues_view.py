"""The queues on a terminal of 80 columns, and as JSON for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from subiteya.cli.journey_view import timeline_table
from subiteya.db.models import Event, Job
from subiteya.services.view_queues import LATER, JobView, QueueView, WorkerView

_WORDS: Final = {
    "running": ("running", "en marcha"),
    "paused": ("paused", "en pausa"),
    "waiting": ("waiting", "esperan"),
    "active": ("active", "activos"),
    "later": ("later", "después"),
    "done": ("done", "hechos"),
    "failed": ("failed", "fallidos"),
    "cancelled": ("cancelled", "cancelados"),
    "rows": ("rows", "filas"),
    "no redis": ("Redis does not answer", "Redis no responde"),
    "worker": ("Worker", "Trabajador"),
    "heard": ("Heard", "Señal"),
    "in hand": ("In hand", "En curso"),
    "last success": ("Last success", "Último éxito"),
    "dead": ("dead", "muerto"),
    "nobody": ("no worker", "ningún trabajador"),
    "never": ("-", "-"),
}


def word(key: str, language: str) -> str:
    """A short text in a person's language."""
    english, spanish = _WORDS[key]
    return spanish if language == "es" else english


def queue_parts(views: Sequence[QueueView], language: str) -> Iterator[RenderableType]:
    """Each queue: its name and state, its counts, its workers."""
    for view in views:
        yield _title(view, language)
        yield _counts(view, language)
        yield (
            _workers(view.workers, language)
            if view.workers
            else Text(f"  {word('nobody', language)}", "yellow")
        )
        yield ""


def job_parts(view: JobView, language: str) -> Iterator[RenderableType]:
    """One job: its row as names and values, Redis's word, its last events."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in job_values(view).items():
        if value not in (None, [], {}):
            facts.add_row(name, str(value))
    yield facts
    if view.events:
        yield ""
        yield timeline_table([_event(one) for one in view.events], language)


def queue_values(view: QueueView) -> dict[str, Any]:
    """A queue as JSON values; ages in seconds."""
    return {
        "name": view.name.value,
        "paused": view.redis.paused if view.redis else None,
        "redis": asdict(view.redis) if view.redis else None,
        "rows": view.rows,
        "workers": [
            {
                "name": one.name,
                "host": one.host,
                "pid": one.pid,
                "version": one.version,
                "alive": one.alive,
                "silent_seconds": round(one.silent.total_seconds(), 1),
                "jobs": one.jobs,
                "last_success_at": _iso(one.last_success_at),
            }
            for one in view.workers
        ],
    }


def job_values(view: JobView) -> dict[str, Any]:
    """A job's row and its state in Redis as JSON values."""
    job: Job = view.job
    return {
        "id": job.id,
        "queue": job.queue,
        "status": job.status.value,
        "redis": view.redis.value if view.redis else None,
        "run": job.run,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "priority": job.priority,
        "not_before": _iso(job.not_before),
        "wait_reason": job.wait_reason,
        "enqueued_at": _iso(job.enqueued_at),
        "lease_owner": job.lease_owner,
        "lease_until": _iso(job.lease_until),
        "started_at": _iso(job.started_at),
        "finished_at": _iso(job.finished_at),
        "error_code": job.error_code,
        "error_context": job.error_context,
        "user_id": str(job.user_id),
        "video_id": str(job.video_id),
        "post_id": str(job.post_id) if job.post_id else None,
    }


def job_json(view: JobView) -> dict[str, Any]:
    """All of `subiteya queues show --json`."""
    return job_values(view) | {"events": [_event(one) for one in view.events]}


def _title(view: QueueView, language: str) -> Text:
    if view.redis is None:
        state = Text(word("no redis", language), "bold red")
    elif view.redis.paused:
        state = Text(word("paused", language), "bold yellow")
    else:
        state = Text(word("running", language), "green")
    return Text.assemble((view.name.value, "bold"), "  ", state)


def _counts(view: QueueView, language: str) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("", no_wrap=True)
    for key in ("waiting", "active", "later", "done", "failed", "cancelled"):
        table.add_column(word(key, language), justify="right", no_wrap=True)
    redis = view.redis
    if redis is not None:
        numbers = (redis.runnable, redis.active, redis.delayed, redis.completed, redis.failed)
        table.add_row("Redis", *map(str, numbers), "")
    keys = ("queued", "active", LATER, "done", "failed", "cancelled")
    table.add_row(word("rows", language), *(str(view.rows[key]) for key in keys))
    return table


def _workers(workers: Sequence[WorkerView], language: str) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column(word("worker", language), overflow="ellipsis", no_wrap=True, max_width=26)
    table.add_column(word("heard", language), justify="right", no_wrap=True)
    table.add_column(word("last success", language), no_wrap=True)
    table.add_column(word("in hand", language), overflow="fold", max_width=24)
    for one in workers:
        heard = Text(_age(one.silent), "" if one.alive else "bold red")
        if not one.alive:
            heard.append(f" {word('dead', language)}")
        at = one.last_success_at
        success = f"{at.astimezone():%d.%m. %H:%M}" if at else word("never", language)
        table.add_row(one.name, heard, success, ", ".join(one.jobs) or "-")
    return table


def _age(age: timedelta) -> str:
    seconds = age.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "from_status": event.from_status,
        "to_status": event.to_status,
        "actor": event.actor,
        "attempt": event.attempt,
        "reason": event.reason,
        "detail": event.detail,
        "post_id": str(event.post_id) if event.post_id else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
