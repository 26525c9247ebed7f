"""Who did what to the queues."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from subiteya.http.admin.who import Viewer
from subiteya.http.deps import ResourcesDep
from subiteya.services.audit import read_audit

router = APIRouter(prefix="/admin/audit", tags=["queue dashboard"])


class AuditOut(BaseModel):
    """One action."""

    id: int = Field(examples=[17])
    at: datetime = Field(examples=["2026-11-05T19:32:00Z"])
    actor: str = Field(
        description="`user:<id>`, or `operator:cli` for the terminal.", examples=["operator:cli"]
    )
    name: str = Field(description="What the actor was called then.", examples=["Luz"])
    action: str = Field(examples=["pause"])
    target: str = Field(description="A queue, or a queue and a job.", examples=["video-edit"])
    outcome: str | None = Field(
        description="`done` or an error's code; null while it runs, or when its process died.",
        examples=["done"],
    )
    ended_at: datetime | None = Field(examples=["2026-11-05T19:32:01Z"])
    detail: dict[str, Any] | None = Field(examples=[{"done": 3, "left": 0}])


class AuditPageOut(BaseModel):
    """Actions, the newest first."""

    entries: list[AuditOut]


@router.get("")
async def audit(
    resources: ResourcesDep,
    _user: Viewer,
    before: Annotated[int | None, Query(ge=1, description="Only entries before this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPageOut:
    """What was done to the queues, by whom, when and with what outcome; the newest first."""
    entries = await read_audit(resources, before=before, limit=limit)
    return AuditPageOut(entries=[AuditOut.model_validate(one, from_attributes=True) for one in entries])
