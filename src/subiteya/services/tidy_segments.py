"""Remove segments of shared edits that no edit waits for any more: joined, given up, called off or deleted.

By the rows and nothing else, so it makes no difference who died on the way. Twice: a worker that does not
know yet that its segment is called off may be storing it at this moment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from subiteya.db import jobs, segments
from subiteya.domain.errors import StorageUnavailable
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

LEASES: Final = 2
"""So many leases later nobody stores it any more: who cannot renew its lease has stopped."""


async def tidy_segments(resources: Resources) -> int:
    """Remove their files, and at the second time their rows.

    Returns:
        How many were removed.
    """
    rest = timedelta(seconds=LEASES * resources.settings.jobs.lease_seconds)
    async with resources.db.begin() as session:
        left = await segments.left_over(session, rest)
        for segment in left:
            await jobs.cancel(session, segment.job_id)
    try:
        for segment in left:
            await resources.storage.objects.delete(segment.key)
    except StorageUnavailable:
        log.warning("segments that nobody needs stay until the storage answers", segments=len(left))
        return 0
    if left:
        async with resources.db.begin() as session:
            await segments.cleared(session, left)
    return len(left)
