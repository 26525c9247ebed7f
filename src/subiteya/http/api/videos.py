"""Videos: list, look, confirm, download, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from subiteya.domain.keys import VideoFile
from subiteya.domain.states import VideoStatus
from subiteya.http import problems
from subiteya.http.api.bodies import ConfirmVideo, priority_of
from subiteya.http.api.schemas import EventOut, VideoOut, event_out, video_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import confirm_video as confirming
from subiteya.services import delete_video as deleting
from subiteya.services import download_video as downloading
from subiteya.services import get_videos as loading
from subiteya.services.get_timeline import get_timeline

router = APIRouter(prefix="/videos", tags=["videos"])

VideoId = Annotated[UUID, Path(description="A video of yours.")]
SUBTITLES_LIMIT = 4 * 1024**2
"""Bytes of a request with subtitles of 2 MiB and the escapes of JSON."""


class VideosOut(BaseModel):
    """A page of videos, newest first."""

    videos: list[VideoOut]
    cursor: str | None = Field(
        description="For the next page; null on the last one.",
        examples=["MjAyNi0xMS0wNVQxNDozMjowMCswMDowMCA4ZjBjN2E1Mg=="],
    )


class TimelineOut(BaseModel):
    """What happened to a video and its posts, oldest first."""

    events: list[EventOut]


class DownloadOut(BaseModel):
    """Where a file can be fetched without signing in, until it expires."""

    url: str = Field(
        description="A secret until it expires.",
        examples=["https://s3.example.com/subiteya-videos/videos/…?X-Amz-Signature=…"],
    )
    expires_at: datetime = Field(examples=["2026-11-05T15:32:00Z"])


@router.get("")
async def list_videos(
    resources: ResourcesDep,
    user: CurrentUser,
    status: Annotated[list[VideoStatus] | None, Query(description="Only these; may be repeated.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="From the page before.", max_length=200)] = None,
) -> VideosOut:
    """Your videos, newest first, page by page."""
    page = await loading.list_videos(
        resources, user_id=user.id, statuses=status or (), limit=limit, cursor=cursor
    )
    return VideosOut(videos=[video_out(view, user.locale) for view in page.videos], cursor=page.cursor)


@router.get("/{video_id}", responses=problems.responses(404))
async def get_video(video_id: VideoId, resources: ResourcesDep, user: CurrentUser) -> VideoOut:
    """One video with its posts."""
    return video_out(await loading.get_video(resources, user_id=user.id, video_id=video_id), user.locale)


@router.get("/{video_id}/events", responses=problems.responses(404))
async def timeline(
    video_id: VideoId,
    resources: ResourcesDep,
    user: CurrentUser,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Only events with a larger id.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> TimelineOut:
    """The timeline of a video: who did what, when and why."""
    events = await get_timeline(resources, user_id=user.id, video_id=video_id, after=after, limit=limit)
    return TimelineOut(events=[event_out(event) for event in events])


@router.post("/{video_id}/confirm", status_code=202, responses=problems.responses(404, 409))
async def confirm(
    video_id: VideoId, resources: ResourcesDep, user: CurrentUser, body: ConfirmVideo | None = None
) -> VideoOut:
    """Freeze the brand pattern, and those of the accounts it is for, into the video and queue its edit."""
    wish = body or ConfirmVideo()
    await confirming.confirm_video(
        resources,
        user_id=user.id,
        video_id=video_id,
        pattern_id=wish.pattern_id,
        spec=wish.spec.model_dump(mode="json", exclude_unset=True) if wish.spec else None,
        account_ids=wish.account_ids,
        priority=priority_of(wish.priority),
    )
    return video_out(await loading.get_video(resources, user_id=user.id, video_id=video_id), user.locale)


@router.get(
    "/{video_id}/download",
    responses=problems.responses(404, 409)
    | {307: {"description": "With `redirect=1`: to the file, under its name."}},
    response_model=DownloadOut,
)
async def download(  # noqa: PLR0917 - FastAPI reads them by name
    video_id: VideoId,
    resources: ResourcesDep,
    user: CurrentUser,
    which: Annotated[
        VideoFile | None, Query(description="The edited clip when there is one, when left out.")
    ] = None,
    account_id: Annotated[
        UUID | None, Query(description="The edited clip as this account gets it; else the video's own.")
    ] = None,
    redirect: Annotated[bool, Query(description="Go there at once instead of telling where.")] = False,
) -> DownloadOut | Response:
    """An address for an hour from which anybody can download the clip."""
    signed = await downloading.download_video(
        resources, user_id=user.id, video_id=video_id, which=which, account_id=account_id
    )
    if redirect:
        return RedirectResponse(signed.url, status_code=307, headers={"Cache-Control": "no-store"})
    return DownloadOut(url=signed.url, expires_at=signed.expires_at)


@router.delete("/{video_id}", status_code=204, responses=problems.responses(404, 409))
async def delete_video(video_id: VideoId, resources: ResourcesDep, user: CurrentUser) -> Response:
    """Call off what is queued or runs for a video, and delete its files. Asking again is harmless.

    Refused with 409 while a post is on its way to TikTok.
    """
    await deleting.delete_video(resources, user_id=user.id, video_id=video_id)
    return Response(status_code=204)
