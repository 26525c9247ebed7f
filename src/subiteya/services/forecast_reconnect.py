"""Which accounts must be connected again, by when, and what that would hit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Post
from subiteya.domain.errors import NotFound
from subiteya.domain.post_mode import PUBLISH_SCOPE, PostMode, is_granted
from subiteya.domain.states import PostStatus
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED, NEEDS_RECONNECT

_AHEAD = (PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED)


class Reason(StrEnum):
    """Why an account must be connected again now."""

    REVOKED = "revoked"
    """TikTok does not accept our access any more: it was taken away, or its renewal was lost."""
    EXPIRED = "expired"
    """The time that TikTok gave us has run out."""
    SCOPE_MISSING = "scope_missing"
    """Its owner has not allowed what posting, or a planned draft, needs."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long an account can be used.

    Attributes:
        reason: Why it cannot be used now, or not for all that is planned; None while it can.
        by: Aware: until when TikTok lets us renew the access, as it said last. Each renewal may move it on.
        missing_scopes: What this installation asks for and its owner has not granted.
        posts_hit: Planned posts that cannot go out unless it is connected again before.
    """

    reason: Reason | None
    by: datetime
    missing_scopes: Sequence[str]
    posts_hit: int


async def forecast_accounts(
    resources: Resources, *, user_id: uuid.UUID
) -> Sequence[tuple[Account, Forecast]]:
    """All connected accounts of a user, by name, each with its forecast."""
    async with resources.db.begin() as session:
        rows = await session.scalars(
            select(Account)
            .where(Account.user_id == user_id, Account.status != DISCONNECTED)
            .order_by(Account.username, Account.id)
        )
        return await _with_forecasts(session, resources, list(rows))


async def get_account(
    resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID
) -> tuple[Account, Forecast]:
    """One connected account, with its forecast.

    Raises:
        NotFound: no such account of theirs.
    """
    async with resources.db.begin() as session:
        row = await session.scalar(
            select(Account).where(
                Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED
            )
        )
        if row is None:
            raise NotFound(what="account")
        return (await _with_forecasts(session, resources, [row]))[0]


async def _with_forecasts(
    session: AsyncSession, resources: Resources, accounts: Sequence[Account]
) -> list[tuple[Account, Forecast]]:
    counts = await _ahead(session, accounts)
    asked, now = resources.settings.tiktok.scopes, datetime.now(UTC)
    return [(account, _forecast(account, counts.get(account.id, {}), asked, now)) for account in accounts]


@dataclass(frozen=True, slots=True)
class _Planned:
    """Posts of one mode that have not begun: all of them, and those after the account's last day."""

    all: int
    late: int


async def _ahead(
    session: AsyncSession, accounts: Sequence[Account]
) -> Mapping[uuid.UUID, Mapping[PostMode, _Planned]]:
    due = func.coalesce(Post.scheduled_at, Post.slot_at)
    rows = await session.execute(
        select(
            Post.account_id,
            Post.mode,
            func.count(),
            func.count().filter(due >= Account.refresh_expires_at),
        )
        .join(Account, Account.id == Post.account_id)
        .where(Post.account_id.in_([account.id for account in accounts]), Post.status.in_(_AHEAD))
        .group_by(Post.account_id, Post.mode)
    )
    found: dict[uuid.UUID, dict[PostMode, _Planned]] = {}
    for account_id, mode, every, late in rows:
        found.setdefault(account_id, {})[mode] = _Planned(every, late)
    return found


def _forecast(
    account: Account, planned: Mapping[PostMode, _Planned], asked: Sequence[str], now: datetime
) -> Forecast:
    missing = [scope for scope in asked if scope not in account.scopes.split(",")]
    every = sum(one.all for one in planned.values())
    barred = {mode for mode in planned if not is_granted(account.scopes, mode)}
    hit = sum(one.all if mode in barred else one.late for mode, one in planned.items())
    if account.status == NEEDS_RECONNECT:
        return Forecast(Reason.REVOKED, account.refresh_expires_at, missing, every)
    if account.refresh_expires_at <= now:
        return Forecast(Reason.EXPIRED, account.refresh_expires_at, missing, every)
    reason = Reason.SCOPE_MISSING if barred or PUBLISH_SCOPE in missing else None
    return Forecast(reason, account.refresh_expires_at, missing, hit)
