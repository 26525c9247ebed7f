"""What its owner may set on a connected account."""

from __future__ import annotations

import uuid

from sqlalchemy import update

from subiteya.db.models import Account
from subiteya.domain.errors import NotFound
from subiteya.domain.schedule import zone_of
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED


async def set_time_zone(
    resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID, time_zone: str
) -> Account:
    """Set by whose clocks an account's posts are planned; what is planned already keeps its moment.

    Raises:
        NotFound: no such account of theirs.
        BadInput: there is no such zone.
    """
    zone_of(time_zone)
    async with resources.db.begin() as session:
        row: Account | None = await session.scalar(
            update(Account)
            .where(Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED)
            .values(time_zone=time_zone)
            .returning(Account)
        )
    if row is None:
        raise NotFound(what="account")
    return row
