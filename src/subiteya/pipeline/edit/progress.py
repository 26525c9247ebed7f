"""How far an edit has come, as people know it.

10 taken, 30 downloaded, 40 prepared, FFmpeg's own percentage between 40 and 70, 70 rendered, 90 stored, 100
done. The round numbers go through Redis; what lies between is written to the row once a second and costs no
Redis command.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from sqlalchemy import func, update

from subiteya.db.models import Video
from subiteya.domain.errors import DatabaseUnavailable, LostTheJob
from subiteya.media.runner import Progress
from subiteya.pipeline.journey import Run

log = structlog.get_logger(__name__)

TAKEN, DOWNLOADED, PREPARED, RENDERED, STORED, COMPLETE = 10, 30, 40, 70, 90, 100
ROW_SECONDS: Final = 1.0
"""How often the row learns of FFmpeg's progress."""


async def show(run: Run, percent: int) -> None:
    """Tell the row and the queue of a round number."""
    await _show_in_row(run, percent, None)
    await run.hand.progress(percent)


@asynccontextmanager
async def shown_while_encoding(run: Run) -> AsyncIterator[Callable[[Progress], None]]:
    """What FFmpeg's progress may be told to; the newest waits in a box for whoever writes it to the row.

    Raises:
        LostTheJob: at its end, when the job is no longer this run's: it must not go on.
    """
    box: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        box[:] = [progress]

    writing = asyncio.create_task(_write(run, box))
    try:
        yield on_progress
    finally:
        writing.cancel()
        result = (await asyncio.gather(writing, return_exceptions=True))[0]
        if isinstance(result, LostTheJob):
            raise result


async def _write(run: Run, box: list[Progress]) -> None:
    while True:
        await asyncio.sleep(ROW_SECONDS)
        if not box:
            continue
        seen = box.pop()
        percent = PREPARED + round((RENDERED - PREPARED) * seen.fraction)
        await _show_in_row(run, percent, {"speed": seen.speed, "left_seconds": seen.left_s})


async def _show_in_row(run: Run, percent: int, detail: dict[str, Any] | None) -> None:
    try:
        async with run.db.begin() as session:
            await run.fence(session)
            await session.execute(
                update(Video)
                .where(Video.id == run.hand.subject)
                .values(progress=percent, progress_detail=detail, updated_at=func.now())
            )
    except DatabaseUnavailable:
        # Worth a line, not an edit: the lease has its own patience.
        log.info("progress could not be written", percent=percent)
