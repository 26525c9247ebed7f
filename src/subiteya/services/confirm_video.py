"""Confirm a video: freeze its brand pattern and queue the edit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import BrandPattern, Video
from subiteya.db.moves import Why, move_video
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.states import VIDEO_EDITABLE, VideoStatus
from subiteya.queue.names import Priority, edit_job_id
from subiteya.queue.plan_jobs import plan_edit
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import require_own_assets


async def confirm_video(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    pattern_id: uuid.UUID | None = None,
    spec: Mapping[str, Any] | None = None,
    priority: Priority = Priority.NORMAL,
) -> Video:
    """Freeze the pattern into the video and queue its edit.

    Args:
        resources: The process's connections.
        user_id: Who asks.
        video_id: Which video.
        pattern_id: A saved pattern of theirs.
        spec: A specification given directly; wins over `pattern_id`. Neither: nothing is branded.
        priority: Of the edit job.

    Raises:
        NotFound: no such video or pattern of theirs.
        WrongState: the video is not in a state in which it can be edited.
        BadPattern: the specification has a mistake, or its logo is somebody else's.
    """
    job_id = edit_job_id(video_id)
    async with resources.db.begin() as session:
        frozen, pattern = await _frozen_spec(session, user_id, pattern_id, spec)
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
            spec=frozen,
            pattern_id=pattern.id if pattern else None,
            pattern_version=pattern.version if pattern else None,
            confirmed_at=func.now(),
            progress=0,
            progress_detail=None,
            error_code=None,
            error_context=None,
        )
        if moved is None:
            raise WrongState(what="video", state=video.status.value)
    await deliver_soon(resources, [job_id])
    return moved


async def _frozen_spec(
    session: AsyncSession, user_id: uuid.UUID, pattern_id: uuid.UUID | None, spec: Mapping[str, Any] | None
) -> tuple[dict[str, Any], BrandPattern | None]:
    if spec is not None:
        given = PatternSpec.parse(spec)
        require_own_assets(given, user_id)
        return given.model_dump(mode="json"), None
    if pattern_id is None:
        return PatternSpec.parse({}).model_dump(mode="json"), None
    pattern = await session.scalar(
        select(BrandPattern).where(BrandPattern.id == pattern_id, BrandPattern.user_id == user_id)
    )
    if pattern is None:
        raise NotFound(what="pattern")
    return PatternSpec.parse(pattern.spec).model_dump(mode="json"), pattern
