"""Take a file's bytes as they come in and put them into `temp/`: no copy in memory or on disk."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from sqlalchemy import delete, update

from subiteya.db.models import Upload
from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.keys import Area, user_prefix
from subiteya.domain.sizes import readable_size
from subiteya.services.resources import Resources
from subiteya.services.start_upload import new_upload, source_key

PARTS_IN_FLIGHT: Final = 2
"""Of 8 MiB each, for every form that is being received at the same time."""


async def receive_upload(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    filename: str,
    content_type: str,
    chunks: AsyncIterable[bytes],
    limit: int | None = None,
) -> Upload:
    """Store a stream of unknown length.

    When the stream breaks, is too large, or anything else goes wrong, neither bytes nor a row stay behind.
    Should the process die in the middle, the row tells the sweep what to remove.

    Args:
        resources: The process's connections.
        user_id: Who uploads.
        filename: As the user calls it.
        content_type: As the sender calls it.
        chunks: The bytes.
        limit: Most bytes; what a video may have when None.

    Raises:
        TooLarge: more bytes came than we accept.
        BadInput: none came.
    """
    upload = new_upload("form", user_id=user_id, filename=filename, content_type=content_type, size=None)
    async with resources.db.begin() as session:
        session.add(upload)
    limit = resources.settings.http.max_upload_bytes if limit is None else limit
    try:
        info = await resources.storage.objects.put_stream(
            upload.key,
            _limited(chunks, limit),
            content_type=upload.content_type,
            at_most=limit,
            concurrency=PARTS_IN_FLIGHT,
        )
    except Exception:
        await discard_upload(resources, upload)
        raise
    upload.size_bytes, upload.status = info.size, "completed"
    async with resources.db.begin() as session:
        await session.execute(
            update(Upload)
            .where(Upload.id == upload.id)
            .values(size_bytes=upload.size_bytes, status=upload.status)
        )
    return upload


async def discard_upload(resources: Resources, upload: Upload) -> None:
    """Remove what a form brought that is of no use: its bytes, then its row. What was made of it stays."""
    async with resources.db.begin() as session:
        row = await session.get(Upload, upload.id)
    if row is None or row.status == "used":
        return
    await resources.storage.objects.delete(row.key)
    if row.video_id is not None:
        await resources.storage.objects.delete(source_key(row))
    await drop_half_made_asset(resources, row)
    async with resources.db.begin() as session:
        await session.execute(delete(Upload).where(Upload.id == row.id))


async def drop_half_made_asset(resources: Resources, upload: Upload) -> None:
    """Remove what was copied of an unused upload to become an asset, and got no row."""
    prefix = f"{user_prefix(Area.ASSETS, upload.user_id)}{upload.id}"
    async for key in resources.storage.objects.list_keys(prefix):
        await resources.storage.objects.delete(key)


async def _limited(chunks: AsyncIterable[bytes], limit: int) -> AsyncIterator[bytes]:
    came = 0
    async for chunk in chunks:
        came += len(chunk)
        if came > limit:
            raise TooLarge(limit=readable_size(limit))
        yield chunk
    if not came:
        raise BadInput(what="file", why="it is empty")
