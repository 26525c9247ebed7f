"""An upload in parts that is under way: sign parts, say which are there, join them, give it up.

The client knows an upload by the id of its row, never by S3's own id: what is not in a row of this user
does not exist for them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update

from subiteya.db.models import Upload
from subiteya.domain.errors import NotFound, WrongState
from subiteya.services.resources import Resources
from subiteya.storage import OpenUpload, PresignedRequest, StoredPart


async def sign_parts(
    resources: Resources, *, user_id: uuid.UUID, upload_id: uuid.UUID, key: str, numbers: Sequence[int]
) -> Mapping[int, PresignedRequest]:
    """A presigned PUT for each of these parts, with its exact size, for 15 minutes.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: it is not open any more.
        BadInput: no such part.
    """
    upload = await _find(resources, user_id, upload_id, key)
    _require_open(upload)
    opened = _opened(upload)
    return {number: await resources.storage.multipart.sign_part(opened, number) for number in numbers}


async def list_parts(
    resources: Resources, *, user_id: uuid.UUID, upload_id: uuid.UUID, key: str
) -> list[StoredPart]:
    """The parts that S3 has; a resumed upload sends the others.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: it is not open any more.
        UploadMissing: S3 has forgotten it.
    """
    upload = await _find(resources, user_id, upload_id, key)
    _require_open(upload)
    return await resources.storage.multipart.list_parts(_opened(upload))


async def complete_upload(
    resources: Resources, *, user_id: uuid.UUID, upload_id: uuid.UUID, key: str, etags: Mapping[int, str]
) -> Upload:
    """Check the parts against what was announced and join them. Asking again gives the same answer.

    Args:
        resources: The process's connections.
        user_id: Whose upload.
        upload_id: Which.
        key: Its key, as given at the start.
        etags: What the client saw, by part number; S3's own list decides.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: it was aborted or has expired.
        UploadIncomplete: parts are missing or not what was announced; the upload stays open for them.
        UploadMissing: S3 has forgotten it.
    """
    upload = await _find(resources, user_id, upload_id, key)
    if upload.status in {"completed", "used"}:
        return upload
    _require_open(upload)
    await resources.storage.multipart.complete(_opened(upload), etags)
    async with resources.db.begin() as session:
        await session.execute(
            update(Upload).where(Upload.id == upload.id, Upload.status == "open").values(status="completed")
        )
    return upload


async def abort_upload(resources: Resources, *, user_id: uuid.UUID, upload_id: uuid.UUID, key: str) -> None:
    """Give an upload up and free its bytes. Asking again is harmless.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: it has become a video.
    """
    upload = await _find(resources, user_id, upload_id, key)
    async with resources.db.begin() as session:
        # The row first: nobody may make a video of it while its bytes go.
        await session.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.status.in_(["open", "completed"]))
            .values(status="aborted")
        )
        status = await session.scalar(select(Upload.status).where(Upload.id == upload.id))
    if status == "used":
        raise WrongState(what="upload", state="used")
    await resources.storage.multipart.abort(_opened(upload))
    await resources.storage.objects.delete(upload.key)


async def _find(resources: Resources, user_id: uuid.UUID, upload_id: uuid.UUID, key: str) -> Upload:
    async with resources.db.begin() as session:
        upload = await session.scalar(
            select(Upload).where(
                Upload.id == upload_id,
                Upload.user_id == user_id,
                Upload.key == key,
                Upload.kind == "multipart",
            )
        )
    if upload is None:
        raise NotFound(what="upload")
    return upload


def _require_open(upload: Upload) -> None:
    if upload.status != "open":
        raise WrongState(what="upload", state=upload.status)


def _opened(upload: Upload) -> OpenUpload:
    """The row as the storage knows it; rows of this kind have all of it."""
    if upload.s3_upload_id is None or upload.size_bytes is None or upload.part_size is None:
        raise TypeError(f"upload {upload.id} is not one in parts")
    return OpenUpload(upload.key, upload.s3_upload_id, upload.size_bytes, upload.part_size)
