"""Which versions of a video an edit job makes, one after the other: the video's own first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Render, Video
from subiteya.db.versions import missing_renders, version_of
from subiteya.domain.errors import LostTheJob
from subiteya.domain.pattern import Version
from subiteya.domain.states import VIDEO_POSTABLE, VideoStatus
from subiteya.pipeline.edit.progress import Share
from subiteya.pipeline.journey import Run


@dataclass(frozen=True, slots=True)
class Making:
    """One version that is made.

    Attributes:
        video: Its video.
        render: Which version; None for the video's own.
        share: Its part of the whole edit.
    """

    video: Video
    render: Render | None
    share: Share

    @property
    def row(self) -> Video | Render:
        """Where its file is written down."""
        return self.video if self.render is None else self.render

    @property
    def detail(self) -> dict[str, str]:
        """What the timeline says of it beside what it says of every edit."""
        return {} if self.render is None else {"render_id": str(self.render.id)}

    @property
    def version(self) -> Version:
        """What it is made of."""
        return version_of(self.row)


async def next_version(run: Run, made: int) -> Making | None:
    """The next version to be made, after so many in this run; None when all are there.

    Asked anew after each, because an account may have come meanwhile.

    Raises:
        LostTheJob: the video is gone.
    """
    async with run.db.begin() as session:
        video = await session.scalar(select(Video).where(Video.id == run.hand.subject))
        if video is None:
            raise LostTheJob
        missing = await _missing(session, video)
    return Making(video, missing[0], Share(made, made + len(missing))) if missing else None


async def is_late(session: AsyncSession, video: Video) -> bool:
    """Whether an edited video lacks a version that a post waits for: its account came after the edit."""
    return video.status in VIDEO_POSTABLE and bool(await missing_renders(session, video))


async def _missing(session: AsyncSession, video: Video) -> list[Render | None]:
    own_is_missing = video.status is VideoStatus.EDITING and video.edited_at is None
    return [*([None] if own_is_missing else []), *await missing_renders(session, video)]
