"""The journey of a video: S3 → work folder → one FFmpeg pass → S3 → EDITED.

Progress as people know it: 10 taken, 30 downloaded, 40 prepared, FFmpeg's own percentage between 40 and 70,
70 rendered, 90 stored, 100 done. The round numbers go through Redis; what lies between is written to the
row once a second and costs no Redis command.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Video
from subiteya.db.moves import move_video, note
from subiteya.domain.errors import DatabaseUnavailable, LostTheJob, StorageUnavailable, TooLarge
from subiteya.domain.keys import VideoFile, require_owner, video_key
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, Retry, TryAgain, Wait
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.states import VideoStatus
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit, shown_command
from subiteya.media.graph import EditPlan
from subiteya.media.ingredients import ASSET_LIMITS
from subiteya.media.runner import Progress
from subiteya.media.subtitles import parse_subtitles
from subiteya.pipeline.journey import Run
from subiteya.pipeline.patience import patiently
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue.hand import AbortReason
from subiteya.queue.names import QueueName
from subiteya.storage import ObjectInfo
from subiteya.tiktok.tokens import DISCONNECTED

log = structlog.get_logger(__name__)

TAKEN, DOWNLOADED, PREPARED, RENDERED, STORED, COMPLETE = 10, 30, 40, 70, 90, 100
ROW_SECONDS: Final = 1.0
"""How often the row learns of FFmpeg's progress."""


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
        video = await self._video(run)
        with work_folder(root, f"edit-{video.id}") as folder:
            await self._show(run, TAKEN)
            source = folder / f"source{Path(video.source_key).suffix}"
            await run.tools.storage.files.download(video.source_key, source)
            await self._show(run, DOWNLOADED)
            plan = await self._plan(run, video, source, folder / "edit")
            await self._show(run, PREPARED)
            await self._note_command(run, video, plan, folder / "edit")
            seconds = await self._render(run, plan, folder / "edit")
            await self._show(run, RENDERED)
            key = self._key(run, video, plan.output.suffix)
            info = await run.tools.storage.files.upload(plan.output, key, content_type=plan.content_type)
            await self._show(run, STORED)
        try:
            await patiently(lambda: self._keep(run, video, info, seconds))
        except LostTheJob:
            # Called off or taken over while it was stored: nobody will ever ask for this object.
            await self._drop(run, info.key)
            raise
        await self._drop_former(run, video, info.key)
        await run.hand.progress(COMPLETE)
        return Done(f"{info.size} bytes")

    async def _plan(self, run: Run, video: Video, source: Path, folder: Path) -> EditPlan:
        await asyncio.to_thread(folder.mkdir)
        spec = PatternSpec.parse(video.spec or {})
        files = await self._files(run, spec, video.user_id, folder)
        cues: tuple[Cue, ...] = ()
        if video.subtitles is not None:
            cues = await asyncio.to_thread(parse_subtitles, video.subtitles.encode())
        values = await self._values(run, video)
        ingredients = Ingredients(spec, Probe.from_json(video.probe), source, cues, values, files)
        return await plan_edit(self._editor, ingredients, folder)

    async def _values(self, run: Run, video: Video) -> dict[MergeField, str]:
        """What the fields of texts stand for; the account is the first by name, as the preview has it."""
        async with run.db.begin() as session:
            account = await session.scalar(
                select(Account)
                .where(Account.user_id == video.user_id, Account.status != DISCONNECTED)
                .order_by(Account.username, Account.id)
                .limit(1)
            )
        values = {MergeField.VIDEO_TITLE: video.title}
        if account is not None:
            values[MergeField.ACCOUNT_NICKNAME] = account.nickname
            values[MergeField.ACCOUNT_USERNAME] = account.username
        return values

    async def _files(self, run: Run, spec: PatternSpec, user_id: UUID, folder: Path) -> dict[str, Path]:
        """Local copies of what the pattern names: logo, music, intro and the like."""
        storage, files = run.tools.storage, {}
        for field, key in spec.asset_keys().items():
            require_owner(key, user_id)
            if (await storage.objects.head(key)).size > ASSET_LIMITS[field]:
                raise TooLarge(limit=f"{ASSET_LIMITS[field] // 1024**2} MB")
            files[field] = folder / f"{field}{Path(key).suffix}"
            await storage.files.download(key, files[field])
        return files

    async def _render(self, run: Run, plan: EditPlan, folder: Path) -> float:
        """Run FFmpeg; the newest progress waits in a box for whoever writes it to the row."""
        box: list[Progress] = []

        def on_progress(progress: Progress) -> None:
            box[:] = [progress]

        writing = asyncio.create_task(self._write_progress(run, box))
        try:
            return await run_edit(self._editor, plan, folder, on_progress)
        finally:
            await _cancelled(writing)

    async def _write_progress(self, run: Run, box: list[Progress]) -> None:
        while True:
            await asyncio.sleep(ROW_SECONDS)
            if not box:
                continue
            seen = box.pop()
            percent = PREPARED + round((RENDERED - PREPARED) * seen.fraction)
            detail = {"speed": seen.speed, "left_seconds": seen.left_s}
            await self._show_in_row(run, percent, detail)

    async def _show(self, run: Run, percent: int) -> None:
        await self._show_in_row(run, percent, None)
        await run.hand.progress(percent)

    async def _show_in_row(self, run: Run, percent: int, detail: dict[str, Any] | None) -> None:
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

    async def _video(self, run: Run) -> Video:
        async with run.db.begin() as session:
            video = await session.scalar(select(Video).where(Video.id == run.hand.subject))
        if video is None:
            raise LostTheJob
        return video

    async def _note_command(self, run: Run, video: Video, plan: EditPlan, folder: Path) -> None:
        command = shown_command(plan, folder)
        run.hand.log(command)
        async with run.db.begin() as session:
            await note(session, run.why("ffmpeg", command=command, copy=plan.is_copy), video=video)

    async def _keep(self, run: Run, video: Video, info: ObjectInfo, seconds: float) -> None:
        """Write down what was stored, under the fence: a late writer's object is not what the row means."""
        async with run.db.begin() as session:
            await run.fence(session)
            await session.execute(
                update(Video)
                .where(Video.id == video.id)
                .values(edited_key=info.key, edited_bytes=info.size, edited_etag=info.etag)
            )
            await note(
                session, run.why("stored", bytes=info.size, ffmpeg_seconds=round(seconds, 2)), video=video
            )

    def _key(self, run: Run, video: Video, suffix: str) -> str:
        """A key that no other attempt writes to: a worker that was thought dead may still be storing."""
        take = run.claim.run * 1000 + run.claim.attempt
        return video_key(video.user_id, video.id, VideoFile.EDITED, suffix, take=take)

    async def _drop_former(self, run: Run, video: Video, key: str) -> None:
        if video.edited_key is not None and video.edited_key != key:
            await self._drop(run, video.edited_key)

    async def _drop(self, run: Run, key: str) -> None:
        try:
            await run.tools.storage.objects.delete(key)
        except StorageUnavailable:
            log.info("an edit that nobody needs stays until the bucket's own rule removes it", key=key)

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


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Stop a helper task, and pass on what it found: a lost job must not render on."""
    task.cancel()
    result = (await asyncio.gather(task, return_exceptions=True))[0]
    if isinstance(result, LostTheJob):
        raise result
