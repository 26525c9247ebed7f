"""Make a video of a finished upload: look what it is, take it out of `temp/`, write the row.

May be asked again at any point, also twice at once: the upload's row fixes the video's id before anything
is moved, and whoever turns that row to `used` writes the video.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Upload, Video
from subiteya.db.moves import Why, note
from subiteya.domain.errors import NotAVideo, NotFound, StorageUnavailable, TooLarge, WrongState
from subiteya.domain.probe import Probe
from subiteya.domain.sizes import readable_size
from subiteya.domain.subtitles import SubtitleOrigin
from subiteya.media.probe import probe
from subiteya.services.announce_change import announce_change
from subiteya.services.read_subtitles import Subtitles
from subiteya.services.resources import Resources
from subiteya.services.start_upload import ANY_TYPE, source_key, video_id_of
from subiteya.storage import ObjectInfo
from subiteya.storage.errors import ObjectMissing, UploadIncomplete

PROBE_LIFE: Final = timedelta(minutes=5)
_LONGEST_TITLE: Final = 200
_TYPES: Final = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
}
"""Media type of each container that a probe may find."""


@dataclass(frozen=True, slots=True)
class _Source:
    """The bytes as they were looked at: where, which version, and what is in them."""

    info: ObjectInfo
    probe: Probe


async def create_video(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    key: str,
    filename: str | None = None,
    title: str | None = None,
    subtitles: Subtitles | None = None,
) -> uuid.UUID:
    """Make a video of the upload with this key; the same key always gives the same video.

    Args:
        resources: The process's connections.
        user_id: Whose upload.
        key: Its key.
        filename: Another name for the file than the upload's.
        title: The video's name; the file's when missing.
        subtitles: What came with it.

    Returns:
        The video's id.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: the upload is not finished, was aborted, or its video was deleted.
        UploadIncomplete: its bytes have not come, or not all.
        TooLarge: more bytes than we accept; they are removed.
        NotAVideo: no video that we can read; the bytes are removed.
        ObjectChanged: the bytes were replaced while we looked.
    """
    upload = await _reserve(resources, user_id, key)
    if upload.status == "used":
        return await _made_before(resources, upload)
    try:
        source = await _look(resources, upload)
    except (StorageUnavailable, ObjectMissing):
        # Somebody who asks at the same time may just have moved the bytes: then they are there.
        source = await _look(resources, upload)
    target = await resources.storage.copies.move_to_videos(
        upload.key, user_id=user_id, video_id=video_id_of(upload), if_match=_version(upload, source)
    )
    name = filename or upload.filename
    video = Video(
        id=video_id_of(upload),
        user_id=user_id,
        title=(title or "").strip()[:_LONGEST_TITLE] or PurePosixPath(name).stem[:_LONGEST_TITLE],
        filename=name,
        source_key=target.key,
        source_bytes=target.size,
        content_type=_TYPES.get(source.probe.container, ANY_TYPE),
        probe=source.probe.to_json(),
        subtitles=subtitles.text if subtitles else None,
        subtitles_name=subtitles.name if subtitles else None,
        subtitles_origin=SubtitleOrigin.FILE if subtitles else None,
    )
    async with resources.db.begin() as session:
        won = await _write(session, upload, video)
    if not won:
        return await _made_before(resources, upload)
    await announce_change(resources, video.id)
    return video.id


async def _reserve(resources: Resources, user_id: uuid.UUID, key: str) -> Upload:
    """The upload, with the id that its video has or will have."""
    async with resources.db.begin() as session:
        upload: Upload | None = await session.scalar(
            update(Upload)
            .where(Upload.key == key, Upload.user_id == user_id)
            .values(video_id=func.coalesce(Upload.video_id, uuid.uuid4()))
            .returning(Upload)
        )
    if upload is None:
        raise NotFound(what="upload")
    finished = {"completed", "used"} if upload.kind == "multipart" else {"open", "completed", "used"}
    if upload.status not in finished:
        raise WrongState(what="upload", state=upload.status)
    return upload


async def _look(resources: Resources, upload: Upload) -> _Source:
    """Find the bytes and say what they are; what is of no use is removed."""
    info = await _find_bytes(resources, upload)
    limit = resources.settings.http.max_upload_bytes
    if info.size > limit:
        await _refuse(resources, upload)
        raise TooLarge(limit=readable_size(limit))
    if upload.size_bytes not in (None, info.size):
        raise UploadIncomplete(
            what="upload", why=f"{upload.size_bytes} bytes were announced, {info.size} came"
        )
    address = await resources.storage.presign.download_here(info.key, life=PROBE_LIFE)
    try:
        return _Source(info, await probe(address.url))
    except NotAVideo:
        await _refuse(resources, upload)
        raise


async def _find_bytes(resources: Resources, upload: Upload) -> ObjectInfo:
    """Where the upload's bytes are: in `temp/`, or moved already by an attempt that did not finish."""
    for key in (upload.key, source_key(upload)):
        try:
            return await resources.storage.objects.head(key)
        except ObjectMissing:
            continue
    raise UploadIncomplete(what="upload", why="its bytes have not come")


async def _refuse(resources: Resources, upload: Upload) -> None:
    async with resources.db.begin() as session:
        await session.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.status.in_(["open", "completed"]))
            .values(status="aborted")
        )
    for key in (upload.key, source_key(upload)):
        await resources.storage.objects.delete(key)


async def _write(session: AsyncSession, upload: Upload, video: Video) -> bool:
    """Use the upload up and write the video, in one transaction; False when somebody else was faster."""
    won = await session.scalar(
        update(Upload)
        .where(Upload.id == upload.id, Upload.status.in_(["open", "completed"]))
        .values(status="used", size_bytes=video.source_bytes)
        .returning(Upload.id)
    )
    if won is None:
        return False
    session.add(video)
    await session.flush()
    detail = {"filename": video.filename, "bytes": video.source_bytes}
    await note(session, Why(f"user:{video.user_id}", "uploaded", detail=detail), video=video)
    return True


async def _made_before(resources: Resources, upload: Upload) -> uuid.UUID:
    """The video that this upload has become.

    Raises:
        WrongState: it was deleted since, or the upload was given up while we worked on it.
    """
    async with resources.db.begin() as session:
        status = await session.scalar(select(Upload.status).where(Upload.id == upload.id))
        video_id = await session.scalar(
            select(Video.id).where(Video.id == upload.video_id, Video.deleted_at.is_(None))
        )
    if status != "used":
        await resources.storage.objects.delete(source_key(upload))
    if video_id is None:
        raise WrongState(what="upload", state=status or "aborted")
    return video_id


def _version(upload: Upload, source: _Source) -> str | None:
    # A presigned PUT that has not expired can still replace what lies in `temp/`, but not in `videos/`.
    return source.info.etag if source.info.key == upload.key else None
