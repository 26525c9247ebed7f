"""A user's files for patterns: list, look, download, delete, and put into a pattern."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Asset, BrandPattern
from subiteya.domain.assets import AssetKind
from subiteya.domain.errors import NotFound, WrongState
from subiteya.domain.pattern import Background, PatternSpec
from subiteya.services.asset_use import Use, require_assets, uses_of_assets
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import find_pattern, write_pattern
from subiteya.services.start_upload import clean_filename
from subiteya.storage import PresignedRequest

_MOST_NAMES = 5


class AssetInUse(WrongState):
    """A pattern names the file, or the edit of a video needs it."""

    code = "asset_in_use"
    message = "This file is still used by: {used_by}."


@dataclass(frozen=True, slots=True)
class AssetView:
    """A file and who names it."""

    asset: Asset
    used_by: Sequence[Use]


async def list_assets(
    resources: Resources, *, user_id: uuid.UUID, kind: AssetKind | None = None
) -> list[AssetView]:
    """A user's files, newest first."""
    query = select(Asset).where(Asset.user_id == user_id, Asset.deleted_at.is_(None))
    if kind is not None:
        query = query.where(Asset.kind == kind)
    async with resources.db.begin() as session:
        rows = list(await session.scalars(query.order_by(Asset.created_at.desc(), Asset.id)))
        uses = await uses_of_assets(session, user_id)
    return [AssetView(asset, uses.get(asset.key, ())) for asset in rows]


async def get_asset(resources: Resources, *, user_id: uuid.UUID, asset_id: uuid.UUID) -> AssetView:
    """One file.

    Raises:
        NotFound: no such file of theirs.
    """
    async with resources.db.begin() as session:
        asset = await _find_shown(session, user_id, asset_id)
        uses = await uses_of_assets(session, user_id)
    return AssetView(asset, uses.get(asset.key, ()))


async def rename_asset(
    resources: Resources, *, user_id: uuid.UUID, asset_id: uuid.UUID, filename: str
) -> AssetView:
    """Give a file another name.

    Raises:
        NotFound: no such file of theirs.
    """
    async with resources.db.begin() as session:
        asset = await _find_shown(session, user_id, asset_id)
        asset.filename = clean_filename(filename)
        await session.flush()
        uses = await uses_of_assets(session, user_id)
    return AssetView(asset, uses.get(asset.key, ()))


async def sign_asset(resources: Resources, *, user_id: uuid.UUID, asset_id: uuid.UUID) -> PresignedRequest:
    """An address at which a browser shows the file, for an hour.

    Raises:
        NotFound: no such file of theirs.
    """
    asset = (await get_asset(resources, user_id=user_id, asset_id=asset_id)).asset
    return await resources.storage.presign.download(
        asset.key, file_name=asset.filename, inline=True, content_type=asset.content_type
    )


async def delete_asset(resources: Resources, *, user_id: uuid.UUID, asset_id: uuid.UUID) -> None:
    """Delete a file that nobody needs. Asking again removes what is left of it.

    Raises:
        NotFound: no such file of theirs.
        AssetInUse: a pattern or an unfinished video names it.
        StorageUnavailable: it is out of sight, but its bytes may still be there; ask again.
    """
    async with resources.db.begin() as session:
        asset = await _find(session, user_id, asset_id, lock=True)
        if asset.deleted_at is None:
            if uses := (await uses_of_assets(session, user_id)).get(asset.key):
                names = ", ".join(use.name for use in uses[:_MOST_NAMES])
                raise AssetInUse(what="file", state="in use", used_by=names, uses=len(uses))
            asset.deleted_at = func.clock_timestamp()
    await resources.storage.objects.delete(asset.key)


async def put_asset(
    resources: Resources, *, user_id: uuid.UUID, pattern_id: uuid.UUID, kind: AssetKind, key: str | None
) -> BrandPattern:
    """Name a file in a pattern, which becomes the next version; none clears the field.

    The file before it stays in the library: frozen copies of the pattern may show it.

    Raises:
        NotFound: no such pattern of theirs.
        BadPattern: the file was deleted meanwhile.
    """
    async with resources.db.begin() as session:
        pattern = await find_pattern(session, user_id, pattern_id, lock=True)
        before = PatternSpec.parse(pattern.spec)
        spec = PatternSpec.merge(pattern.spec, _changes(kind, key, before))
        await require_assets(session, spec)
        return await write_pattern(session, pattern, name=pattern.name, spec=spec)


def _changes(kind: AssetKind, key: str | None, before: PatternSpec) -> Mapping[str, Any]:
    fields: dict[str, Any] = {kind.name_in_section: key}
    if kind is AssetKind.BACKGROUND and key is not None:
        # Whoever brings a background wants to see it.
        fields["background"] = Background.IMAGE.value
    elif kind is AssetKind.BACKGROUND and before.layout.background is Background.IMAGE:
        fields["background"] = Background.BLUR.value
    return {kind.section: fields}


async def _find_shown(session: AsyncSession, user_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    asset = await _find(session, user_id, asset_id)
    if asset.deleted_at is not None:
        raise NotFound(what="file")
    return asset


async def _find(
    session: AsyncSession, user_id: uuid.UUID, asset_id: uuid.UUID, *, lock: bool = False
) -> Asset:
    query = select(Asset).where(Asset.id == asset_id, Asset.user_id == user_id)
    asset = await session.scalar(query.with_for_update() if lock else query)
    if asset is None:
        raise NotFound(what="file")
    return asset
