"""Make an asset of a finished upload: look what it is, take it out of `temp/`, write the row.

May be asked again at any point, also twice at once: the upload's id is the asset's, so everybody writes to
the same key, and whoever turns the upload to `used` writes the row.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, update

from subiteya.db.models import Asset, Upload
from subiteya.domain.assets import AssetKind
from subiteya.domain.errors import BadInput, NotFound, StorageUnavailable, TooLarge, WrongState
from subiteya.domain.keys import Area, ObjectKey
from subiteya.domain.sizes import readable_size
from subiteya.media.asset_file import AssetFacts, Sort, image_facts, media_facts, sort_of, table_facts
from subiteya.media.ingredients import ASSET_LIMITS
from subiteya.media.logo_image import HEAD
from subiteya.services.create_video import PROBE_LIFE
from subiteya.services.resources import Resources
from subiteya.services.start_upload import StartedUpload, clean_filename, start_upload
from subiteya.storage import ObjectInfo
from subiteya.storage.errors import ObjectChanged, ObjectMissing, UploadIncomplete

LARGEST: Final = max(ASSET_LIMITS.values())
_SETTLE: Final = timedelta(minutes=10)
"""An upload that is being looked at does not expire meanwhile."""
_LIMITS: Final = {
    Sort.IMAGE: ASSET_LIMITS["logo.key"],
    Sort.TABLE: ASSET_LIMITS["effects.lut_key"],
    Sort.MEDIA: LARGEST,
}


def limit_of(kind: AssetKind | None) -> int:
    """Most bytes of a file for this; of any file when nobody says what for."""
    return LARGEST if kind is None else ASSET_LIMITS[f"{kind.section}.{kind.name_in_section}"]


async def start_asset_upload(
    resources: Resources, *, user_id: uuid.UUID, filename: str, kind: AssetKind | None, size: int
) -> StartedUpload:
    """Sign one PUT of exactly this size for a file that shall become an asset.

    Raises:
        TooLarge: more bytes than such a file may have.
        BadInput: no bytes.
    """
    if size > limit_of(kind):
        raise TooLarge(limit=readable_size(limit_of(kind)))
    return await start_upload(resources, user_id=user_id, filename=filename, content_type="", size=size)


async def create_asset(
    resources: Resources, *, user_id: uuid.UUID, key: str, kind: AssetKind | None, filename: str | None = None
) -> Asset:
    """Make an asset of the upload with this key; the same key always gives the same asset.

    Args:
        resources: The process's connections.
        user_id: Whose upload.
        key: Its key.
        kind: What for; found out from the file when None.
        filename: Another name for the file than the upload's.

    Raises:
        NotFound: no such upload of theirs.
        WrongState: the upload is not finished, has expired, or has become something else.
        UploadIncomplete: its bytes have not come, or not all.
        BadInput: the file is of no use (TooLarge, BadImage, BadAsset …); its bytes are removed.
    """
    upload = await _reserve(resources, user_id, key)
    if upload.status == "used":
        return await _made_before(resources, upload)
    try:
        info = await resources.storage.objects.head(upload.key)
        found = await _look(resources, upload, info, kind)
        target = str(ObjectKey(Area.ASSETS, user_id, upload.id, None, found.ending))
        await resources.storage.copies.copy(upload.key, target, if_match=info.etag)
    except (ObjectMissing, ObjectChanged, StorageUnavailable) as error:
        # Who was faster has taken the bytes away while they were copied, or read by the probe over HTTP.
        return await _made_meanwhile(resources, upload, error)
    asset = Asset(
        id=upload.id,
        user_id=user_id,
        kind=found.kind,
        key=target,
        filename=clean_filename(filename) if filename else upload.filename,
        content_type=found.content_type,
        size_bytes=info.size,
        facts=found.facts,
    )
    async with resources.db.begin() as session:
        won = await session.scalar(
            update(Upload)
            .where(Upload.id == upload.id, Upload.status.in_(["open", "completed"]))
            .values(status="used", size_bytes=info.size)
            .returning(Upload.id)
        )
        if won is not None:
            session.add(asset)
            await session.flush()
            await session.refresh(asset)
    if won is None:
        return await _made_by_another(resources, upload, target)
    await resources.storage.objects.delete(upload.key)
    return asset


async def _reserve(resources: Resources, user_id: uuid.UUID, key: str) -> Upload:
    async with resources.db.begin() as session:
        upload: Upload | None = await session.scalar(
            update(Upload)
            .where(Upload.key == key, Upload.user_id == user_id)
            .where((Upload.expires_at > func.clock_timestamp()) | (Upload.status == "used"))
            .values(expires_at=func.greatest(Upload.expires_at, func.clock_timestamp() + _SETTLE))
            .returning(Upload)
        )
    if upload is None:
        raise NotFound(what="upload")
    finished = {"completed", "used"} if upload.kind == "multipart" else {"open", "completed", "used"}
    if upload.status not in finished:
        raise WrongState(what="upload", state=upload.status)
    return upload


async def _look(resources: Resources, upload: Upload, info: ObjectInfo, kind: AssetKind | None) -> AssetFacts:
    """What the bytes are; what is of no use is removed.

    Images and tables are read whole, which their limits keep small. Sound and clips are read in pieces by a
    process of its own, behind an address.
    """
    if upload.size_bytes not in (None, info.size):
        raise UploadIncomplete(
            what="upload", why=f"{upload.size_bytes} bytes were announced, {info.size} came"
        )
    objects = resources.storage.objects
    try:
        head = bytearray()
        async with aclosing(
            objects.get_stream(info.key, end=min(HEAD, info.size), if_match=info.etag)
        ) as read:
            async for chunk in read:
                head += chunk
        sort = sort_of(kind, bytes(head))
        limit = min(limit_of(kind), _LIMITS[sort])
        if info.size > limit:
            raise TooLarge(limit=readable_size(limit))
        if sort is Sort.MEDIA:
            address = await resources.storage.presign.download_here(info.key, life=PROBE_LIFE)
            found = await media_facts(kind, address.url)
        else:
            data = await objects.get_bytes(info.key, limit=limit)
            found = await asyncio.to_thread(image_facts if sort is Sort.IMAGE else table_facts, kind, data)
        if info.size > limit_of(found.kind):
            raise TooLarge(limit=readable_size(limit_of(found.kind)))
    except BadInput as error:
        if not isinstance(error, UploadIncomplete):
            await _refuse(resources, upload)
        raise
    return found


async def _refuse(resources: Resources, upload: Upload) -> None:
    async with resources.db.begin() as session:
        await session.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.status.in_(["open", "completed"]))
            .values(status="aborted")
        )
    await resources.storage.objects.delete(upload.key)


async def _made_meanwhile(
    resources: Resources, upload: Upload, error: ObjectMissing | ObjectChanged | StorageUnavailable
) -> Asset:
    """What somebody who asked at the same time has made of it, else why nothing can be made."""
    async with resources.db.begin() as session:
        status = await session.scalar(select(Upload.status).where(Upload.id == upload.id))
    if status == "used":
        return await _made_before(resources, upload)
    if isinstance(error, ObjectMissing):
        raise UploadIncomplete(what="upload", why="its bytes have not come") from error
    raise error


async def _made_by_another(resources: Resources, upload: Upload, target: str) -> Asset:
    """What whoever was faster has made of it.

    Raises:
        WrongState: nothing, or it was deleted since; our copy is removed.
    """
    try:
        return await _made_before(resources, upload)
    except WrongState:
        await resources.storage.objects.delete(target)
        raise


async def _made_before(resources: Resources, upload: Upload) -> Asset:
    async with resources.db.begin() as session:
        asset = await session.scalar(select(Asset).where(Asset.id == upload.id, Asset.deleted_at.is_(None)))
        status = await session.scalar(select(Upload.status).where(Upload.id == upload.id))
    if asset is None:
        raise WrongState(what="upload", state=status or "aborted")
    return asset
