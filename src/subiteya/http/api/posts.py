"""Posts: one video to one account."""

from __future__ import annotations

from fastapi import APIRouter

from subiteya.http import problems
from subiteya.http.api.bodies import QueueUpload, priority_of
from subiteya.http.api.schemas import VideoOut, video_out
from subiteya.http.api.videos import VideoId
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import queue_upload as posting
from subiteya.services.get_videos import get_video

router = APIRouter(prefix="/videos", tags=["videos"])


@router.post("/{video_id}/queue-upload", status_code=202, responses=problems.responses(404, 409))
async def queue_upload(
    video_id: VideoId, resources: ResourcesDep, user: CurrentUser, body: QueueUpload | None = None
) -> VideoOut:
    """Queue a post of the edited video to one account; its start is reserved in the account's window."""
    wish = body or QueueUpload()
    await posting.queue_upload(
        resources,
        user_id=user.id,
        video_id=video_id,
        account_id=wish.account_id,
        wish=posting.PostWish(
            caption=wish.caption,
            privacy_level=wish.privacy_level.value,
            disable_comment=wish.disable_comment,
            disable_duet=wish.disable_duet,
            disable_stitch=wish.disable_stitch,
            cover_ms=wish.cover_ms,
            brand_content=wish.brand_content,
            brand_organic=wish.brand_organic,
            is_aigc=wish.is_aigc,
        ),
        priority=priority_of(wish.priority),
    )
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)
