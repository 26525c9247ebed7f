"""A job as BullMQ keeps it: the fields of its hash, read as BullMQ for Node reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# BullMQ stores some options under short names (`optsDecodeMap` in its job.js).
_OPTIONS: Final = {
    "de": "deduplication",
    "fpof": "failParentOnFailure",
    "cpof": "continueParentOnFailure",
    "idof": "ignoreDependencyOnFailure",
    "rdof": "removeDependencyOnFailure",
    "kl": "keepLogs",
}
_TRACING: Final = {"tm": "metadata", "omc": "omitContext"}


@dataclass(frozen=True, slots=True)
class KeptJob:
    """One job of a queue; times are milliseconds since 1970.

    Attributes:
        id: BullMQ id.
        name: BullMQ's job name.
        data: What was enqueued.
        options: With their long names.
        added_at: When it was enqueued.
        delay_ms: How long it had to wait from then on.
        priority: 0 when it has none.
        attempts_made: Attempts that ended.
        attempts_started: Attempts that began.
        crashes: How often its worker died.
        processed_at: When its last attempt began; None before the first.
        finished_at: When it ended for good; None before.
        processed_by: Name of the worker; None when it has not told.
        failed_reason: Why its last attempt failed.
        stacktrace: One for each failed attempt, the newest last.
        return_value: What its processor returned.
        progress: A number, or whatever its processor said.
        more: `deduplicationId` and `deferredFailure`, when set.
    """

    id: str
    name: str
    data: Any
    options: Mapping[str, Any]
    added_at: int
    delay_ms: int
    priority: int
    attempts_made: int
    attempts_started: int
    crashes: int
    processed_at: int | None
    finished_at: int | None
    processed_by: str | None
    failed_reason: str | None
    stacktrace: tuple[str, ...]
    return_value: Any
    progress: Any
    more: Mapping[str, str] = field(default_factory=dict)


def read_job(job_id: str, kept: Mapping[str, str]) -> KeptJob:
    """A job from the fields of its hash; what cannot be read is taken as not there, as in BullMQ."""
    stacktrace = _json(kept.get("stacktrace"))
    data = _json(kept.get("data"))
    named = {"deduplicationId": kept.get("deid"), "deferredFailure": kept.get("defa")}
    return KeptJob(
        id=job_id,
        name=kept.get("name", ""),
        data={} if data is None else data,
        options=_options(_json(kept.get("opts"))),
        added_at=_number(kept.get("timestamp")) or 0,
        delay_ms=_number(kept.get("delay")) or 0,
        priority=_number(kept.get("priority")) or 0,
        attempts_made=_number(kept.get("attemptsMade") or kept.get("atm")) or 0,
        attempts_started=_number(kept.get("ats")) or 0,
        crashes=_number(kept.get("stc")) or 0,
        processed_at=_number(kept.get("processedOn")),
        finished_at=_number(kept.get("finishedOn")),
        processed_by=kept.get("pb"),
        failed_reason=kept.get("failedReason"),
        stacktrace=tuple(str(each) for each in stacktrace if each) if isinstance(stacktrace, list) else (),
        return_value=_json(kept.get("returnvalue")),
        progress=_json(kept.get("progress")) or 0,
        more={name: value for name, value in named.items() if value},
    )


def _options(stored: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"attempts": 0}
    for name, value in stored.items() if isinstance(stored, dict) else ():
        if name in _TRACING:
            options.setdefault("telemetry", {})[_TRACING[name]] = value
        else:
            options[_OPTIONS.get(str(name), str(name))] = value
    return options


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None
