"""Measure a source once: how loud it is, whether it has black bars. FFmpeg does it, beside the api."""

from __future__ import annotations

import asyncio
import uuid
from typing import Final

import structlog
from sqlalchemy import update

from subiteya.db.models import Video
from subiteya.domain.errors import SubiteyaError
from subiteya.domain.measured import Measured
from subiteya.domain.probe import Probe
from subiteya.media.measure import measure_source
from subiteya.services.preview_pattern import Previews
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 15.0
"""How long whoever asks waits; the measuring goes on, and the next one who asks gets its result."""
_AT_ONCE = 1


class Measures:
    """Measures sources in a process of its own, one after another, each once for all who ask."""

    def __init__(self, previews: Previews) -> None:
        """Previews fetch sources; what one of them fetched is here already."""
        self._previews = previews
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[uuid.UUID, asyncio.Task[Measured | None]] = {}

    async def close(self) -> None:
        """Stop what still runs; FFmpeg ends with it."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def of(
        self, resources: Resources, video: Video, *, patience_s: float = PATIENCE_S
    ) -> Measured | None:
        """What was measured in a video's source; None when that takes longer, or cannot be done right now."""
        if video.measured is not None:
            return Measured.from_json(video.measured)
        task = self._running.get(video.id)
        if task is None:
            task = self._running[video.id] = asyncio.create_task(self._measure(resources, video))
            task.add_done_callback(lambda _: self._running.pop(video.id, None))
        done, _ = await asyncio.wait({task}, timeout=patience_s)
        return task.result() if done else None

    async def _measure(self, resources: Resources, video: Video) -> Measured | None:
        try:
            async with self._turns, self._previews.fetched(resources, video) as (source, work):
                probe = Probe.from_json(video.probe)
                measured = await measure_source(self._previews.editor, source, probe, work)
            async with resources.db.begin() as session:
                await session.execute(
                    update(Video).where(Video.id == video.id).values(measured=measured.to_json())
                )
        except SubiteyaError as error:
            log.warning("a source cannot be measured now", video=str(video.id), why=error.sentence())
            return None
        return measured
