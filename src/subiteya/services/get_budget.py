"""What an account may still post today, and when its next post would go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from subiteya.db import slots
from subiteya.db.models import Account
from subiteya.domain.errors import NotFound
from subiteya.queue.plan_jobs import DAY, day_scope, upload_rates
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED


@dataclass(frozen=True, slots=True)
class Budget:
    """By our own reckoning: TikTok counts the posts of all apps together, and tells nobody.

    Attributes:
        window: Least time between two posts.
        per_day: Posts in any 24 hours; 0 when they are left to TikTok.
        last_day: Posts of the last 24 hours.
        planned: Posts whose start is reserved for later.
        next_slot_at: When a post that is queued now would go out.
        time_zone: IANA name of the account's zone.
    """

    window: timedelta
    per_day: int
    last_day: int
    planned: int
    next_slot_at: datetime
    time_zone: str

    @property
    def left(self) -> int | None:
        """Posts that still fit into this day; None when they are left to TikTok."""
        return max(0, self.per_day - self.last_day) if self.per_day else None


async def get_budget(resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID) -> Budget:
    """The budget of an account.

    Raises:
        NotFound: no such account of theirs.
    """
    upload = resources.settings.upload
    async with resources.db.begin() as session:
        account = await session.scalar(
            select(Account).where(
                Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED
            )
        )
        if account is None:
            raise NotFound(what="account")
        happened, ahead = await slots.count(session, day_scope(account_id), DAY)
        next_slot = await slots.look_ahead(session, upload_rates(upload, account_id))
    return Budget(
        upload.account_window,
        upload.creator_posts_per_day,
        happened,
        ahead,
        next_slot,
        account.time_zone,
    )
