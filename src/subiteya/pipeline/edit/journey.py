"""The edit job: from a confirmed video to a clip in storage."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Video
from subiteya.db.moves import move_video, note
from subiteya.domain.errors import LostTheJob
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, Retry, TryAgain, Wait
from subiteya.domain.states import VideoStatus
from subiteya.media.edit import Editor, shown_command
from subiteya.media.graph import EditPlan
from subiteya.pipeline.edit import store
from subiteya.pipeline.edit.progress import COMPLETE, DOWNLOADED, PREPARED, RENDERED, STORED, TAKEN, show
from subiteya.pipeline.edit.render import encode, make_plan
from subiteya.pipeline.journey import Run
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue.hand import AbortReason
from subiteya.queue.names import QueueName


class EditJourney:
    """Runs edit jobs."""

    queue = QueueName.EDIT

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """Show the video as being edited; False when it is neither waiting nor interrupted."""
        video_id = run.hand.subject
        moved = await move_video(
            session,
            video_id,
            VideoStatus.EDITING,
            run.why("started"),
            progress=0,
            progress_detail=None,
            error_code=None,
            error_context=None,
        )
        if moved is not None:
            return True
        video = await session.scalar(select(Video).where(Video.id == video_id))
        if video is None or video.status is not VideoStatus.EDITING:
            return False
        await note(session, run.why("taken_over"), video=video)
        return True

    async def work(self, run: Run) -> Outcome:
        """Download, render, store. Stops within moments when the job is called off or handed back."""
        root = run.tools.settings.home.work
        working = asyncio.create_task(self._work(run, root))
        aborted = asyncio.create_task(run.hand.abort.wait())
        try:
            await asyncio.wait({working, aborted}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            return Retry(str(run.hand.abort.reason or AbortReason.SHUTDOWN))
        finally:
            for task in (working, aborted):
                task.cancel()
            # Cancelling kills FFmpeg's group and removes the folder: not done before both are through.
            await asyncio.gather(working, aborted, return_exceptions=True)

    async def _work(self, run: Run, root: Path) -> Outcome:
        video = await _video(run)
        with work_folder(root, f"edit-{video.id}") as folder:
            await show(run, TAKEN)
            source = folder / f"source{Path(video.source_key).suffix}"
            await run.tools.storage.files.download(video.source_key, source)
            await store.fingerprint(run, video, source)
            await show(run, DOWNLOADED)
            plan = await make_plan(run, self._editor, video, source, folder / "edit")
            await show(run, PREPARED)
            await _note_command(run, video, plan, folder / "edit")
            seconds = await encode(run, self._editor, plan, folder / "edit")
            await show(run, RENDERED)
            info = await store.send(run, video, plan)
            await show(run, STORED)
        await store.keep(run, video, info, seconds)
        await run.hand.progress(COMPLETE)
        return Done(f"{info.size} bytes")

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Let the video's status say what was decided."""
        video_id = run.hand.subject
        match decision:
            case Done():
                await move_video(
                    session,
                    video_id,
                    VideoStatus.EDITED,
                    run.why("edited"),
                    progress=COMPLETE,
                    progress_detail=None,
                    edited_at=func.now(),
                )
            case Wait(until, reason, detail):
                why = run.why(reason, until=until.isoformat(), why=detail)
                await move_video(session, video_id, VideoStatus.EDITING_QUEUED, why, progress=0)
            case TryAgain(at, number, of, code, detail):
                why = run.why(code, retry=number, of=of, at=at.isoformat(), why=detail)
                await move_video(
                    session,
                    video_id,
                    VideoStatus.EDITING_QUEUED,
                    why,
                    progress=0,
                    progress_detail=None,
                    error_code=code,
                    error_context={"why": detail},
                )
            case GiveUp(code, detail) | AskHuman(code, detail):
                await move_video(
                    session,
                    video_id,
                    VideoStatus.FAILED_EDIT,
                    run.why(code, why=detail),
                    progress_detail=None,
                    error_code=code,
                    error_context={"why": detail},
                )


async def _video(run: Run) -> Video:
    async with run.db.begin() as session:
        video = await session.scalar(select(Video).where(Video.id == run.hand.subject))
    if video is None:
        raise LostTheJob
    return video


async def _note_command(run: Run, video: Video, plan: EditPlan, folder: Path) -> None:
    command = shown_command(plan, folder)
    run.hand.log(command)
    async with run.db.begin() as session:
        await note(session, run.why("ffmpeg", command=command, copy=plan.is_copy), video=video)
