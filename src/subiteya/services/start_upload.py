"""Promise a key in `temp/` to a user: for one presigned PUT, or for an upload in parts."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, Literal

from subiteya.db.models import Upload
from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.keys import VideoFile, extension_of, parse_key, temp_key, video_key
from subiteya.domain.sizes import readable_size
from subiteya.services.resources import Resources
from subiteya.storage import PresignedRequest
from subiteya.storage.parts import MAX_SINGLE_PUT

UPLOAD_LIFE: Final = timedelta(days=1)
"""As long as the bucket keeps what lies in `temp/`."""
_LONGEST_NAME: Final = 200
_LONGEST_SUFFIX: Final = 16
_JOINERS: Final = frozenset("\u200c\u200d")
_VIDEO_TYPE: Final = re.compile(r"video/[a-z0-9][a-z0-9.+-]{0,63}")
ANY_TYPE: Final = "application/octet-stream"


class UseMultipart(TooLarge):
    """The file is allowed, but more than one PUT can carry."""

    code = "use_multipart"
    message = "One request carries at most {limit}. Send larger files in parts, through /api/s3/multipart."


@dataclass(frozen=True, slots=True)
class StartedUpload:
    """A key promised to a user, and the request that fills it."""

    upload: Upload
    request: PresignedRequest


async def start_upload(
    resources: Resources, *, user_id: uuid.UUID, filename: str, content_type: str, size: int
) -> StartedUpload:
    """Promise a key and sign one PUT for it, with exactly this size and type, for 15 minutes.

    Args:
        resources: The process's connections.
        user_id: Who uploads.
        filename: As the user calls it.
        content_type: As the browser calls it; what is no video type becomes `application/octet-stream`.
        size: Bytes.

    Raises:
        TooLarge: more bytes than we accept.
        UseMultipart: more bytes than one PUT carries.
        BadInput: no bytes.
    """
    check_size(resources, size)
    if size > MAX_SINGLE_PUT:
        raise UseMultipart(limit=readable_size(MAX_SINGLE_PUT))
    upload = new_upload("put", user_id=user_id, filename=filename, content_type=content_type, size=size)
    request = await resources.storage.presign.upload(upload.key, size=size, content_type=upload.content_type)
    async with resources.db.begin() as session:
        session.add(upload)
    return StartedUpload(upload, request)


async def start_multipart(
    resources: Resources, *, user_id: uuid.UUID, filename: str, content_type: str, size: int
) -> Upload:
    """Promise a key and begin an upload in equal parts; `part_size` of the row says how large they are.

    Raises:
        TooLarge: more bytes than we accept.
        BadInput: no bytes.
    """
    check_size(resources, size)
    upload = new_upload("multipart", user_id=user_id, filename=filename, content_type=content_type, size=size)
    opened = await resources.storage.multipart.create(upload.key, size=size, content_type=upload.content_type)
    upload.s3_upload_id = opened.upload_id
    upload.part_size = opened.part_size
    try:
        async with resources.db.begin() as session:
            session.add(upload)
    except BaseException:
        await resources.storage.multipart.abort(opened)
        raise
    return upload


def new_upload(
    kind: Literal["put", "multipart", "form"],
    *,
    user_id: uuid.UUID,
    filename: str,
    content_type: str,
    size: int | None,
) -> Upload:
    """A row for a fresh key of this user; the caller stores it."""
    name = clean_filename(filename)
    return Upload(
        id=uuid.uuid4(),
        user_id=user_id,
        key=temp_key(user_id, extension_of(name)),
        kind=kind,
        filename=name,
        content_type=claimed_type(content_type),
        size_bytes=size,
        status="open",
        expires_at=datetime.now(UTC) + UPLOAD_LIFE,
    )


def video_id_of(upload: Upload) -> uuid.UUID:
    """The id that the upload's video has or will have; fixed before anything is moved."""
    if upload.video_id is None:
        raise TypeError(f"upload {upload.id} has no video yet")
    return upload.video_id


def source_key(upload: Upload) -> str:
    """Where the upload's bytes go when it becomes a video."""
    extension = parse_key(upload.key).extension
    return video_key(upload.user_id, video_id_of(upload), VideoFile.SOURCE, extension)


def check_size(resources: Resources, size: int) -> None:
    """Refuse what we would not accept anyway, before a byte is sent.

    Raises:
        TooLarge: more bytes than we accept.
        BadInput: none at all.
    """
    if size < 1:
        raise BadInput(what="size", why="the file is empty")
    limit = resources.settings.http.max_upload_bytes
    if size > limit:
        raise TooLarge(limit=readable_size(limit))


def clean_filename(filename: str) -> str:
    """The name without folders, invisible characters and excess; `video` when nothing is left."""
    base = PurePosixPath(filename.replace("\\", "/")).name
    # Joiners stay: they are part of many an emoji. Direction marks go: they can make `exe` look like `mp4`.
    shown = "".join(
        char for char in base if char in _JOINERS or not unicodedata.category(char).startswith("C")
    ).strip()
    if len(shown) > _LONGEST_NAME:
        whole = PurePosixPath(shown)
        suffix = whole.suffix[:_LONGEST_SUFFIX]
        shown = whole.stem[: _LONGEST_NAME - len(suffix)] + suffix
    return shown if shown.strip(".") else "video"


def claimed_type(content_type: str) -> str:
    """The sender's word for the type, when it is a video's; it is a claim, and what is inside decides."""
    plain = content_type.partition(";")[0].strip().lower()
    return plain if _VIDEO_TYPE.fullmatch(plain) else ANY_TYPE
