"""Feeds the open streams: learns which videos changed, reads their rows, and tells whoever watches them.

One reader for the whole process, and none while no stream is open. The queue's event streams say *that*
something changed, PostgreSQL says *what*. Two looks at the rows fill in what the queue does not tell: the
fine progress of an edit or a posting, once a second while one runs; and everything, every few seconds, while
the queue is away.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Event, Job, Post, Video
from subiteya.domain.errors import DatabaseUnavailable
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.http.api.schemas import video_out
from subiteya.http.live import Live
from subiteya.queue.events import LISTENING, LOST, Change, read_events
from subiteya.queue.names import QueueName, parse_job_id
from subiteya.services.get_videos import VideoView, load_videos
from subiteya.services.resources import Resources

SETTLE_SECONDS: Final = 0.05
"""Rest after a batch of queue events, one Redis command each; part of how late a change may be."""
DEBOUNCE_SECONDS: Final = 0.02
TICK_SECONDS: Final = 1.0
DEAF_TICKS: Final = 3
"""Without the queue, everything is looked at each so many ticks."""
_ECHO_SECONDS: Final = 5.0
"""How long after a change the rows are watched: something began, and more will follow."""
_ACTIVE: Final = "active"
_CLAIM_SECONDS: Final = 0.12
"""BullMQ says *active* when it hands a job out; the worker moves the row just after. So we look again."""
_REACH: Final = timedelta(minutes=2)
"""How far back a look at everything goes; an outage is bridged by looks, this covers their distance."""
_PAUSE_SECONDS: Final = 1.0
_BATCH: Final = 200
_RUNNING: Final = (VideoStatus.EDITING, VideoStatus.UPLOADING)
UNDER_WAY: Final = (
    VideoStatus.EDITING_QUEUED,
    VideoStatus.EDITING,
    VideoStatus.UPLOAD_QUEUED,
    VideoStatus.UPLOADING,
)
"""Videos that a stream begins with: something may happen to them without anybody asking."""
_LATE_EVENTS: Final = 500
"""Ids are drawn before commit, so a lower one may appear after a higher one; so many are looked at again."""
_log = structlog.get_logger(__name__)


class Feed:
    """Keeps `live` told; made and run once per api process."""

    def __init__(self, resources: Resources, live: Live) -> None:
        self._resources = resources
        self._live = live
        self._videos: set[uuid.UUID] = set()
        self._posts: set[uuid.UUID] = set()
        self._kick = asyncio.Event()
        self._stamps: dict[uuid.UUID, datetime] = {}
        self._deaf = False
        self._lively_until = 0.0

    async def run(self) -> None:
        """Work for ever: while streams are open follow the queue and the rows, otherwise do nothing."""
        while True:
            await self._live.somebody.wait()
            async with asyncio.TaskGroup() as group:
                work = [
                    group.create_task(self._follow_queue()),
                    group.create_task(self._look_at_rows()),
                    group.create_task(self._tell()),
                ]
                await self._live.nobody.wait()
                for task in work:
                    task.cancel()
            self._stamps.clear()

    async def _follow_queue(self) -> None:
        self._deaf = True
        events = read_events(
            self._resources.settings.queue, settle_s=SETTLE_SECONDS, meter=self._resources.meter
        )
        async with aclosing(events) as changes:
            async for change in changes:
                await self._note(change)

    async def _note(self, change: Change) -> None:
        if change.event == LOST:
            self._deaf = True
        elif change.event == LISTENING:
            self._deaf = False
            # What happened before anybody listened, or while the queue was away.
            await self._look(everything=True)
        elif change.job_id is not None:
            loop = asyncio.get_running_loop()
            self._lively_until = loop.time() + _ECHO_SECONDS
            try:
                queue, subject = parse_job_id(change.job_id)
            except ValueError:
                return  # somebody else's job in our queues: nothing that a page shows
            self._mark(queue, subject)
            if change.event == _ACTIVE:
                loop.call_later(_CLAIM_SECONDS, self._mark, queue, subject)

    def _mark(self, queue: QueueName, subject: uuid.UUID) -> None:
        """Have a video (of the edit queue) or a post's video looked at."""
        (self._videos if queue is QueueName.EDIT else self._posts).add(subject)
        self._kick.set()

    async def _look_at_rows(self) -> None:
        loop = asyncio.get_running_loop()
        tick = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            tick += 1
            if self._live.joined.is_set():
                self._live.joined.clear()
                self._lively_until = loop.time() + _ECHO_SECONDS
            if self._deaf and tick % DEAF_TICKS == 0:
                await self._look(everything=True)
            elif loop.time() < self._lively_until and await self._look(everything=False):
                self._lively_until = loop.time() + _ECHO_SECONDS

    async def _look(self, *, everything: bool) -> bool:
        """Find videos whose row, or whose post's row, moved since the last look; whether any runs now.

        Args:
            everything: All that moved lately, and not only what runs.
        """
        stamp = func.greatest(Video.updated_at, func.coalesce(func.max(Post.updated_at), Video.updated_at))
        listening = select(Job.video_id).where(Job.status == JobStatus.ACTIVE, Job.post_id.is_(None))
        wanted: ColumnElement[bool] = or_(Video.status.in_(_RUNNING), Video.id.in_(listening))
        if everything:
            since = func.now() - _REACH
            wanted = or_(wanted, Video.updated_at > since, Post.updated_at > since)
        query = (
            select(Video.id, stamp)
            .outerjoin(Post, Post.video_id == Video.id)
            .where(Video.user_id.in_(self._live.users), wanted)
            .group_by(Video.id)
        )
        try:
            async with self._resources.db.begin() as session:
                found: dict[uuid.UUID, datetime] = dict((await session.execute(query)).all())
        except DatabaseUnavailable:
            _log.warning("cannot look at the rows: the database does not answer")
            return True
        moved = {video_id for video_id, at in found.items() if self._stamps.get(video_id) != at}
        self._stamps = found
        if moved:
            self._videos |= moved
            self._kick.set()
        return bool(found)

    async def _tell(self) -> None:
        while True:
            await self._kick.wait()
            # A burst of changes becomes one look.
            await asyncio.sleep(DEBOUNCE_SECONDS)
            self._kick.clear()
            videos, self._videos = self._videos, set()
            posts, self._posts = self._posts, set()
            try:
                async with self._resources.db.begin() as session:
                    await self._tell_of(session, videos, posts)
            except DatabaseUnavailable:
                _log.warning("cannot tell of a change yet: the database does not answer")
                self._videos |= videos
                self._posts |= posts
                self._kick.set()
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _tell_of(
        self, session: AsyncSession, videos: Collection[uuid.UUID], posts: Collection[uuid.UUID]
    ) -> None:
        of_posts = select(Post.video_id).where(Post.id.in_(posts))
        watched = select(Video.id, Video.user_id).where(
            Video.user_id.in_(self._live.users), or_(Video.id.in_(videos), Video.id.in_(of_posts))
        )
        owners = dict((await session.execute(watched)).all())
        ids = list(owners)
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            views = {view.video.id: view for view in await load_videos(session, None, batch)}
            for video_id in batch:
                if (view := views.get(video_id)) is not None:
                    self._tell_view(view)
                else:
                    self._tell_removed(owners[video_id], video_id)

    def _tell_view(self, view: VideoView) -> None:
        user_id = view.video.user_id
        data = {language: video_json(view, language) for language in sorted(self._live.languages(user_id))}
        self._live.tell(user_id, view.video.id, "video", data, view.last_event_id)

    def _tell_removed(self, user_id: uuid.UUID, video_id: uuid.UUID) -> None:
        data = dict.fromkeys(self._live.languages(user_id), f'{{"id":"{video_id}"}}')
        self._live.tell(user_id, video_id, "removed", data, None)


def video_json(view: VideoView, language: str) -> str:
    """A video as the streams carry it."""
    return video_out(view, language).model_dump_json()


async def read_snapshot(
    resources: Resources, *, user_id: uuid.UUID, since_event: int
) -> tuple[list[VideoView], int]:
    """What a stream begins with: the videos under way, and those that changed since it was last told.

    Args:
        resources: The process's connections.
        user_id: Whose.
        since_event: The last event id that the browser saw; 0 when it is new.

    Returns:
        The videos, and the largest event id that they reflect.
    """
    query = select(Video.id).where(
        Video.user_id == user_id, Video.deleted_at.is_(None), Video.status.in_(UNDER_WAY)
    )
    async with resources.db.begin() as session:
        newest = await session.scalar(select(func.max(Event.id))) or 0
        ids = list(await session.scalars(query.order_by(Video.created_at)))
        if 0 < since_event <= newest:
            changed = select(Event.video_id).where(
                Event.user_id == user_id, Event.id > since_event - _LATE_EVENTS
            )
            newest_first = changed.group_by(Event.video_id).order_by(func.max(Event.id).desc())
            ids += await session.scalars(newest_first.limit(_BATCH))
        return await load_videos(session, user_id, ids), newest
