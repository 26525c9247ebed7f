"""An account's posting slots, and which of them is free; a slot is held by the post that is scheduled for it.

Nothing but the posts themselves says what is taken: a post that is moved, sent now or called off gives its
slot back by that alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import slots
from subiteya.db.models import Account, Post
from subiteya.domain.errors import BadInput, NotFound
from subiteya.domain.post_errors import NoPostingSlots, PostingSlotsTaken
from subiteya.domain.posting_slots import MOST, SlotWish, WeeklySlot, free, upcoming
from subiteya.domain.schedule import Moment
from subiteya.domain.states import PostStatus
from subiteya.queue.plan_jobs import account_scope
from subiteya.services.plan_post import chosen_time
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED

_FREES: Final = (PostStatus.CANCELLED, PostStatus.FAILED_UPLOAD)
"""What has ended without a post holds nothing."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The slots of an account, and the free ones to come.

    Attributes:
        slots: In the order of the week.
        time_zone: IANA name.
        free: In order of time.
    """

    slots: Sequence[WeeklySlot]
    time_zone: str
    free: Sequence[Moment] = ()


async def get_slots(
    resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID, count: int = 0
) -> Calendar:
    """The slots of an account, with the first `count` free moments.

    Raises:
        NotFound: no such account of theirs.
    """
    async with resources.db.begin() as session:
        account = await session.scalar(
            select(Account).where(
                Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED
            )
        )
        if account is None:
            raise NotFound(what="account")
        moments = await _free(session, account, datetime.now(UTC)) if count else []
    return Calendar(_slots(account), account.time_zone, moments[:count])


async def set_slots(
    resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID, wanted: Sequence[WeeklySlot]
) -> Calendar:
    """Put these slots in the place of all that were there; posts that are planned keep their time.

    Raises:
        NotFound: no such account of theirs.
        BadInput: too many.
    """
    week = sorted(set(wanted))
    if len(week) > MOST:
        raise BadInput(what="slots", why=f"more than {MOST}")
    async with resources.db.begin() as session:
        row = await session.scalar(
            update(Account)
            .where(Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED)
            .values(posting_slots=[slot.to_json() for slot in week])
            .returning(Account)
        )
    if row is None:
        raise NotFound(what="account")
    return Calendar(week, row.time_zone)


async def choose_time(
    session: AsyncSession,
    account: Account,
    when: datetime | SlotWish | None,
    *,
    besides: uuid.UUID | None = None,
) -> Moment | None:
    """The moment of a wished time, or of the next free slot; None for as soon as the windows allow.

    A slot that is chosen stays ours until the transaction ends, and then by the post that was written:
    others who look for one meanwhile wait.

    Args:
        session: The transaction in which the post is written.
        account: Where the post goes.
        when: Aware or by the clocks of the account's zone, or the next free slot.
        besides: A post that is moved; the slot that it holds is free for it.

    Raises:
        BadInput: the time has gone by, or is more than 90 days ahead.
        NoPostingSlots: the account has no slots.
        PostingSlotsTaken: each one holds a post.
    """
    if not isinstance(when, SlotWish):
        return chosen_time(when, account)
    await slots.lock(session, [account_scope(account.id)])
    if not account.posting_slots:
        raise NoPostingSlots(what="when", why="the account has no posting slots")
    moments = await _free(session, account, datetime.now(UTC), besides=besides)
    if not moments:
        raise PostingSlotsTaken(what="account", state="full")
    return moments[0]


async def _free(
    session: AsyncSession, account: Account, now: datetime, *, besides: uuid.UUID | None = None
) -> list[Moment]:
    holds = select(Post.scheduled_at).where(
        Post.account_id == account.id, Post.scheduled_at > now, Post.status.not_in(_FREES)
    )
    if besides is not None:
        holds = holds.where(Post.id != besides)
    held = [at for at in await session.scalars(holds) if at is not None]
    return free(upcoming(_slots(account), account.time_zone, now), held)


def _slots(account: Account) -> list[WeeklySlot]:
    return [WeeklySlot.from_json(told) for told in account.posting_slots]
