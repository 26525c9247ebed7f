"""Delete a video: call its work off, take it out of sight, remove its files."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update

from subiteya.db.models import Video
from subiteya.db.moves import Why, note
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.keys import video_prefix
from subiteya.services.announce_change import announce_change
from subiteya.services.cancel_work import cancel_video_work
from subiteya.services.resources import Resources


async def delete_video(resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID) -> None:
    """Delete a video of theirs. Its row and timeline stay, out of sight; asking again removes what is left.

    Raises:
        NotFound: no such video of theirs.
        WrongState: a post is on its way to TikTok.
        StorageUnavailable: it is out of sight, but its files may still be there; ask again.
    """
    async with resources.db.begin() as session:
        known = await session.execute(
            select(Video.deleted_at).where(Video.id == video_id, Video.user_id == user_id)
        )
        row = known.one_or_none()
    if row is None:
        raise NotFound(what="video")
    if row.deleted_at is None:
        cancelled = await cancel_video_work(resources, user_id=user_id, video_id=video_id)
        await _take_out_of_sight(resources, user_id, cancelled)
    await resources.storage.objects.delete_prefix(video_prefix(user_id, video_id))
    await announce_change(resources, video_id)


async def _take_out_of_sight(resources: Resources, user_id: uuid.UUID, cancelled: Video) -> None:
    async with resources.db.begin() as session:
        # Only as it was left when its work was called off: somebody may have queued it anew since.
        gone = await session.scalar(
            update(Video)
            .where(Video.id == cancelled.id, Video.version == cancelled.version)
            .values(deleted_at=func.now())
            .returning(Video.id)
        )
        if gone is None:
            raise WrongState(what="video", state="changing")
        await note(session, Why(f"user:{user_id}", "deleted"), video=cancelled)
