"""How a video comes in: a form streamed into the storage, or a direct upload that is finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from subiteya.db.models import Upload, User
from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.sizes import readable_size
from subiteya.http import problems
from subiteya.http.api.bodies import CreateVideo, StartUpload
from subiteya.http.api.forms import UNBOUNDED, FormPart, is_form, open_form
from subiteya.http.api.preview import PreviewsDep
from subiteya.http.api.raw_json import read_json, schema_of
from subiteya.http.api.schemas import VideoOut, video_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.security import is_browser
from subiteya.services import read_subtitles as subtitle_files
from subiteya.services.create_video import create_video
from subiteya.services.foresee_preview import AFTER_UPLOAD, foresee_preview
from subiteya.services.get_videos import get_video
from subiteya.services.read_subtitles import Subtitles, read_subtitles
from subiteya.services.receive_upload import discard_upload, receive_upload
from subiteya.services.resources import Resources
from subiteya.services.start_upload import StartedUpload, start_upload

router = APIRouter(prefix="/videos")
log = structlog.get_logger(__name__)

JSON_LIMIT: Final = 4 * 1024**2
"""Bytes of the JSON of a finished upload: subtitles of 2 MiB and their escapes."""
_TITLE_LIMIT: Final = 1024
_GONE: Final = 499
"""nginx's word for a client that left before the answer; nobody reads it but the log."""


_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The video."},
                        "subtitles": {
                            "type": "string",
                            "format": "binary",
                            "description": "SRT, WebVTT or ASS.",
                        },
                        "title": {"type": "string", "description": "The file's name when missing."},
                    },
                }
            },
            "application/json": {"schema": schema_of(CreateVideo)},
        },
    }
}


class StartedUploadOut(BaseModel):
    """Where the file goes: one request with exactly these headers and this many bytes."""

    key: str = Field(
        description="For `POST /api/videos`, once the bytes are there.",
        examples=["temp/0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11/8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11.mp4"],
    )
    method: str = Field(examples=["PUT"])
    url: str = Field(
        description="A secret until it expires.",
        examples=["https://s3.example.com/subiteya-videos/temp/…?X-Amz-Signature=…"],
    )
    headers: dict[str, str] = Field(examples=[{"Content-Type": "video/mp4"}])
    expires_at: datetime = Field(examples=["2026-11-05T14:47:00Z"])


@dataclass(slots=True)
class _Form:
    """What a form has brought so far."""

    upload: Upload | None = None
    subtitles: Subtitles | None = None
    title: str | None = None


@router.post("/upload-url", tags=["uploads"], responses=problems.responses(413))
async def upload_url(body: StartUpload, resources: ResourcesDep, user: CurrentUser) -> StartedUploadOut:
    """Sign one PUT of exactly this size and type, for 15 minutes.

    One request carries at most 5 GiB; larger files go in parts through `/api/s3/multipart`.
    """
    started = await start_upload(
        resources,
        user_id=user.id,
        filename=body.filename,
        content_type=body.content_type,
        size=body.size_bytes,
    )
    return started_upload_out(started)


def started_upload_out(started: StartedUpload) -> StartedUploadOut:
    """A promised key and its request as the API shows them."""
    return StartedUploadOut(
        key=started.upload.key,
        method=started.request.method,
        url=started.request.url,
        headers=dict(started.request.headers),
        expires_at=started.request.expires_at,
    )


@router.post(
    "",
    status_code=201,
    tags=["videos"],
    response_model=VideoOut,
    responses=problems.responses(404, 409, 413, 415),
    openapi_extra=_FORM,
    max_body_size=UNBOUNDED,  # bytes are counted while they come, against MAX_UPLOAD_BYTES
)
async def post_video(
    request: Request,
    resources: ResourcesDep,
    user: CurrentUser,
    previews: PreviewsDep,
    afterwards: BackgroundTasks,
) -> Response | VideoOut:
    """Make a video: of a file in a form, or of a finished direct upload (JSON with its `key`).

    A form is streamed straight into the storage; its fields may come in any order. Asking twice with the
    same key gives the same video.
    """
    make = _of_form if is_form(request) else _of_finished_upload
    try:
        video = await make(request, resources, user)
    except ClientDisconnect:
        log.info("the sender left in the middle of an upload", user_id=str(user.id))
        return Response(status_code=_GONE)
    if is_browser(request):  # who sits there looks next; a program does not
        afterwards.add_task(
            foresee_preview, resources, previews, user_id=user.id, video_id=video.id, most=AFTER_UPLOAD
        )
    return video


async def _of_finished_upload(request: Request, resources: Resources, user: User) -> VideoOut:
    body = await read_json(request, CreateVideo, JSON_LIMIT)
    key = body.key
    if key is None:
        key = str(resources.storage.extract_key(body.src_url or ""))
    subtitles = None
    if body.subtitles is not None:
        subtitles = await read_subtitles(body.subtitles.name, body.subtitles.encoded())
    video_id = await create_video(
        resources,
        user_id=user.id,
        key=key,
        filename=body.filename,
        title=body.title,
        subtitles=subtitles,
    )
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)


async def _of_form(request: Request, resources: Resources, user: User) -> VideoOut:
    # Said before a byte is read; the stream itself is counted too, since not everybody tells a length.
    limit = resources.settings.http.max_upload_bytes
    if int(request.headers.get("content-length", 0)) > limit + subtitle_files.MAX_BYTES + JSON_LIMIT:
        raise TooLarge(limit=readable_size(limit))
    form = _Form()
    try:
        async with open_form(request) as parts:
            async for part in parts:
                await _take(part, form, resources, user)
        video_id = await _make_video(form, resources, user)
    except Exception:
        # Nobody knows the key of a form's upload, so nobody could go on with it.
        if form.upload is not None:
            await discard_upload(resources, form.upload)
        raise
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)


async def _make_video(form: _Form, resources: Resources, user: User) -> UUID:
    if form.upload is None:
        raise BadInput(what="file", why="it is missing")
    return await create_video(
        resources, user_id=user.id, key=form.upload.key, title=form.title, subtitles=form.subtitles
    )


async def _take(part: FormPart, form: _Form, resources: Resources, user: User) -> None:
    """Take one field, whichever comes next."""
    match part.name:
        case "file" if form.upload is None:
            form.upload = await receive_upload(
                resources,
                user_id=user.id,
                filename=part.filename or "",
                content_type=part.content_type,
                chunks=part.chunks(),
            )
        case "subtitles" if form.subtitles is None:
            data = await part.read(subtitle_files.MAX_BYTES)
            # A form field that was left empty comes as a file without name and bytes.
            if data:
                form.subtitles = await read_subtitles(part.filename or "subtitles", data)
        case "title" if form.title is None:
            form.title = await part.text(_TITLE_LIMIT)
        case "file" | "subtitles" | "title":
            raise BadInput(what=part.name, why="it comes twice")
        case _:
            raise BadInput(what=part.name, why="it is not known here")
