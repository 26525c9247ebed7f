"""Posts: one video to one account."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from subiteya.domain.posting_slots import SlotWish
from subiteya.http import problems
from subiteya.http.api.bodies import QueueUpload, priority_of
from subiteya.http.api.post_bodies import (
    ChangedPost,
    NewPosts,
    PostDetailOut,
    PostsOut,
    QueuedOut,
    notices_of,
    post_detail_out,
    time_of,
    warnings_of,
)
from subiteya.http.api.schemas import video_out
from subiteya.http.api.videos import VideoId
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.locale import language_of
from subiteya.services import change_post as changing
from subiteya.services import create_posts as planning
from subiteya.services import get_post as reading
from subiteya.services import queue_upload as posting
from subiteya.services.get_videos import get_video

router = APIRouter(tags=["posts"])

PostId = Annotated[UUID, Path(examples=["5b8f5c0e-6a35-4a0b-8d51-2f9b0a1c7e42"])]


@router.post(
    "/videos/{video_id}/queue-upload",
    tags=["videos"],
    status_code=202,
    responses=problems.responses(404, 409),
)
async def queue_upload(
    video_id: VideoId, resources: ResourcesDep, user: CurrentUser, body: QueueUpload | None = None
) -> QueuedOut:
    """Queue a post of the edited video to one account; its start is reserved in the account's window."""
    wish = body or QueueUpload()
    page = await posting.queue_upload(
        resources,
        user_id=user.id,
        video_id=video_id,
        account_id=wish.account_id,
        wish=posting.PostWish(
            mode=wish.mode,
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
        when=SlotWish(wish.when) if wish.when is not None else None,
        priority=priority_of(wish.priority),
    )
    video = video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)
    language = language_of(user.locale)
    return QueuedOut(
        **video.model_dump(), notices=notices_of(page, language), warnings=warnings_of(page, language)
    )


@router.post("/videos/{video_id}/posts", status_code=201, responses=problems.responses(404, 409))
async def create_posts(
    video_id: VideoId, resources: ResourcesDep, user: CurrentUser, body: NewPosts
) -> PostsOut:
    """Plan posts of the edited video, each to one account in its own way and at its own time; all or none."""
    pages = await planning.create_posts(
        resources,
        user_id=user.id,
        video_id=video_id,
        planned=[
            planning.PlannedPost(
                account_id=one.account_id,
                wish=posting.PostWish(**one.wishes()),
                when=time_of(one.scheduled_at, one.when),
                priority=priority_of(one.priority),
            )
            for one in body.posts
        ],
        consent_version=body.consent_version,
    )
    return PostsOut(posts=[post_detail_out(page, user.locale) for page in pages])


@router.get("/posts/{post_id}", responses=problems.responses(404))
async def get_post(post_id: PostId, resources: ResourcesDep, user: CurrentUser) -> PostDetailOut:
    """One post."""
    return post_detail_out(await reading.get_post(resources, user_id=user.id, post_id=post_id), user.locale)


@router.patch("/posts/{post_id}", responses=problems.responses(404, 409))
async def change_post(
    post_id: PostId, resources: ResourcesDep, user: CurrentUser, body: ChangedPost
) -> PostDetailOut:
    """Change what a post says or when it goes out, as long as TikTok has not got it."""
    change = changing.PostChange(
        wish=body.wishes(),
        consent_version=body.consent_version,
        when=time_of(body.scheduled_at, body.when),
        now=body.send_now,
    )
    page = await changing.change_post(resources, user_id=user.id, post_id=post_id, change=change)
    return post_detail_out(page, user.locale)


@router.delete("/posts/{post_id}", responses=problems.responses(404, 409))
async def cancel_post(post_id: PostId, resources: ResourcesDep, user: CurrentUser) -> PostDetailOut:
    """Call a post off, as long as TikTok has not got it; it stays in the video's timeline."""
    page = await changing.cancel_post(resources, user_id=user.id, post_id=post_id)
    return post_detail_out(page, user.locale)


@router.post("/posts/{post_id}/retry", status_code=202, responses=problems.responses(404, 409))
async def retry_post(post_id: PostId, resources: ResourcesDep, user: CurrentUser) -> PostDetailOut:
    """Try a post that has stopped once more; what TikTok may have already is asked about first."""
    page = await changing.retry_post(resources, user_id=user.id, post_id=post_id)
    return post_detail_out(page, user.locale)


@router.post("/posts/{post_id}/check-now", status_code=202, responses=problems.responses(404, 409))
async def check_post(post_id: PostId, resources: ResourcesDep, user: CurrentUser) -> PostDetailOut:
    """Ask TikTok at once what became of a post; the answer comes with the video's live events."""
    page = await changing.check_post(resources, user_id=user.id, post_id=post_id)
    return post_detail_out(page, user.locale)
