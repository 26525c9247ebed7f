"""Brand patterns."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from subiteya.http import problems
from subiteya.http.api.bodies import ChangedPattern, NewPattern
from subiteya.http.api.schemas import PatternOut, pattern_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import save_pattern

router = APIRouter(prefix="/patterns", tags=["patterns"])

PatternId = Annotated[UUID, Path(description="A brand pattern of yours.")]


class PatternsOut(BaseModel):
    """All brand patterns, by name."""

    patterns: list[PatternOut]


@router.get("")
async def list_patterns(resources: ResourcesDep, user: CurrentUser) -> PatternsOut:
    """All your brand patterns, by name."""
    rows = await save_pattern.list_patterns(resources, user_id=user.id)
    return PatternsOut(patterns=[pattern_out(row) for row in rows])


@router.post("", status_code=201)
async def create_pattern(body: NewPattern, resources: ResourcesDep, user: CurrentUser) -> PatternOut:
    """Keep a new brand pattern. Whatever its specification leaves out stays as it is in the clip."""
    row = await save_pattern.create_pattern(resources, user_id=user.id, name=body.name, spec=body.spec)
    return pattern_out(row)


@router.get("/{pattern_id}", responses=problems.responses(404))
async def get_pattern(pattern_id: PatternId, resources: ResourcesDep, user: CurrentUser) -> PatternOut:
    """One brand pattern."""
    return pattern_out(await save_pattern.get_pattern(resources, user_id=user.id, pattern_id=pattern_id))


@router.put("/{pattern_id}", responses=problems.responses(404, 409))
async def update_pattern(
    pattern_id: PatternId, body: ChangedPattern, resources: ResourcesDep, user: CurrentUser
) -> PatternOut:
    """Save a brand pattern again. Refused with 409 when it is not at the version that you read.

    Videos that were confirmed before keep the pattern as it was then.
    """
    row = await save_pattern.update_pattern(
        resources,
        user_id=user.id,
        pattern_id=pattern_id,
        version=body.version,
        name=body.name,
        spec=body.spec,
    )
    return pattern_out(row)


@router.delete("/{pattern_id}", status_code=204, responses=problems.responses(404))
async def delete_pattern(pattern_id: PatternId, resources: ResourcesDep, user: CurrentUser) -> Response:
    """Throw a brand pattern away. Videos that were confirmed with it keep their frozen copy."""
    await save_pattern.delete_pattern(resources, user_id=user.id, pattern_id=pattern_id)
    return Response(status_code=204)
