"""The edit worker: `subiteya worker edit`."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import structlog

from subiteya.config import Settings
from subiteya.db.waking import wake
from subiteya.domain.errors import DatabaseUnavailable
from subiteya.domain.word_errors import WITHOUT_TRANSCRIBER
from subiteya.media.edit import Editor
from subiteya.media.ffmpeg import find_ffmpeg
from subiteya.media.fonts import bundled_fonts
from subiteya.media.transcribe import Transcriber, open_transcriber
from subiteya.pipeline.edit.by_kind import EditQueueJourney
from subiteya.pipeline.edit.journey import EditJourney
from subiteya.pipeline.edit.segment_journey import SegmentJourney
from subiteya.pipeline.edit.words_journey import WordsJourney
from subiteya.pipeline.tools import Tools
from subiteya.pipeline.work_folder import remove_abandoned
from subiteya.queue.names import QueueName
from subiteya.workers.run_worker import Shift, run_worker

log = structlog.get_logger(__name__)

TIDY_SECONDS: Final = 10.0


async def run_edit_worker(settings: Settings) -> None:
    """Edit videos until told to stop."""
    await run_worker(settings, _shift, "edit")


async def _shift(tools: Tools, _: AsyncExitStack) -> Shift:
    settings = tools.settings
    ffmpeg = await find_ffmpeg(settings.edit.ffmpeg_binary)
    fonts = await asyncio.to_thread(bundled_fonts)
    editor = Editor(ffmpeg=ffmpeg.binary, fonts=fonts, threads=settings.edit.ffmpeg_threads)

    async def tidy(stop: asyncio.Event) -> None:
        await _tidy(settings.home.work, stop)

    transcriber = open_transcriber(settings, ffmpeg.binary)

    async def wake_waiting(stop: asyncio.Event) -> None:
        await _wake_waiting(tools, transcriber, stop)

    journey = EditQueueJourney(
        EditJourney(editor, transcriber), SegmentJourney(editor), WordsJourney(transcriber)
    )
    return Shift("Edit Worker", journey, settings.edit.concurrency, [tidy, wake_waiting])


async def _wake_waiting(tools: Tools, transcriber: Transcriber, stop: asyncio.Event) -> None:
    """Settings are read at start: this is when edits that wait for a transcriber may have got one."""
    while transcriber.obstacle() is None and not stop.is_set():
        try:
            async with tools.db.begin() as session:
                woken = await wake(session, QueueName.EDIT, WITHOUT_TRANSCRIBER)
        except DatabaseUnavailable:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TIDY_SECONDS)
            continue
        if woken:
            log.info("edits that waited for a transcriber go on", jobs=woken)
        return


async def _tidy(root: Path, stop: asyncio.Event) -> None:
    """Remove what a killed worker left behind on this machine, at the start and now and then."""
    while not stop.is_set():
        removed = await asyncio.to_thread(remove_abandoned, root)
        if removed:
            log.warning("removed the folders of a worker that was killed", folders=removed)
        try:
            await asyncio.wait_for(stop.wait(), TIDY_SECONDS)
        except TimeoutError:
            continue
