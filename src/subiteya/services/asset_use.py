"""Who names a file: patterns, and videos whose edit is still to be made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Asset, BrandPattern, Render, Video
from subiteya.domain.assets import FIELDS
from subiteya.domain.errors import BadPattern
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.states import VideoStatus

UNFINISHED: Final = (VideoStatus.EDITING_QUEUED, VideoStatus.EDITING, VideoStatus.FAILED_EDIT)
"""Videos whose frozen pattern is still to be read. Whoever runs an ended edit again is told what is gone."""


@dataclass(frozen=True, slots=True)
class Use:
    """A pattern or a video that names a file."""

    what: Literal["pattern", "video"]
    id: uuid.UUID
    name: str


async def uses_of_assets(session: AsyncSession, user_id: uuid.UUID) -> Mapping[str, list[Use]]:
    """Who names which of a user's files, by key."""
    uses: dict[str, list[Use]] = {}
    patterns = await session.execute(
        select(BrandPattern.id, BrandPattern.name, BrandPattern.spec)
        .where(BrandPattern.user_id == user_id)
        .order_by(BrandPattern.name, BrandPattern.id)
    )
    videos = await session.execute(
        select(Video.id, Video.title, Video.spec)
        .where(Video.user_id == user_id, Video.deleted_at.is_(None), Video.status.in_(UNFINISHED))
        .order_by(Video.created_at)
    )
    versions = await session.execute(
        select(Video.id, Video.title, Render.spec)
        .join(Render, Render.video_id == Video.id)
        .where(Video.user_id == user_id, Video.deleted_at.is_(None), Video.status != VideoStatus.CANCELLED)
        .where(Render.edited_at.is_(None))
        .order_by(Video.created_at, Render.created_at)
    )
    found = [(Use("pattern", pattern_id, name), spec) for pattern_id, name, spec in patterns]
    found += [(Use("video", video_id, title), spec or {}) for video_id, title, spec in [*videos, *versions]]
    for use, spec in found:
        for key in set(_named(spec)):
            named = uses.setdefault(key, [])
            if use not in named:
                named.append(use)
    return uses


async def require_assets(session: AsyncSession, spec: PatternSpec) -> None:
    """Refuse a specification that names a file which was deleted, and keep the others until the commit.

    Files without a row are older than the table, and let through.

    Raises:
        BadPattern: a file was deleted.
    """
    fields = {key: field for field, key in spec.asset_keys().items()}
    if not fields:
        return
    rows = await session.scalars(select(Asset).where(Asset.key.in_(fields)).with_for_update(read=True))
    for asset in rows:
        if asset.deleted_at is not None:
            why, field = "there is no such file", fields[asset.key]
            raise BadPattern(what=field, why=why, problems=[(field, why)])


def _named(spec: Mapping[str, Any]) -> Iterator[str]:
    """The keys in a stored specification, of whichever version."""
    for field in FIELDS.values():
        section, _, name = field.partition(".")
        key = (spec.get(section) or {}).get(name)
        if isinstance(key, str):
            yield key
