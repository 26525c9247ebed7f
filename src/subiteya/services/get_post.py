"""One post as its owner sees it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Job, Post, Video
from subiteya.domain.errors import NotFound
from subiteya.domain.schedule import Moment, Oddity, zone_of
from subiteya.services.find_warnings import Warned, find_warnings
from subiteya.services.get_videos import PostView
from subiteya.services.resources import Resources


@dataclass(frozen=True, slots=True)
class PostPage:
    """A post with its account and its job, and the zone by whose clocks it is planned.

    Attributes:
        view: As everywhere.
        time_zone: IANA name of the account's zone.
        oddity: What a change of clocks made of the time that was just chosen.
        warnings: What its owner should know before it goes out.
    """

    view: PostView
    time_zone: str
    oddity: Oddity | None = None
    warnings: Sequence[Warned] = ()

    @property
    def scheduled_local(self) -> datetime | None:
        """When it goes out by the clocks of the account's zone."""
        at = self.view.post.scheduled_at
        return at.astimezone(zone_of(self.time_zone)) if at is not None else None

    def with_warnings(self, warnings: Sequence[Warned]) -> PostPage:
        """The same, with what its owner should know before it goes out."""
        return replace(self, warnings=tuple(warnings))

    def with_oddity(self, moment: Moment | None) -> PostPage:
        """The same, with what was decided about the time."""
        return replace(self, oddity=moment.oddity if moment is not None else None)


async def load_posts(
    session: AsyncSession, user_id: uuid.UUID, post_ids: Sequence[uuid.UUID]
) -> list[PostPage]:
    """Posts of theirs in the order of `post_ids`; unknown and others' ones are left out."""
    found = await session.execute(
        select(Post, Account, Job)
        .join(Account, Account.id == Post.account_id)
        .join(Video, Video.id == Post.video_id)
        .outerjoin(Job, Job.post_id == Post.id)
        .where(Post.id.in_(post_ids), Post.user_id == user_id, Video.deleted_at.is_(None)),
        execution_options={"populate_existing": True},
    )
    pages = {
        post.id: PostPage(PostView(post, account.username, job), account.time_zone)
        for post, account, job in found
    }
    return [pages[post_id] for post_id in post_ids if post_id in pages]


async def get_post(resources: Resources, *, user_id: uuid.UUID, post_id: uuid.UUID) -> PostPage:
    """One post.

    Raises:
        NotFound: no such post of theirs.
    """
    async with resources.db.begin() as session:
        page = await require_post(session, user_id, post_id)
        return page.with_warnings((await find_warnings(session, [page.view.post]))[post_id])


async def require_post(session: AsyncSession, user_id: uuid.UUID, post_id: uuid.UUID) -> PostPage:
    """One post, within a transaction.

    Raises:
        NotFound: no such post of theirs.
    """
    pages = await load_posts(session, user_id, [post_id])
    if not pages:
        raise NotFound(what="post")
    return pages[0]
