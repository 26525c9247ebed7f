"""What a creator may do right now, by TikTok's word; to be asked whenever a post is drawn up."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select

from subiteya.db.models import Account, Video
from subiteya.domain.errors import (
    CannotOpenSecret,
    NotFound,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)
from subiteya.domain.length import least_seconds
from subiteya.domain.post_errors import PrivacyNotOffered, TooLongForCreator
from subiteya.domain.post_mode import PostMode
from subiteya.domain.privacy import PrivacyLevel
from subiteya.services.plan_post import PostWish
from subiteya.services.resources import Resources
from subiteya.services.tiktok_access import tokens_of
from subiteya.tiktok.answers import CreatorInfo
from subiteya.tiktok.error_row import Place
from subiteya.tiktok.error_table import row_of
from subiteya.tiktok.tokens import DISCONNECTED

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Creator:
    """A creator as the post screen must show them.

    Attributes:
        info: TikTok's word; None when it takes no post now.
        privacy_levels: Those that may be chosen here: TikTok's, less what an app not audited may not use.
        refusal: Error code of why no post can be made now; None when one can.
    """

    info: CreatorInfo | None
    privacy_levels: tuple[PrivacyLevel, ...] = ()
    refusal: str | None = None


async def get_creator(resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID) -> Creator:
    """The creator behind an account.

    Raises:
        NotFound: no such account of theirs.
        TikTokTokenRejected: the account must be connected again.
        TikTokUnavailable: TikTok does not answer.
    """
    async with resources.db.begin() as session:
        known = await session.scalar(
            select(Account.id).where(
                Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED
            )
        )
    if known is None:
        raise NotFound(what="account")
    try:
        info = await ask_creator(resources, account_id)
    except TikTokTokenRejected:
        raise
    except TikTokRefused as error:
        return Creator(None, refusal=row_of(error.tiktok_code, Place.CREATOR_INFO).error_code)
    unaudited = resources.settings.tiktok.unaudited
    levels = [one for one in info.privacy_levels if one is PrivacyLevel.SELF_ONLY or not unaudited]
    return Creator(info, tuple(levels))


async def ask_creator(resources: Resources, account_id: uuid.UUID) -> CreatorInfo:
    """TikTok's word on a creator, with a token that is renewed once when TikTok refuses it."""
    tokens = tokens_of(resources)
    token = await tokens.access(account_id)
    try:
        return await resources.tiktok.creator_info(token)
    except TikTokTokenRejected:
        return await resources.tiktok.creator_info(await tokens.access(account_id, rejected=token))


async def check_creators(
    resources: Resources,
    video: Video,
    wishes: Sequence[tuple[uuid.UUID, PostWish]],
    specs: Mapping[uuid.UUID, Mapping[str, Any] | None],
) -> None:
    """Refuse at once what TikTok would refuse later, as far as TikTok can be asked now.

    Everything is asked again when a post is sent, so an answer that is missing now refuses nothing.

    Args:
        resources: The process's connections.
        video: What shall be posted.
        wishes: Account and wish of each post.
        specs: By account: the specification of the version that it gets.

    Raises:
        TooLongForCreator: the creator may not post videos of this length.
        PrivacyNotOffered: TikTok does not offer this audience to the creator.
    """
    # A draft takes no settings from here, and its owner may not even have allowed us to ask.
    wishes = [(account_id, wish) for account_id, wish in wishes if wish.mode is PostMode.DIRECT]
    for account_id in dict.fromkeys(account_id for account_id, _ in wishes):
        try:
            creator = await ask_creator(resources, account_id)
        except (TikTokRefused, TikTokUnavailable, CannotOpenSecret) as error:
            log.info("a creator could not be asked", account_id=str(account_id), why=error.sentence())
            continue
        seconds = least_seconds(video.probe, specs[account_id])
        if seconds > creator.max_duration_seconds:
            why = f"{seconds:.0f} s > {creator.max_duration_seconds} s"
            raise TooLongForCreator(what="video", why=why)
        for other, wish in wishes:
            if other == account_id and wish.privacy_level not in {*creator.privacy_levels}:
                raise PrivacyNotOffered(what="privacy_level", level=wish.privacy_level)
