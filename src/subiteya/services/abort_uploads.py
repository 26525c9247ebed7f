"""Multipart uploads whose process died in the middle: their parts are billed, and no row leads to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from subiteya.domain.keys import Area
from subiteya.services.resources import Resources
from subiteya.storage.errors import StorageDenied

log = structlog.get_logger(__name__)

LONGEST_UPLOAD: Final = timedelta(days=1)
"""What was begun earlier belongs to nobody any more: an upload's row has expired, an edit has ended."""


async def abort_uploads(resources: Resources, now: datetime) -> int:
    """Abort what was begun below our own prefixes more than a day before `now`; returns how many.

    A bucket may hold other things than ours, and those are left alone. The bucket's own rule does the same;
    not every S3 server runs it. A key that may not list uploads (`s3:ListBucketMultipartUploads`) leaves it
    to that rule.

    Raises:
        StorageUnavailable: S3 does not answer.
    """
    try:
        multipart, before = resources.storage.multipart, now - LONGEST_UPLOAD
        count = sum([await multipart.abort_unfinished(before, f"{area}/") for area in Area])
    except StorageDenied:
        log.info("unfinished uploads are left to the bucket's own rule: our key may not list them")
        return 0
    if count:
        log.info("aborted unfinished uploads", count=count)
    return count
