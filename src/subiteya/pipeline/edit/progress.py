"""How far an edit has come, as people know it; and how far the writing down of what is said.

10 taken, 30 downloaded, 40 prepared, FFmpeg's own percentage between 40 and 70, 70 rendered, 90 stored, 100
done. The round numbers go through Redis; what lies between is written to the row once a second and costs no
Redis command. Where several versions of a video are made, they share what lies between downloaded and stored.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import func, update

from subiteya.db import segments
from subiteya.db.models import Segment, Video
from subiteya.domain.errors import DatabaseUnavailable, LostTheJob
from subiteya.domain.states import VideoStatus
from subiteya.media.runner import Progress
from subiteya.pipeline.journey import Run

log = structlog.get_logger(__name__)

TAKEN, DOWNLOADED, PREPARED, RENDERED, STORED, COMPLETE = 10, 30, 40, 70, 90, 100
DRAWN: Final = 67
"""All segments of a shared edit are there; joining them takes it to `RENDERED`."""
ROW_SECONDS: Final = 1.0
"""How often the row learns of what lies between."""
_Write = Callable[[int | None, dict[str, Any] | None], Awaitable[None]]
WORDS_PERCENT: Final = "words_percent"
"""In `progress_detail`: how much of the sound has been listened to, while it is written down."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an edit that one version is: number `made` (from 0) of `of`."""

    made: int = 0
    of: int = 1

    def of_all(self, percent: float) -> int:
        """How far the whole edit is when this version is at `percent`."""
        span = STORED - DOWNLOADED
        return DOWNLOADED + round((span * self.made + percent - DOWNLOADED) / self.of)


@dataclass(frozen=True, slots=True)
class Part:
    """One of `of` segments of a version."""

    segment: Segment
    video_id: uuid.UUID
    share: Share
    of: int


async def show(run: Run, percent: int) -> None:
    """Tell the row and the queue of a round number."""
    await _show_in_row(run, percent, None)
    await run.hand.progress(percent)


@asynccontextmanager
async def shown_while_encoding(
    run: Run, share: Share, begin: int = PREPARED
) -> AsyncIterator[Callable[[Progress], None]]:
    """What FFmpeg's progress may be told to; it fills what lies between `begin` and rendered.

    Raises:
        LostTheJob: at its end, when the job is no longer this run's: it must not go on.
    """
    async with _shown_meanwhile(partial(_show_in_row, run)) as tell:

        def on_progress(seen: Progress) -> None:
            percent = share.of_all(begin + (RENDERED - begin) * seen.fraction)
            tell(percent, {"speed": seen.speed, "left_seconds": seen.left_s})

        yield on_progress


@asynccontextmanager
async def shown_while_drawing(run: Run, part: Part) -> AsyncIterator[Callable[[Progress], None]]:
    """The same for one segment; all of them together move the video's progress.

    Raises:
        LostTheJob: as above.
    """
    async with _shown_meanwhile(partial(_show_part, run, part)) as tell:

        def on_progress(seen: Progress) -> None:
            speed = None if seen.speed is None else seen.speed * part.of  # as if all went like this one
            tell(round(100 * seen.fraction), {"speed": speed, "left_seconds": seen.left_s})

        yield on_progress


@asynccontextmanager
async def shown_while_listening(run: Run, share: Share | None) -> AsyncIterator[Callable[[float], None]]:
    """What a transcriber may tell how much is done, 0 to 1.

    Args:
        run: The job.
        share: The version that an edit makes meanwhile; None outside of an edit, whose percentage stays.

    Raises:
        LostTheJob: at its end, when the job is no longer this run's: it must not go on.
    """
    async with _shown_meanwhile(partial(_show_in_row, run)) as tell:

        def on_progress(heard: float) -> None:
            own = DOWNLOADED + (PREPARED - DOWNLOADED) * heard
            percent = None if share is None else share.of_all(own)
            tell(percent, {WORDS_PERCENT: round(100 * heard)})

        on_progress(0.0)
        yield on_progress


@asynccontextmanager
async def _shown_meanwhile(write: _Write) -> AsyncIterator[Callable[[int | None, dict[str, Any]], None]]:
    """The newest waits in a box for whoever writes it to the row."""
    box: list[tuple[int | None, dict[str, Any]]] = []

    def tell(percent: int | None, detail: dict[str, Any]) -> None:
        box[:] = [(percent, detail)]

    writing = asyncio.create_task(_write_often(write, box))
    try:
        yield tell
    finally:
        writing.cancel()
        result = (await asyncio.gather(writing, return_exceptions=True))[0]
        if isinstance(result, LostTheJob):
            raise result


async def _write_often(write: _Write, box: list[tuple[int | None, dict[str, Any]]]) -> None:
    while True:
        await asyncio.sleep(ROW_SECONDS)
        if box:
            await write(*box.pop())


async def _show_in_row(run: Run, percent: int | None, detail: dict[str, Any] | None) -> None:
    shown: dict[str, Any] = {"progress_detail": detail, "updated_at": func.now()}
    # An edited video stays as it is shown while one more version of it is made.
    which = [Video.id == run.hand.subject]
    if percent is not None:
        shown["progress"] = percent
        which.append(Video.status == VideoStatus.EDITING)
    try:
        async with run.db.begin() as session:
            await run.fence(session)
            await session.execute(update(Video).where(*which).values(**shown))
    except DatabaseUnavailable:
        # Worth a line, not an edit: the lease has its own patience.
        log.info("progress could not be written", percent=percent)


async def _show_part(run: Run, part: Part, percent: int | None, detail: dict[str, Any] | None) -> None:
    try:
        async with run.db.begin() as session:
            await run.fence(session)
            mean = await segments.show_percent(session, part.segment, percent or 0)
            shown = part.share.of_all(PREPARED + (DRAWN - PREPARED) * mean)
            await session.execute(
                update(Video)
                .where(Video.id == part.video_id, Video.status == VideoStatus.EDITING)
                .values(progress=shown, progress_detail=detail, updated_at=func.now())
            )
    except DatabaseUnavailable:
        log.info("progress could not be written", percent=percent)
