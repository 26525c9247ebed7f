"""What its owner may set on a connected account."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import update

from subiteya.db.models import Account
from subiteya.domain.errors import NotFound
from subiteya.domain.schedule import zone_of
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import find_pattern
from subiteya.tiktok.tokens import DISCONNECTED


async def change_account(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    account_id: uuid.UUID,
    time_zone: str | None = None,
    pattern_id: uuid.UUID | None = None,
    without_pattern: bool = False,
) -> Account:
    """Set by whose clocks an account's posts are planned, and how its videos are branded by default.

    What is planned already keeps its moment, and what is confirmed already its pattern.

    Args:
        resources: The process's connections.
        user_id: Who asks.
        account_id: Which account.
        time_zone: IANA name; as it is when None.
        pattern_id: A saved pattern of theirs; as it is when None.
        without_pattern: No default pattern any more.

    Raises:
        NotFound: no such account or pattern of theirs.
        BadInput: there is no such zone.
    """
    values: dict[str, Any] = {}
    if time_zone is not None:
        zone_of(time_zone)
        values["time_zone"] = time_zone
    if without_pattern:
        values["pattern_id"] = None
    async with resources.db.begin() as session:
        if pattern_id is not None:
            # Locked, so that it is not thrown away at this moment.
            values["pattern_id"] = (await find_pattern(session, user_id, pattern_id, lock=True)).id
        row: Account | None = await session.scalar(
            update(Account)
            .where(Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED)
            .values(**values)
            .returning(Account)
        )
    if row is None:
        raise NotFound(what="account")
    return row
