"""Tell the open pages that a video changed without a BullMQ job: made, renamed, deleted, cancelled."""

from __future__ import annotations

import uuid

import structlog

from subiteya.domain.errors import QueueUnavailable
from subiteya.queue.events import announce
from subiteya.queue.names import edit_job_id
from subiteya.services.resources import Resources

_log = structlog.get_logger(__name__)


async def announce_change(resources: Resources, video_id: uuid.UUID) -> None:
    """Let every api process show the video as it is now; one Redis command. Call it after commit.

    Never fails: without Redis the api processes look into the rows by themselves, only more slowly.
    """
    try:
        await announce(resources.queues, edit_job_id(video_id))
    except QueueUnavailable:
        _log.warning("open pages learn of a change late: the queue does not answer", video_id=str(video_id))
