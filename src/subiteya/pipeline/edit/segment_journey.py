"""The job that makes one segment of an edit that several machines share: its pictures, no sound."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import segments
from subiteya.db.models import Job, Segment, Video
from subiteya.db.moves import note
from subiteya.db.versions import missing_renders
from subiteya.domain.errors import LostTheJob
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, TryAgain, Wait
from subiteya.domain.segments import Stretch
from subiteya.media.edit import Editor, run_edit, shown_command
from subiteya.media.segments import plan_stretch
from subiteya.pipeline.edit.progress import Part, Share, shown_while_drawing
from subiteya.pipeline.edit.render import gather
from subiteya.pipeline.edit.versions import Making
from subiteya.pipeline.journey import Run, until_aborted
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue.names import QueueName

FOR_OTHERS: Final = timedelta(seconds=6)
"""How long a segment is left to machines that make none of its edit yet."""
_LOOK_AGAIN: Final = timedelta(seconds=1)
_ELSEWHERE: Final = "other_machine"


class SegmentJourney:
    """Runs such jobs."""

    queue = QueueName.EDIT

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """False when its edit does not wait for it any more."""
        return await segments.of_job(session, run.claim.job_id) is not None

    async def work(self, run: Run) -> Outcome:
        """Download, draw, store. Stops within moments when called off or handed back."""
        return await until_aborted(run, self._work(run))

    async def _work(self, run: Run) -> Outcome:
        async with run.db.begin() as session:
            segment = await segments.of_job(session, run.claim.job_id)
            if segment is None:
                raise LostTheJob
            if not await segments.take(session, segment, run.tools.settings.observe.worker_host, FOR_OTHERS):
                return Wait(datetime.now(UTC) + _LOOK_AGAIN, _ELSEWHERE)
            making, of = await _making(session, segment), await segments.count(session, segment)
        part = Part(segment, making.video.id, making.share, of)
        with work_folder(run.tools.settings.home.work, f"segment-{making.video.id}") as folder:
            source = folder / f"source{Path(making.video.source_key).suffix}"
            await run.tools.storage.files.download(making.video.source_key, source)
            await self._make(run, part, making, source, folder / "segment")
        return Done()

    async def _make(self, run: Run, part: Part, making: Making, source: Path, folder: Path) -> None:
        segment, began = part.segment, asyncio.get_running_loop().time()
        ingredients = await gather(run, making, source, folder)
        stretch = Stretch(segment.first, segment.end)
        plan = await plan_stretch(self._editor, ingredients, stretch, folder)
        async with shown_while_drawing(run, part) as on_progress:
            seconds = await run_edit(self._editor, plan, folder, on_progress)
        await run.tools.storage.files.upload(plan.output, segment.key, content_type=plan.content_type)
        told = {
            "segment": segment.number + 1,
            "of": part.of,
            "command": shown_command(plan, folder),
            "ffmpeg_seconds": round(seconds, 2),
            "seconds": round(asyncio.get_running_loop().time() - began, 2),
        }
        async with run.db.begin() as session:
            await run.fence(session)
            await segments.show_percent(session, segment, 100)
            await note(session, run.why("segment", **told), video=making.video)

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Say in the timeline when a try has failed; the edit itself says what became of it."""
        match decision:
            case TryAgain(at, number, of, code, detail):
                why = run.why(code, retry=number, of=of, at=at.isoformat(), why=detail)
            case GiveUp(code, detail) | AskHuman(code, detail):
                why = run.why(code, why=detail)
            case Done() | Wait():
                return
        video_id = select(Job.video_id).where(Job.id == run.claim.job_id).scalar_subquery()
        video = await session.scalar(select(Video).where(Video.id == video_id))
        if video is not None:
            await note(session, why, video=video)


async def _making(session: AsyncSession, segment: Segment) -> Making:
    query = select(Video).join(Job, Job.video_id == Video.id).where(Job.id == segment.job_id)
    video = (await session.scalars(query)).one()
    return Making(video, None, Share(0, 1 + len(await missing_renders(session, video))))
