"""Scripted trouble: what shall go wrong, where, how often. Kept in the store, so it survives a restart."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from subiteya.tiktok.simulator.store import Database


class Endpoint(StrEnum):
    """The calls that can be limited, counted or made to fail."""

    TOKEN = "token"  # noqa: S105 - an endpoint's name
    REVOKE = "revoke"
    USER_INFO = "user_info"
    CREATOR_INFO = "creator_info"
    VIDEO_INIT = "video_init"
    INBOX_INIT = "inbox_init"
    STATUS_FETCH = "status_fetch"
    CANCEL = "cancel"
    UPLOAD = "upload"


class Action(StrEnum):
    """What goes wrong."""

    # with a request
    STATUS = "status"  # answer with `status` (and `code`)
    DELAY = "delay"  # answer after `seconds`
    CUT = "cut"  # drop the connection without an answer
    KILL_TOKEN = "kill_token"  # noqa: S105 - the caller's access token dies before the call is looked at
    # with the next publish that is created
    STUCK = "stuck"  # stays in processing until it is released
    FAIL = "fail"  # ends FAILED with `reason`
    PROCESSING = "processing"  # takes `seconds` from last byte to outcome
    MODERATION = "moderation"  # takes `seconds` from outcome to public id


class When(StrEnum):
    """Whether the call has had its effect when the trouble comes."""

    BEFORE = "before"
    AFTER = "after"


_REQUEST_ACTIONS = frozenset({Action.STATUS, Action.DELAY, Action.CUT, Action.KILL_TOKEN})


class FaultSpec(BaseModel):
    """One scripted fault. It waits for `skip` matching calls, then happens `times` times, then is gone."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "status", "endpoint": "upload", "chunk": 3, "status": 502, "times": 2},
                {"action": "cut", "endpoint": "video_init", "when": "after"},
                {"action": "cut", "endpoint": "upload", "chunk": 2, "after_bytes": 1_000_000},
                {"action": "fail", "reason": "spam_risk_text"},
                {"action": "stuck", "open_id": "-000abc"},
            ]
        },
    )

    action: Action
    endpoint: Endpoint | None = Field(None, description="The call; needed for trouble with a request.")
    open_id: str | None = Field(None, description="Only for this creator.")
    chunk: int | None = Field(None, ge=1, description="Only for the n-th chunk of an upload, from 1.")
    skip: int = Field(0, ge=0, description="Matching calls that pass before it starts.")
    times: int = Field(1, ge=1, description="How often it happens.")
    when: When = Field(When.BEFORE, description="Before the call has its effect, or after it.")
    status: int | None = Field(
        None, ge=400, le=599, description="HTTP status for `status`; none: the code's own, or 500."
    )
    code: str | None = Field(None, description="Error code in TikTok's shape; none: a gateway's HTML page.")
    seconds: float = Field(0, ge=0, description="For `delay`, `processing` and `moderation`.")
    after_bytes: int | None = Field(None, ge=0, description="`cut` an upload after so many bytes of a chunk.")
    reason: str | None = Field(None, description="The fail_reason for `fail`.")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.touches_requests and self.endpoint is None:
            raise ValueError(f"{self.action} needs an endpoint")
        if self.action is Action.FAIL and not self.reason:
            raise ValueError("fail needs a reason")
        return self

    @property
    def touches_requests(self) -> bool:
        """Whether it happens to a request, and not to a publish."""
        return self.action in _REQUEST_ACTIONS


def add_fault(db: Database, spec: FaultSpec) -> int:
    """Store a fault and return its number."""
    db.execute(
        "INSERT INTO fault (spec, passed, remaining) VALUES (?, 0, ?)", spec.model_dump_json(), spec.times
    )
    return int(db.value("SELECT last_insert_rowid()"))


def list_faults(db: Database) -> list[dict[str, object]]:
    """Return the faults that wait, each with its number and how often it is still to happen."""
    return [
        {"id": id_, "remaining": remaining, **spec.model_dump(mode="json")}
        for id_, spec, _, remaining in _rows(db)
    ]


def take_request_fault(
    db: Database, endpoint: Endpoint, open_id: str | None, chunk: int | None = None
) -> FaultSpec | None:
    """Return the oldest fault that happens to this call, counting it down, or None."""
    for id_, spec, passed, remaining in _rows(db):
        if spec.endpoint is not endpoint or not spec.touches_requests:
            continue
        if spec.open_id not in {None, open_id} or spec.chunk not in {None, chunk}:
            continue
        if passed < spec.skip:
            db.execute("UPDATE fault SET passed = passed + 1 WHERE id = ?", id_)
            continue
        _count_down(db, id_, remaining)
        return spec
    return None


def take_publish_faults(db: Database, open_id: str) -> list[FaultSpec]:
    """Return every fault that happens to a publish created now for this creator, counting them down."""
    taken = []
    for id_, spec, passed, remaining in _rows(db):
        if spec.touches_requests or spec.open_id not in {None, open_id}:
            continue
        if passed < spec.skip:
            db.execute("UPDATE fault SET passed = passed + 1 WHERE id = ?", id_)
            continue
        _count_down(db, id_, remaining)
        taken.append(spec)
    return taken


def _rows(db: Database) -> list[tuple[int, FaultSpec, int, int]]:
    return [
        (int(id_), FaultSpec.model_validate_json(spec), int(passed), int(remaining))
        for id_, spec, passed, remaining in db.rows(
            "SELECT id, spec, passed, remaining FROM fault ORDER BY id"
        )
    ]


def _count_down(db: Database, id_: int, remaining: int) -> None:
    if remaining <= 1:
        db.execute("DELETE FROM fault WHERE id = ?", id_)
    else:
        db.execute("UPDATE fault SET remaining = remaining - 1 WHERE id = ?", id_)
