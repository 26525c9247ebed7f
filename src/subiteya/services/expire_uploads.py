"""Uploads that nobody finished: give their storage back."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import func, select, update

from subiteya.db.models import Upload
from subiteya.services.receive_upload import drop_half_made_asset
from subiteya.services.resources import Resources
from subiteya.storage import OpenUpload

log = structlog.get_logger(__name__)

BATCH = 50
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""A used upload stays used, so that its key still leads to its video; there is nothing left to expire."""


async def expire_uploads(resources: Resources) -> int:
    """Abort and delete what belongs to uploads that ran out, then say so in their rows.

    Uploads that became a video are among them: their presigned address may have been used once more since.
    The bucket's own rule for `temp/` is the second net; a server of one's own may run it once a day only.

    Returns:
        How many ran out.
    """
    async with resources.db.begin() as session:
        rows = list(
            await session.scalars(
                select(Upload)
                .where(
                    Upload.status.in_(["open", "completed", "used"]),
                    Upload.expires_at < func.clock_timestamp(),
                )
                .limit(BATCH)
            )
        )
    for upload in rows:
        if upload.s3_upload_id is not None:
            open_upload = OpenUpload(
                upload.key, upload.s3_upload_id, upload.size_bytes or 0, upload.part_size or 0
            )
            await resources.storage.multipart.abort(open_upload)
        await resources.storage.objects.delete(upload.key)
        if upload.status != "used":
            await drop_half_made_asset(resources, upload)
        async with resources.db.begin() as session:
            await session.execute(
                update(Upload)
                .where(Upload.id == upload.id, Upload.status == upload.status)
                .values({"expires_at": NEVER} if upload.status == "used" else {"status": "expired"})
            )
    if rows:
        log.info("uploads ran out", count=len(rows))
    return len(rows)
