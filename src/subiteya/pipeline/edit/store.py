"""A clip's way into storage, and what is written down of it."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import structlog
from sqlalchemy import func, update

from subiteya.db.models import Video
from subiteya.db.moves import note
from subiteya.domain.errors import LostTheJob, StorageUnavailable
from subiteya.domain.keys import VideoFile, video_key
from subiteya.media.graph import EditPlan
from subiteya.pipeline.edit.versions import Making
from subiteya.pipeline.journey import Run
from subiteya.pipeline.patience import patiently
from subiteya.storage import ObjectInfo

log = structlog.get_logger(__name__)


async def fingerprint(run: Run, video: Video, source: Path) -> None:
    """Write down the SHA-256 of the source's bytes, once: however it was uploaded, all of it is here now."""
    if video.source_sha256 is None:
        digest = await asyncio.to_thread(_sha256, source)
        async with run.db.begin() as session:
            await session.execute(
                update(Video)
                .where(Video.id == video.id, Video.source_sha256.is_(None))
                .values(source_sha256=digest)
            )


def _sha256(source: Path) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def send(run: Run, making: Making, plan: EditPlan) -> ObjectInfo:
    """Bring the clip at `plan.output` into storage."""
    key = _key(run, making, plan.output.suffix)
    return await run.tools.storage.files.upload(plan.output, key, content_type=plan.content_type)


async def keep(run: Run, making: Making, info: ObjectInfo, seconds: float) -> None:
    """Write down what was stored, and remove what it replaces.

    Raises:
        LostTheJob: called off or taken over while it was stored; the object is gone again.
    """
    try:
        await patiently(lambda: _write(run, making, info, seconds))
    except LostTheJob:
        # Nobody will ever ask for this object.
        await _drop(run, info.key)
        raise
    replaced = making.row.edited_key
    if replaced is not None and replaced != info.key:
        await _drop(run, replaced)


async def _write(run: Run, making: Making, info: ObjectInfo, seconds: float) -> None:
    """Under the fence: a late writer's object is not what the row means."""
    row = type(making.row)
    async with run.db.begin() as session:
        await run.fence(session)
        await session.execute(
            update(row)
            .where(row.id == making.row.id)
            .values(edited_key=info.key, edited_bytes=info.size, edited_etag=info.etag, edited_at=func.now())
        )
        told = {"bytes": info.size, "ffmpeg_seconds": round(seconds, 2)} | making.detail
        await note(session, run.why("stored", **told), video=making.video)


def _key(run: Run, making: Making, suffix: str) -> str:
    """A key that no other attempt writes to: a worker that was thought dead may still be storing."""
    video, take = making.video, run.claim.run * 1000 + run.claim.attempt
    render = making.render.id if making.render is not None else None
    return video_key(video.user_id, video.id, VideoFile.EDITED, suffix, take=take, render=render)


async def _drop(run: Run, key: str) -> None:
    try:
        await run.tools.storage.objects.delete(key)
    except StorageUnavailable:
        log.info("an edit that nobody needs stays until the bucket's own rule removes it", key=key)
