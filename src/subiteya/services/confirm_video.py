"""Confirm a video: freeze its brand pattern, and those of the accounts it is for, and queue the edit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import BrandPattern, Video
from subiteya.db.moves import Why, move_video
from subiteya.domain.errors import NotFound, StorageUnavailable, WrongState
from subiteya.domain.pattern import PatternSpec, said_in
from subiteya.domain.states import VIDEO_EDITABLE, VideoStatus
from subiteya.queue.names import Priority, edit_job_id
from subiteya.queue.plan_jobs import plan_edit
from subiteya.services.asset_use import require_assets
from subiteya.services.choose_version import forget_versions, keep_choice, own_values
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.plan_post import usable_account
from subiteya.services.request_words import refuse_while_words
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import find_pattern, require_own_assets

log = structlog.get_logger(__name__)


async def confirm_video(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    pattern_id: uuid.UUID | None = None,
    spec: Mapping[str, Any] | None = None,
    account_ids: Sequence[uuid.UUID] = (),
    priority: Priority = Priority.NORMAL,
) -> Video:
    """Freeze the pattern into the video and queue its edit.

    The video's own version is made in any case, and one more for each way in which the accounts want it
    otherwise. An account that is not named here gets its version when it gets its first post.

    Args:
        resources: The process's connections.
        user_id: Who asks.
        video_id: Which video.
        pattern_id: A saved pattern of theirs.
        spec: A specification given directly; wins over `pattern_id`. Neither: nothing is branded.
        account_ids: Accounts of theirs that it is for; the default pattern of each lies under the video's.
        priority: Of the edit job.

    Raises:
        NotFound: no such video, pattern or account of theirs.
        WrongState: the video is not in a state in which it can be edited.
        WordsUnderWay: what is said in it is being written down.
        BadPattern: the specification has a mistake, contradicts an account's default pattern, or a file that
            it names is somebody else's, or deleted.
    """
    job_id = edit_job_id(video_id)
    async with resources.db.begin() as session:
        given, pattern = await _given(session, user_id, pattern_id, spec)
        frozen = PatternSpec.parse(given)
        await require_assets(session, frozen)
        accounts = [await usable_account(session, user_id, one) for one in dict.fromkeys(account_ids)]
        video = await session.scalar(
            select(Video).where(Video.id == video_id, Video.user_id == user_id, Video.deleted_at.is_(None))
        )
        if video is None:
            raise NotFound(what="video")
        await plan_edit(session, resources.settings, video, priority)
        moved = await move_video(
            session,
            video_id,
            VideoStatus.EDITING_QUEUED,
            Why(actor=f"user:{user_id}", reason="confirmed"),
            expect=VIDEO_EDITABLE,
            spec=frozen.model_dump(mode="json"),
            spec_given=given,
            field_values=await own_values(session, user_id, frozen, video.title),
            pattern_id=pattern.id if pattern else None,
            pattern_version=pattern.version if pattern else None,
            confirmed_at=func.now(),
            edited_at=None,
            progress=0,
            progress_detail=None,
            error_code=None,
            error_context=None,
        )
        if moved is None:
            raise WrongState(what="video", state=video.status.value)
        await refuse_while_words(session, video_id)
        replaced = await forget_versions(session, video_id)
        for account in accounts:
            await keep_choice(session, moved, account)
    await deliver_soon(resources, [job_id])
    await _remove(resources, replaced)
    return moved


async def _given(
    session: AsyncSession, user_id: uuid.UUID, pattern_id: uuid.UUID | None, spec: Mapping[str, Any] | None
) -> tuple[dict[str, Any], BrandPattern | None]:
    """What is asked for the video, as far as it says something: a saved pattern says what differs."""
    if spec is not None:
        given = PatternSpec.parse(spec)
        require_own_assets(given, user_id)
        return given.model_dump(mode="json", exclude_unset=True), None
    if pattern_id is None:
        return {}, None
    pattern = await find_pattern(session, user_id, pattern_id)
    return said_in(pattern.spec), pattern


async def _remove(resources: Resources, keys: Sequence[str]) -> None:
    try:
        for key in keys:
            await resources.storage.objects.delete(key)
    except StorageUnavailable:
        log.info("files that nobody needs stay until the bucket's own rule removes them", keys=list(keys))
