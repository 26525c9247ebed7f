"""Videos as people see them: the row, its posts, and what their jobs say; loaded many at a time."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, AccountRender, Event, Job, Post, Render, Video
from subiteya.domain.errors import BadInput, NotFound
from subiteya.domain.states import GROUPS, VideoStatus
from subiteya.queue.names import edit_job_id, words_job_id
from subiteya.services.resources import Resources

GROUP_LIMIT: Final = 100
"""Videos shown in one group of the queues page; the counts say how many there are."""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post, the name of its account, and its upload job."""

    post: Post
    account_username: str
    job: Job | None


@dataclass(frozen=True, slots=True)
class VideoView:
    """A video, its posts (oldest first), its jobs, and the id of its newest event (0: none).

    Attributes:
        job: Its edit.
        versions: Which version of it each account gets (None: the video's own).
        words: The writing down of what is said, when it was asked for by itself.
    """

    video: Video
    posts: tuple[PostView, ...]
    job: Job | None
    last_event_id: int
    versions: tuple[tuple[AccountRender, Render | None], ...] = ()
    words: Job | None = None


@dataclass(frozen=True, slots=True)
class VideoPage:
    """Videos, newest first; `cursor` leads to the next page and is None on the last."""

    videos: list[VideoView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class VideoGroup:
    """The newest videos of one group, and how many the group has."""

    count: int
    videos: list[VideoView]


async def load_videos(
    session: AsyncSession, user_id: uuid.UUID | None, video_ids: Collection[uuid.UUID]
) -> list[VideoView]:
    """Videos with everything that is shown of them, in five queries however many they are.

    Args:
        session: A transaction.
        user_id: Whose; others' videos are left out. None is for the live channel alone, which serves many
            users from one look and hands each view to the user whose `view.video.user_id` it carries.
        video_ids: Which; unknown and deleted ones are left out.

    Returns:
        One view per video, in the order of `video_ids`.
    """
    query = select(Video).where(Video.id.in_(video_ids), Video.deleted_at.is_(None))
    if user_id is not None:
        query = query.where(Video.user_id == user_id)
    videos = {video.id: video for video in await session.scalars(query)} if video_ids else {}
    if not videos:
        return []
    jobs = list(await session.scalars(select(Job).where(Job.video_id.in_(videos))))
    posts = await _load_posts(session, videos, {job.post_id: job for job in jobs})
    of_videos = {job.id: job for job in jobs if job.post_id is None}
    newest = await session.execute(
        select(Event.video_id, func.max(Event.id)).where(Event.video_id.in_(videos)).group_by(Event.video_id)
    )
    last_ids = dict(newest.all())
    versions = await _load_versions(session, videos)
    return [
        VideoView(
            videos[video_id],
            tuple(posts[video_id]),
            of_videos.get(edit_job_id(video_id)),
            last_ids.get(video_id, 0),
            tuple(versions[video_id]),
            of_videos.get(words_job_id(video_id)),
        )
        for video_id in dict.fromkeys(video_ids)
        if video_id in videos
    ]


async def _load_posts(
    session: AsyncSession, video_ids: Collection[uuid.UUID], uploads: Mapping[uuid.UUID | None, Job]
) -> Mapping[uuid.UUID, list[PostView]]:
    found = await session.execute(
        select(Post, Account.username)
        .join(Account, Account.id == Post.account_id)
        .where(Post.video_id.in_(video_ids))
        .order_by(Post.created_at, Post.id)
    )
    posts: dict[uuid.UUID, list[PostView]] = {video_id: [] for video_id in video_ids}
    for post, username in found:
        posts[post.video_id].append(PostView(post, username, uploads.get(post.id)))
    return posts


async def _load_versions(
    session: AsyncSession, video_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[tuple[AccountRender, Render | None]]]:
    found = await session.execute(
        select(AccountRender, Render)
        .outerjoin(Render, Render.id == AccountRender.render_id)
        .where(AccountRender.video_id.in_(video_ids))
        .order_by(AccountRender.created_at, AccountRender.account_id)
    )
    versions: dict[uuid.UUID, list[tuple[AccountRender, Render | None]]] = {each: [] for each in video_ids}
    for link, render in found:
        versions[link.video_id].append((link, render))
    return versions


async def get_video(resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID) -> VideoView:
    """One video.

    Raises:
        NotFound: no such video of theirs.
    """
    async with resources.db.begin() as session:
        found = await load_videos(session, user_id, [video_id])
    if not found:
        raise NotFound(what="video")
    return found[0]


async def list_videos(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    statuses: Sequence[VideoStatus] = (),
    limit: int = 50,
    cursor: str | None = None,
) -> VideoPage:
    """A page of videos, newest first. Pages neither skip nor repeat when videos are added meanwhile.

    Args:
        resources: The process's connections.
        user_id: Whose.
        statuses: Only these; all when empty.
        limit: Videos in a page.
        cursor: From the page before.

    Raises:
        BadInput: the cursor is not one of ours.
    """
    query = (
        select(Video.id, Video.created_at)
        .where(Video.user_id == user_id, Video.deleted_at.is_(None))
        .order_by(Video.created_at.desc(), Video.id.desc())
        .limit(limit + 1)
    )
    if statuses:
        query = query.where(Video.status.in_(statuses))
    if cursor is not None:
        query = query.where(tuple_(Video.created_at, Video.id) < tuple_(*_read_cursor(cursor)))
    async with resources.db.begin() as session:
        rows = list(await session.execute(query))
        page = rows[:limit]
        videos = await load_videos(session, user_id, [row.id for row in page])
    more = len(rows) > limit
    return VideoPage(videos, _write_cursor(page[-1].created_at, page[-1].id) if more else None)


async def group_videos(resources: Resources, *, user_id: uuid.UUID) -> Mapping[str, VideoGroup]:
    """All videos of a user by group (`domain.states.GROUPS`), the newest of each."""
    group = case(*((Video.status.in_(statuses), name) for name, statuses in GROUPS.items()))
    ranked = (
        select(
            Video.id,
            group.label("name"),
            func.row_number()
            .over(partition_by=group, order_by=(Video.created_at.desc(), Video.id.desc()))
            .label("place"),
            func.count().over(partition_by=group).label("total"),
        )
        .where(Video.user_id == user_id, Video.deleted_at.is_(None))
        .subquery()
    )
    query = select(ranked).where(ranked.c.place <= GROUP_LIMIT).order_by(ranked.c.name, ranked.c.place)
    async with resources.db.begin() as session:
        rows = list(await session.execute(query))
        views = {view.video.id: view for view in await load_videos(session, user_id, [r.id for r in rows])}
    groups = {name: VideoGroup(0, []) for name in GROUPS}
    for row in rows:
        if row.id in views:
            groups[row.name] = VideoGroup(row.total, [*groups[row.name].videos, views[row.id]])
    return groups


def _write_cursor(created_at: datetime, video_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {video_id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        created_at, _, video_id = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(" ")
        when, which = datetime.fromisoformat(created_at), uuid.UUID(video_id)
    except (binascii.Error, ValueError):
        raise BadInput(what="cursor", why="it is not one of ours") from None
    if when.tzinfo is None:
        raise BadInput(what="cursor", why="it is not one of ours")
    return when, which
