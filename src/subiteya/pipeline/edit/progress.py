"""How far an edit has come, as people know it; and how far the writing down of what is said.

10 taken, 30 downloaded, 40 prepared, FFmpeg's own percentage between 40 and 70, 70 rendered, 90 stored, 100
done. The round numbers go through Redis; what lies between is written to the row once a second and costs no
Redis command. Where several versions of a video are made, they share what lies between downloaded and stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import func, update

from subiteya.db.models import Video
from subiteya.domain.errors import DatabaseUnavailable, LostTheJob
from subiteya.domain.states import VideoStatus
from subiteya.media.runner import Progress
from subiteya.pipeline.journey import Run

log = structlog.get_logger(__name__)

TAKEN, DOWNLOADED, PREPARED, RENDERED, STORED, COMPLETE = 10, 30, 40, 70, 90, 100
ROW_SECONDS: Final = 1.0
"""How often the row learns of what lies between."""
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


async def show(run: Run, percent: int) -> None:
    """Tell the row and the queue of a round number."""
    await _show_in_row(run, percent, None)
    await run.hand.progress(percent)


@asynccontextmanager
async def shown_while_encoding(run: Run, share: Share) -> AsyncIterator[Callable[[Progress], None]]:
    """What FFmpeg's progress may be told to.

    Raises:
        LostTheJob: at its end, when the job is no longer this run's: it must not go on.
    """
    async with _shown_meanwhile(run) as tell:

        def on_progress(seen: Progress) -> None:
            percent = share.of_all(PREPARED + (RENDERED - PREPARED) * seen.fraction)
            tell(percent, {"speed": seen.speed, "left_seconds": seen.left_s})

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
    async with _shown_meanwhile(run) as tell:

        def on_progress(heard: float) -> None:
            own = DOWNLOADED + (PREPARED - DOWNLOADED) * heard
            percent = None if share is None else share.of_all(own)
            tell(percent, {WORDS_PERCENT: round(100 * heard)})

        on_progress(0.0)
        yield on_progress


@asynccontextmanager
async def _shown_meanwhile(run: Run) -> AsyncIterator[Callable[[int | None, dict[str, Any]], None]]:
    """The newest waits in a box for whoever writes it to the row."""
    box: list[tuple[int | None, dict[str, Any]]] = []

    def tell(percent: int | None, detail: dict[str, Any]) -> None:
        box[:] = [(percent, detail)]

    writing = asyncio.create_task(_write(run, box))
    try:
        yield tell
    finally:
        writing.cancel()
        result = (await asyncio.gather(writing, return_exceptions=True))[0]
        if isinstance(result, LostTheJob):
            raise result


async def _write(run: Run, box: list[tuple[int | None, dict[str, Any]]]) -> None:
    while True:
        await asyncio.sleep(ROW_SECONDS)
        if box:
            await _show_in_row(run, *box.pop())


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
