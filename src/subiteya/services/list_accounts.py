"""The TikTok accounts of a user."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from subiteya.db.models import Account
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED


async def list_accounts(resources: Resources, *, user_id: uuid.UUID) -> list[Account]:
    """All connected accounts of a user, by name."""
    async with resources.db.begin() as session:
        rows = await session.scalars(
            select(Account)
            .where(Account.user_id == user_id, Account.status != DISCONNECTED)
            .order_by(Account.username, Account.id)
        )
        return list(rows)
