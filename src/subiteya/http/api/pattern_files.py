"""A pattern's own files: bring one and name it in the pattern in one request, or take it out."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Request

from subiteya.domain.assets import AssetKind
from subiteya.http import problems
from subiteya.http.api.asset_forms import asset_of_form, form_schema
from subiteya.http.api.forms import UNBOUNDED
from subiteya.http.api.schemas import PatternOut, pattern_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import assets as library
from subiteya.services.save_pattern import get_pattern

router = APIRouter(prefix="/patterns/{pattern_id}", tags=["patterns"])

PatternId = Annotated[UUID, Path(description="A brand pattern of yours.")]
KindPath = Annotated[AssetKind, Path(description="What the file is for.")]
_BODY: Final = {
    "requestBody": {"required": True, "content": {"multipart/form-data": form_schema(with_kind=False)}}
}


@router.post(
    "/{kind}",
    responses=problems.responses(404, 413, 415),
    openapi_extra=_BODY,
    max_body_size=UNBOUNDED,  # bytes are counted while they come
)
async def put_into_pattern(
    pattern_id: PatternId, kind: KindPath, request: Request, resources: ResourcesDep, user: CurrentUser
) -> PatternOut:
    """Keep a file (a form with `file`) and name it in a brand pattern, which becomes the next version."""
    await get_pattern(resources, user_id=user.id, pattern_id=pattern_id)
    asset = await asset_of_form(request, resources, user, kind)
    row = await library.put_asset(resources, user_id=user.id, pattern_id=pattern_id, kind=kind, key=asset.key)
    return pattern_out(row)


@router.delete("/{kind}", responses=problems.responses(404))
async def clear_in_pattern(
    pattern_id: PatternId, kind: KindPath, resources: ResourcesDep, user: CurrentUser
) -> PatternOut:
    """Take a file out of a brand pattern, which becomes the next version; it stays among your files."""
    row = await library.put_asset(resources, user_id=user.id, pattern_id=pattern_id, kind=kind, key=None)
    return pattern_out(row)
