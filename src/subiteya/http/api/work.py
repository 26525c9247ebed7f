"""What is queued or running for a video: call it off, repeat it, let it go first."""

from __future__ import annotations

from fastapi import APIRouter

from subiteya.http import problems
from subiteya.http.api.bodies import Body, PriorityName, priority_of
from subiteya.http.api.schemas import VideoOut, video_out
from subiteya.http.api.videos import VideoId
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services.cancel_work import cancel_video_work
from subiteya.services.change_priority import change_priority
from subiteya.services.get_videos import get_video
from subiteya.services.rerun_job import rerun_edit

router = APIRouter(prefix="/videos", tags=["videos"])


class NewPriority(Body):
    """Who goes first: a job of a higher priority is taken before those of lower ones."""

    priority: PriorityName


@router.post("/{video_id}/cancel", responses=problems.responses(404, 409))
async def cancel_work(video_id: VideoId, resources: ResourcesDep, user: CurrentUser) -> VideoOut:
    """Call off the video's edit, also a running one, and its posts; refused once TikTok is getting one."""
    await cancel_video_work(resources, user_id=user.id, video_id=video_id)
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)


@router.post("/{video_id}/retry", status_code=202, responses=problems.responses(404, 409))
async def retry_edit(video_id: VideoId, resources: ResourcesDep, user: CurrentUser) -> VideoOut:
    """Edit the video once more as it was confirmed, with fresh attempts; refused while posts rely on it."""
    await rerun_edit(resources, user_id=user.id, video_id=video_id)
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)


@router.put("/{video_id}/priority", responses=problems.responses(404, 409))
async def put_priority(
    video_id: VideoId, body: NewPriority, resources: ResourcesDep, user: CurrentUser
) -> VideoOut:
    """Let everything that waits for the video go earlier, or later, than what else waits."""
    await change_priority(resources, user_id=user.id, video_id=video_id, priority=priority_of(body.priority))
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)
