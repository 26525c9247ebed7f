"""Prepare for previews that somebody is about to ask for: the first one of a clip need not be the slowest."""

from __future__ import annotations

import uuid
from typing import Final

import structlog

from subiteya.domain.errors import SubiteyaError
from subiteya.services.get_videos import get_video
from subiteya.services.preview_pattern import Previews
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

AFTER_UPLOAD: Final = 2
"""Most videos that are prepared because they were brought in, while nobody has looked at any of them."""
AFTER_CHECK: Final = 4
"""The same when somebody has asked what TikTok would say: that is a look at this very video."""
_LARGEST: Final = 512 * 1024**2


async def foresee_preview(
    resources: Resources, previews: Previews, *, user_id: uuid.UUID, video_id: uuid.UUID, most: int
) -> None:
    """Begin what makes previews of a video fast. Does nothing for a source that is large to fetch.

    Args:
        resources: The process's connections.
        previews: Who draws them.
        user_id: Whose video.
        video_id: Which.
        most: Nothing is done while so many are prepared that nobody has looked at.
    """
    try:
        video = (await get_video(resources, user_id=user_id, video_id=video_id)).video
        if video.source_bytes <= _LARGEST:
            await previews.foresee(resources, video, most)
    except SubiteyaError as error:
        log.warning("a preview cannot be prepared now", video=str(video_id), code=error.code)
