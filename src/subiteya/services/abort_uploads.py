"""Multipart uploads whose process died in the middle: their parts are billed, and no row leads to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from subiteya.services.resources import Resources
from subiteya.storage.errors import StorageDenied

log = structlog.get_logger(__name__)

LONGEST_UPLOAD: Final = timedelta(days=1)
"""What was begun earlier belongs to nobody any more: an upload's row expires sooner, and so does an edit."""


async def abort_uploads(resources: Resources, now: datetime) -> int:
    """Abort what was begun more than a day before `now`, and say how many there were.

    The bucket's own rule does the same; not every S3 server runs it. A key that may not list uploads
    (`s3:ListBucketMultipartUploads`) leaves it to that rule.

    Raises:
        StorageUnavailable: S3 does not answer.
    """
    try:
        count = await resources.storage.multipart.abort_unfinished(now - LONGEST_UPLOAD)
    except StorageDenied:
        log.info("unfinished uploads are left to the bucket's own rule: our key may not list them")
        return 0
    if count:
        log.info("aborted unfinished uploads", count=count)
    return count
