"""Which version of a video an account gets: its default pattern under what was asked for the video.

Decided once for each video and account, at *confirm* or with the first post, and written down: a default
pattern that changes later does not reach what was decided. Accounts that come out at the same clip share it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, AccountRender, BrandPattern, Render, Video
from subiteya.db.versions import values_of, version_of
from subiteya.domain.pattern import PatternSpec, Version, said_in
from subiteya.services.asset_use import require_assets
from subiteya.services.plan_post import usable_account
from subiteya.tiktok.tokens import DISCONNECTED


@dataclass(frozen=True, slots=True)
class Choice:
    """Which version an account gets.

    Attributes:
        link: Says so in the database, or will.
        render: The version; None for the video's own.
        is_new: Whether nothing of it is written down yet.
    """

    link: AccountRender
    render: Render | None
    is_new: bool


async def choose_version(session: AsyncSession, video: Video, account: Account) -> Choice:
    """The version of a confirmed video that an account gets; writes nothing.

    Raises:
        BadPattern: the account's default pattern and what was asked for the video contradict each other.
    """
    known = await session.get(AccountRender, (video.id, account.id))
    if known is not None:
        render = await session.get(Render, known.render_id) if known.render_id is not None else None
        return Choice(known, render, is_new=False)
    pattern = await session.get(BrandPattern, account.pattern_id) if account.pattern_id is not None else None
    link = AccountRender(
        video_id=video.id,
        account_id=account.id,
        pattern_id=pattern.id if pattern is not None else None,
        pattern_version=pattern.version if pattern is not None else None,
    )
    own = version_of(video)
    wanted = Version.of(_merged(video, own.spec, pattern), values_of(video.title, account))
    fingerprint = wanted.fingerprint(video.subtitles)
    if fingerprint == own.fingerprint(video.subtitles):
        return Choice(link, None, is_new=True)
    render = await session.scalar(
        select(Render).where(Render.video_id == video.id, Render.fingerprint == fingerprint)
    )
    if render is None:
        render = Render(
            id=uuid.uuid4(),
            video_id=video.id,
            fingerprint=fingerprint,
            spec=wanted.spec.model_dump(mode="json"),
            field_values=dict(wanted.values),
        )
    link.render_id = render.id
    return Choice(link, render, is_new=True)


async def keep_choice(session: AsyncSession, video: Video, account: Account) -> Choice:
    """The same, written down; the caller has locked the video, so that nobody writes it down twice.

    Raises:
        BadPattern: the account's default pattern and what was asked for the video contradict each other, or a
            file that a version to be made needs was deleted since.
    """
    choice = await choose_version(session, video, account)
    if choice.is_new:
        if choice.render is not None:
            if choice.render.edited_at is None:
                await require_assets(session, PatternSpec.parse(choice.render.spec))
            session.add(choice.render)
            await session.flush()
        session.add(choice.link)
        await session.flush()
    return choice


async def over_default(
    session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID, spec: PatternSpec
) -> PatternSpec:
    """What an account would get of a video for which this is asked: as *confirm* would freeze it.

    Raises:
        NotFound: no such account of theirs.
        BadPattern: the account's default pattern and the specification contradict each other.
    """
    account = await usable_account(session, user_id, account_id)
    if account.pattern_id is None:
        return spec
    pattern = await session.get_one(BrandPattern, account.pattern_id)
    return PatternSpec.merge(said_in(pattern.spec), spec.model_dump(mode="json", exclude_unset=True))


async def forget_versions(session: AsyncSession, video_id: uuid.UUID) -> list[str]:
    """Forget every version beside the video's own, and who gets which: the video is confirmed anew.

    Returns:
        Keys of files that nobody needs any more, to be removed after the transaction.
    """
    await session.execute(delete(AccountRender).where(AccountRender.video_id == video_id))
    gone = await session.scalars(
        delete(Render).where(Render.video_id == video_id).returning(Render.edited_key)
    )
    return [key for key in gone if key is not None]


async def own_values(
    session: AsyncSession, user_id: uuid.UUID, spec: PatternSpec, title: str
) -> dict[str, str]:
    """What the fields of the video's own version stand for: the account is the first by name."""
    account = await session.scalar(
        select(Account)
        .where(Account.user_id == user_id, Account.status != DISCONNECTED)
        .order_by(Account.username, Account.id)
        .limit(1)
    )
    return {name.value: value for name, value in Version.of(spec, values_of(title, account)).values.items()}


def _merged(video: Video, own: PatternSpec, pattern: BrandPattern | None) -> PatternSpec:
    if pattern is None:
        return own
    given = video.spec_given if video.spec_given is not None else said_in(video.spec or {})
    return PatternSpec.merge(said_in(pattern.spec), given)
