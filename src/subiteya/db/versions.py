"""The versions of a video as rows: what lies in storage of each, and which are still to be made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Job, Post, Render, Video
from subiteya.domain.pattern import MergeField, PatternSpec, Version
from subiteya.domain.states import VIDEO_POSTABLE, JobStatus


@dataclass(frozen=True, slots=True)
class Clip:
    """One version's file in storage, and the specification that it was made by.

    Attributes:
        key: None when it was never made.
        size: In bytes.
        etag: Which version of the object is meant.
        spec: Frozen; None for a video that was never confirmed.
    """

    key: str | None
    size: int | None
    etag: str | None
    spec: Mapping[str, Any] | None


def clip_of(video: Video, render: Render | None) -> Clip:
    """The file of a version; of the video's own when `render` is None."""
    row = video if render is None else render
    return Clip(row.edited_key, row.edited_bytes, row.edited_etag, row.spec)


def version_of(row: Video | Render) -> Version:
    """What a version is made of, as it was frozen.

    Raises:
        BadPattern: its specification is of a newer SubiteYa.
    """
    values = {MergeField(name): str(value) for name, value in (row.field_values or {}).items()}
    return Version.of(PatternSpec.parse(row.spec or {}), values)


def values_of(title: str, account: Account | None) -> dict[MergeField, str]:
    """Everything that the fields of texts may stand for; without an account, its fields have no value."""
    values = {MergeField.VIDEO_TITLE: title}
    if account is not None:
        values[MergeField.ACCOUNT_NICKNAME] = account.nickname
        values[MergeField.ACCOUNT_USERNAME] = account.username
    return values


def is_made(render: Render | None) -> bool:
    """Whether a version of an edited video can be posted; the video's own (None) can."""
    return render is None or render.edited_at is not None


async def missing_renders(session: AsyncSession, video: Video) -> list[Render]:
    """Versions beside the video's own that are still to be made; the oldest first.

    Of an edited video only those that a post waits for: one that could not be made shall not keep others.
    """
    query = (
        select(Render)
        .where(Render.video_id == video.id, Render.edited_at.is_(None))
        .order_by(Render.created_at, Render.id)
    )
    if video.status in VIDEO_POSTABLE:
        waits = select(Post.id).join(Job, Job.post_id == Post.id).where(Job.status == JobStatus.HELD)
        query = query.where(waits.where(Post.render_id == Render.id).exists())
    return list(await session.scalars(query, execution_options={"populate_existing": True}))


async def make_again(session: AsyncSession, video_id: uuid.UUID) -> None:
    """Let the next edit make every version, also those that are there."""
    await session.execute(update(Video).where(Video.id == video_id).values(edited_at=None))
    await session.execute(update(Render).where(Render.video_id == video_id).values(edited_at=None))
