"""From a day that was played to what it takes: workers, waits, what Redis and PostgreSQL are asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from _bench import percentile
from _day import Crew, Played
from _service import Load, Service

Waits = tuple[float, float]
"""Seconds: p50 and p99."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one size takes."""

    peak_per_minute: float
    """Videos, in the busiest hour."""
    edit_workers: tuple[float, int]
    """Mean and most."""
    upload_workers: tuple[float, int]
    edit_wait: Waits
    """For a worker, once the job is due."""
    upload_wait: Waits
    edit_rate_wait: Waits
    """For a start within EDIT_MAX_PER_MINUTE."""
    upload_rate_wait: Waits
    account_wait: Waits
    commands_per_day: float
    commands_per_s: float
    """In the busiest hour."""
    transactions_per_s: float
    """In the busiest hour."""
    edit_worker_hours: float
    """A day."""
    upload_worker_hours: float

    def figures(self) -> dict[str, Any]:
        """By name, for `--json`."""
        return {
            "peak_per_minute": round(self.peak_per_minute, 1),
            "edit_workers_mean": round(self.edit_workers[0], 1),
            "edit_workers_most": self.edit_workers[1],
            "upload_workers_mean": round(self.upload_workers[0], 1),
            "upload_workers_most": self.upload_workers[1],
            "edit_wait_p50_s": round(self.edit_wait[0], 1),
            "edit_wait_p99_s": round(self.edit_wait[1], 1),
            "upload_wait_p50_s": round(self.upload_wait[0], 1),
            "upload_wait_p99_s": round(self.upload_wait[1], 1),
            "edit_rate_wait_p99_s": round(self.edit_rate_wait[1], 1),
            "upload_rate_wait_p99_s": round(self.upload_rate_wait[1], 1),
            "account_wait_p99_s": round(self.account_wait[1], 1),
            "redis_commands_per_day": round(self.commands_per_day),
            "redis_commands_per_s_peak": round(self.commands_per_s, 1),
            "postgres_transactions_per_s_peak": round(self.transactions_per_s, 1),
            "edit_worker_hours": round(self.edit_worker_hours, 1),
            "upload_worker_hours": round(self.upload_worker_hours, 1),
        }


def needs_of(service: Service, load: Load, day: Played) -> Needs:
    """Put together what a day took; a part of a day stands for its videos' part of the whole."""
    share = max(1, day.videos) / load.videos
    edit_mean, edit_most = _crew(day.edit_crew)
    upload_mean, upload_most = _crew(day.upload_crew)
    hours = day.seconds / 3600
    idle = (
        edit_mean * service.commands_per_edit_worker
        + upload_mean * service.commands_per_upload_worker
        + service.commands_per_api
    )
    # A worker that works does not wait idly, so this counts somewhat too much.
    processes = 1 + edit_most + upload_most
    return Needs(
        peak_per_minute=load.peak_per_s * 60,
        edit_workers=(edit_mean, edit_most),
        upload_workers=(upload_mean, upload_most),
        edit_wait=_waits(day.edit_queue),
        upload_wait=_waits(day.upload_queue),
        edit_rate_wait=_waits(day.edit_start),
        upload_rate_wait=_waits(day.upload_start),
        account_wait=_waits(day.account),
        commands_per_day=load.videos * service.commands_per_video + idle,
        commands_per_s=load.peak_per_s * service.commands_per_video + idle / 86_400,
        transactions_per_s=(
            load.peak_per_s * service.transactions_per_video + processes * service.idle_transactions_per_s / 3
        ),
        edit_worker_hours=edit_mean * hours / share if share < _WHOLE else edit_mean * 24,
        upload_worker_hours=upload_mean * hours / share if share < _WHOLE else upload_mean * 24,
    )


_WHOLE = 0.9


def _crew(crew: Crew) -> tuple[float, int]:
    workers = [count for _, count, _ in crew.counted]
    return sum(workers) / len(workers), max(workers)


def _waits(waits: Sequence[float]) -> Waits:
    return (percentile(waits, 0.5), percentile(waits, 0.99)) if waits else (0.0, 0.0)
