"""A video's timeline: its event rows in order."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from subiteya.db.models import Event, Video
from subiteya.domain.errors import NotFound
from subiteya.services.resources import Resources


async def get_timeline(
    resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID, after: int = 0, limit: int = 500
) -> list[Event]:
    """Events of a video and its posts, oldest first.

    Args:
        resources: The process's connections.
        user_id: Whose video.
        video_id: Which.
        after: Only events with a larger id.
        limit: At most so many.

    Raises:
        NotFound: no such video of theirs.
    """
    async with resources.db.begin() as session:
        known = await session.scalar(
            select(Video.id).where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
        )
        if known is None:
            raise NotFound(what="video")
        rows = await session.scalars(
            select(Event)
            .where(Event.video_id == video_id, Event.user_id == user_id, Event.id > after)
            .order_by(Event.id)
            .limit(limit)
        )
        return list(rows)
