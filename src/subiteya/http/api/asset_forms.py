"""A file for patterns that comes in a form: streamed into the storage, looked at, kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from subiteya.db.models import Asset, Upload, User
from subiteya.domain.assets import AssetKind
from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.sizes import readable_size
from subiteya.http.api.forms import FormPart, open_form
from subiteya.services.create_asset import create_asset, limit_of
from subiteya.services.receive_upload import discard_upload, receive_upload
from subiteya.services.resources import Resources

_FORM_EXTRA: Final = 64 * 1024
_LONGEST_WORD: Final = 100
_WHAT: Final = (
    "Logo and background: PNG, JPEG or WebP, at most 10 MB and 40 million pixels. Colour table: .cube,"
    " 12 MB. Music: MP3, M4A, AAC, WAV, Ogg or FLAC, 64 MB, an hour. Intro and outro: MP4, MOV, WebM, MKV or"
    " an image, 512 MB, two minutes."
)


@dataclass(slots=True)
class _Form:
    upload: Upload | None = None
    kind: AssetKind | None = None


def form_schema(*, with_kind: bool) -> dict[str, Any]:
    """For the API's description."""
    properties: dict[str, Any] = {"file": {"type": "string", "format": "binary", "description": _WHAT}}
    if with_kind:
        properties["kind"] = {
            "type": "string",
            "enum": [one.value for one in AssetKind],
            "description": "Found out from the file when left out.",
        }
    return {"schema": {"type": "object", "required": ["file"], "properties": properties}}


async def asset_of_form(
    request: Request, resources: Resources, user: User, kind: AssetKind | None = None
) -> Asset:
    """Keep the file of a form.

    Args:
        request: Whose body is read here.
        resources: The process's connections.
        user: Who sends it.
        kind: What for; a field of the form may say it when None.

    Raises:
        WrongType: the request carries no form.
        TooLarge: more bytes than such a file may have.
        BadInput: a field is missing, unknown or comes twice, or the file is of no use for this.
    """
    limit = limit_of(kind)
    # Said before a byte is read; the stream itself is counted too, since not everybody tells a length.
    if int(request.headers.get("content-length", 0)) > limit + _FORM_EXTRA:
        raise TooLarge(limit=readable_size(limit))
    form = _Form(kind=kind)
    try:
        async with open_form(request) as parts:
            async for part in parts:
                await _take(part, form, resources, user, with_kind=kind is None)
        return await _keep(form, resources, user)
    except Exception:
        # Nobody knows the key of a form's upload, so nobody could go on with it.
        if form.upload is not None:
            await discard_upload(resources, form.upload)
        raise


async def _keep(form: _Form, resources: Resources, user: User) -> Asset:
    if form.upload is None:
        raise BadInput(what="file", why="it is missing")
    return await create_asset(resources, user_id=user.id, key=form.upload.key, kind=form.kind)


async def _take(part: FormPart, form: _Form, resources: Resources, user: User, *, with_kind: bool) -> None:
    """Take one field, whichever comes next."""
    match part.name:
        case "file" if form.upload is None:
            form.upload = await receive_upload(
                resources,
                user_id=user.id,
                filename=part.filename or "",
                content_type=part.content_type,
                chunks=part.chunks(),
                limit=limit_of(form.kind),
            )
        case "kind" if with_kind and form.kind is None:
            word = await part.text(_LONGEST_WORD)
            if word not in set(AssetKind):
                raise BadInput(what="kind", why="it is none of the allowed values")
            form.kind = AssetKind(word)
        case "file":
            raise BadInput(what="file", why="it comes twice")
        case "kind" if with_kind:
            raise BadInput(what="kind", why="it comes twice")
        case _:
            raise BadInput(what=part.name, why="it is not known here")
