"""Brand patterns: kept, changed, thrown away. Videos carry frozen copies, so none of it reaches them."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import BrandPattern
from subiteya.domain.errors import BadPattern, NotFound, WrongState
from subiteya.domain.keys import owner_of
from subiteya.domain.pattern import PatternSpec
from subiteya.services.asset_use import require_assets
from subiteya.services.resources import Resources


class StaleVersion(WrongState):
    """Somebody saved it since it was read; `version` is what it is now."""

    code = "stale_version"
    message = "The {what} was changed meanwhile (it is at version {version} now). Load it again."
    button = "reload"


async def list_patterns(resources: Resources, *, user_id: uuid.UUID) -> list[BrandPattern]:
    """All patterns of a user, by name."""
    async with resources.db.begin() as session:
        rows = await session.scalars(
            select(BrandPattern)
            .where(BrandPattern.user_id == user_id)
            .order_by(BrandPattern.name, BrandPattern.id)
        )
        return list(rows)


async def get_pattern(resources: Resources, *, user_id: uuid.UUID, pattern_id: uuid.UUID) -> BrandPattern:
    """One pattern.

    Raises:
        NotFound: no such pattern of theirs.
    """
    async with resources.db.begin() as session:
        return await find_pattern(session, user_id, pattern_id)


async def create_pattern(
    resources: Resources, *, user_id: uuid.UUID, name: str, spec: PatternSpec
) -> BrandPattern:
    """Keep a new pattern, as version 1.

    Raises:
        BadPattern: a file that it names is somebody else's, or deleted.
    """
    require_own_assets(spec, user_id)
    pattern = BrandPattern(
        id=uuid.uuid4(), user_id=user_id, name=name, version=1, spec=spec.model_dump(mode="json")
    )
    async with resources.db.begin() as session:
        await require_assets(session, spec)
        session.add(pattern)
    return pattern


async def update_pattern(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    pattern_id: uuid.UUID,
    version: int,
    name: str,
    spec: PatternSpec,
) -> BrandPattern:
    """Save a pattern that was read at `version`; it becomes the next version.

    Raises:
        NotFound: no such pattern of theirs.
        StaleVersion: somebody saved it since.
        BadPattern: a file that it names is somebody else's, or deleted.
    """
    require_own_assets(spec, user_id)
    async with resources.db.begin() as session:
        pattern = await find_pattern(session, user_id, pattern_id, lock=True)
        if pattern.version != version:
            raise StaleVersion(what="pattern", state=f"version {pattern.version}", version=pattern.version)
        await require_assets(session, spec)
        return await write_pattern(session, pattern, name=name, spec=spec)


async def delete_pattern(resources: Resources, *, user_id: uuid.UUID, pattern_id: uuid.UUID) -> None:
    """Throw a pattern away. Its logo stays in storage: frozen copies may show it.

    Raises:
        NotFound: no such pattern of theirs.
    """
    async with resources.db.begin() as session:
        gone = await session.scalar(
            delete(BrandPattern)
            .where(BrandPattern.id == pattern_id, BrandPattern.user_id == user_id)
            .returning(BrandPattern.id)
        )
    if gone is None:
        raise NotFound(what="pattern")


async def find_pattern(
    session: AsyncSession, user_id: uuid.UUID, pattern_id: uuid.UUID, *, lock: bool = False
) -> BrandPattern:
    """The row, locked until the transaction ends when asked for.

    Raises:
        NotFound: no such pattern of theirs.
    """
    query = select(BrandPattern).where(BrandPattern.id == pattern_id, BrandPattern.user_id == user_id)
    pattern = await session.scalar(query.with_for_update() if lock else query)
    if pattern is None:
        raise NotFound(what="pattern")
    return pattern


async def write_pattern(
    session: AsyncSession, pattern: BrandPattern, *, name: str, spec: PatternSpec
) -> BrandPattern:
    """Write the next version of a locked row."""
    row: BrandPattern | None = await session.scalar(
        update(BrandPattern)
        .where(BrandPattern.id == pattern.id)
        .values(name=name, spec=spec.model_dump(mode="json"), version=BrandPattern.version + 1)
        .returning(BrandPattern),
        execution_options={"populate_existing": True},
    )
    if row is None:
        raise NotFound(what="pattern")
    return row


def require_own_assets(spec: PatternSpec, user_id: uuid.UUID) -> None:
    """Refuse a specification that would show another user's file.

    Raises:
        BadPattern: a file is not one of this user's; the same as for one that does not exist.
    """
    for field, key in spec.asset_keys().items():
        if owner_of(key) != user_id:
            why = "there is no such file"
            raise BadPattern(what=field, why=why, problems=[(field, why)])
