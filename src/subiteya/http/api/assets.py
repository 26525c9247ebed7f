"""Files for patterns: logos, backgrounds, colour tables, music, intros and outros."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from subiteya.domain.assets import AssetKind
from subiteya.http import problems
from subiteya.http.api.asset_forms import asset_of_form, form_schema
from subiteya.http.api.bodies import Body, Line, Text
from subiteya.http.api.forms import UNBOUNDED, is_form
from subiteya.http.api.raw_json import read_json, schema_of
from subiteya.http.api.uploads import StartedUploadOut, started_upload_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import assets as library
from subiteya.services.create_asset import create_asset, start_asset_upload

router = APIRouter(prefix="/assets", tags=["assets"])

AssetId = Annotated[UUID, Path(description="A file of yours.")]
_JSON_LIMIT: Final = 64 * 1024


class UseOut(BaseModel):
    """Who names the file."""

    what: Literal["pattern", "video"]
    id: UUID = Field(examples=["5b7c9d30-1f0e-4f4e-9d57-0a4d6f1f2b11"])
    name: str = Field(examples=["Panadería Luz"])


class AssetOut(BaseModel):
    """A file that patterns may name."""

    id: UUID = Field(examples=["8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11"])
    kind: AssetKind
    key: str = Field(
        description="What a pattern's field holds (`sound.music_key` …).",
        examples=["assets/0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11/8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11.mp3"],
    )
    filename: str = Field(examples=["verano.mp3"])
    content_type: str = Field(examples=["audio/mpeg"])
    size_bytes: int | None = Field(description="Null for some files of older versions.", examples=[3_211_264])
    facts: dict[str, Any] = Field(
        description="width, height, seconds, steps: whatever it has.", examples=[{"seconds": 92.4}]
    )
    used_by: list[UseOut] = Field(
        description="Patterns, and videos whose edit is still to be made.", examples=[[]]
    )
    created_at: datetime = Field(examples=["2026-11-05T14:32:00Z"])


class AssetsOut(BaseModel):
    """All files, newest first."""

    assets: list[AssetOut]


class StartAsset(Body):
    """A file that shall be sent straight to the storage."""

    filename: Line = Field(examples=["intro.mp4"])
    size_bytes: int = Field(examples=[180_224_000])
    kind: AssetKind | None = Field(None, description="Found out from the file when left out.")


class CreateAsset(Body):
    """A finished direct upload that shall become a file for patterns."""

    key: Text = Field(description="As the upload's start gave it.", examples=["temp/0d5c…/8f0c….mp4"])
    kind: AssetKind | None = Field(None, description="Found out from the file when left out.")
    filename: Line | None = Field(None, description="Another name than the upload's.")


class RenameAsset(Body):
    """Another name for a file."""

    filename: Line = Field(examples=["verano-2026.mp3"])


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": form_schema(with_kind=True),
            "application/json": {"schema": schema_of(CreateAsset)},
        },
    }
}


def asset_out(view: library.AssetView) -> AssetOut:
    """A file as the API shows it."""
    row = view.asset
    return AssetOut(
        id=row.id,
        kind=row.kind,
        key=row.key,
        filename=row.filename,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        facts=row.facts,
        used_by=[UseOut(what=use.what, id=use.id, name=use.name) for use in view.used_by],
        created_at=row.created_at,
    )


@router.get("")
async def list_assets(
    resources: ResourcesDep,
    user: CurrentUser,
    kind: Annotated[AssetKind | None, Query(description="Only these.")] = None,
) -> AssetsOut:
    """All your files for patterns, newest first, and which patterns use them."""
    views = await library.list_assets(resources, user_id=user.id, kind=kind)
    return AssetsOut(assets=[asset_out(view) for view in views])


@router.post("/upload-url", responses=problems.responses(413))
async def asset_upload_url(body: StartAsset, resources: ResourcesDep, user: CurrentUser) -> StartedUploadOut:
    """Sign one PUT of exactly this size, for 15 minutes: for big clips, past this server.

    Name the `key` to `POST /api/assets` once the bytes are there.
    """
    started = await start_asset_upload(
        resources, user_id=user.id, filename=body.filename, kind=body.kind, size=body.size_bytes
    )
    return started_upload_out(started)


@router.post(
    "",
    status_code=201,
    responses=problems.responses(404, 409, 413, 415),
    openapi_extra=_BODY,
    max_body_size=UNBOUNDED,  # bytes are counted while they come
)
async def post_asset(request: Request, resources: ResourcesDep, user: CurrentUser) -> AssetOut:
    """Keep a file: of a form, which is streamed into the storage, or of a finished direct upload (JSON).

    What is in it decides what it is; its name is kept for people.
    """
    if is_form(request):
        asset = await asset_of_form(request, resources, user)
    else:
        body = await read_json(request, CreateAsset, _JSON_LIMIT)
        asset = await create_asset(
            resources, user_id=user.id, key=body.key, kind=body.kind, filename=body.filename
        )
    return asset_out(await library.get_asset(resources, user_id=user.id, asset_id=asset.id))


@router.get("/{asset_id}", responses=problems.responses(404))
async def get_asset(asset_id: AssetId, resources: ResourcesDep, user: CurrentUser) -> AssetOut:
    """One of your files."""
    return asset_out(await library.get_asset(resources, user_id=user.id, asset_id=asset_id))


@router.get(
    "/{asset_id}/content",
    status_code=307,
    response_class=RedirectResponse,
    responses=problems.responses(404) | {307: {"description": "To the file, for an hour."}},
)
async def asset_content(asset_id: AssetId, resources: ResourcesDep, user: CurrentUser) -> Response:
    """The file itself, to be shown or heard in a browser."""
    signed = await library.sign_asset(resources, user_id=user.id, asset_id=asset_id)
    return RedirectResponse(signed.url, status_code=307, headers={"Cache-Control": "no-store"})


@router.patch("/{asset_id}", responses=problems.responses(404))
async def rename_asset(
    asset_id: AssetId, body: RenameAsset, resources: ResourcesDep, user: CurrentUser
) -> AssetOut:
    """Give a file another name. Patterns are untouched: they name its key."""
    view = await library.rename_asset(resources, user_id=user.id, asset_id=asset_id, filename=body.filename)
    return asset_out(view)


@router.delete("/{asset_id}", status_code=204, responses=problems.responses(404, 409))
async def delete_asset(asset_id: AssetId, resources: ResourcesDep, user: CurrentUser) -> Response:
    """Delete a file. Refused with 409 while a pattern or a video whose edit is not made yet uses it."""
    await library.delete_asset(resources, user_id=user.id, asset_id=asset_id)
    return Response(status_code=204)
