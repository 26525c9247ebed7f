"""The edit job: from a confirmed video to a clip in storage."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import segments
from subiteya.db.models import Video
from subiteya.db.moves import move_video, note
from subiteya.domain.errors import EditFailed
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, TryAgain, Wait
from subiteya.domain.post_errors import RenderFailed
from subiteya.domain.states import VideoStatus
from subiteya.media.edit import Editor, shown_command
from subiteya.media.graph import EditPlan
from subiteya.media.transcribe import Transcriber
from subiteya.pipeline.edit import sharing, store, words
from subiteya.pipeline.edit.progress import (
    COMPLETE,
    DOWNLOADED,
    DRAWN,
    PREPARED,
    RENDERED,
    STORED,
    TAKEN,
    show,
)
from subiteya.pipeline.edit.render import encode, make_plan
from subiteya.pipeline.edit.versions import Making, is_late, next_version
from subiteya.pipeline.journey import Run, shown_while_away, until_aborted
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue import held_posts
from subiteya.queue.names import Priority, QueueName
from subiteya.queue.plan_jobs import plan_edit
from subiteya.storage.errors import ObjectMissing


class EditJourney:
    """Runs edit jobs: a confirmed video's versions, or those that an edited one lacks."""

    queue = QueueName.EDIT

    def __init__(self, editor: Editor, transcriber: Transcriber) -> None:
        self._editor = editor
        self._transcriber = transcriber

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """Show the video as being edited; False when it neither waits, was interrupted nor lacks a clip."""
        video_id = run.hand.subject
        moved = await move_video(
            session,
            video_id,
            VideoStatus.EDITING,
            run.why("started"),
            progress=0,
            progress_detail=None,
            subtitles_missing=None,
            error_code=None,
            error_context=None,
        )
        if moved is not None:
            return True
        video = await session.scalar(select(Video).where(Video.id == video_id))
        if video is None:
            return False
        if video.status is VideoStatus.EDITING:
            shared = await segments.of_edit(session, run.claim)
            await note(session, run.why("segments_ended" if shared else "taken_over"), video=video)
            return True
        if await is_late(session, video):
            await note(session, run.why("late_version"), video=video)
            return True
        return False

    async def work(self, run: Run) -> Outcome:
        """Download, listen, render, store. Stops within moments when called off or handed back."""
        return await until_aborted(run, self._work_or_wait(run, run.tools.settings.home.work))

    async def _work_or_wait(self, run: Run, root: Path) -> Outcome:
        try:
            return await self._work(run, root)
        except words.WORD_ERRORS as error:
            return words.outcome_of(error)
        except sharing.HandedOut as others:
            return others.wait

    async def _work(self, run: Run, root: Path) -> Outcome:
        making = await next_version(run, 0)
        if making is None:
            return Done("every version is there")
        words.require_way(run, self._transcriber, making)
        # Segments show words too. Where none are to be written first, nothing is downloaded in vain.
        waits_for_words = words.wish_of(making) is not None
        parts = () if waits_for_words else await sharing.divide(run, making)
        with work_folder(root, f"edit-{making.video.id}") as folder:
            source = await _fetch(run, making, folder, shown=not parts)
            made, size = 0, 0
            while making is not None:
                task = words.Listening(self._transcriber, source, folder / f"words-{made}")
                making = await words.with_words(run, task, making)
                if waits_for_words and made == 0:
                    parts = await sharing.divide(run, making)
                size += await self._make(run, making, source, folder / f"edit-{made}", parts)
                made, parts = made + 1, ()
                making = await next_version(run, made)
        await run.hand.progress(COMPLETE)
        return Done(f"{size} bytes")

    async def _make(
        self, run: Run, making: Making, source: Path, folder: Path, parts: sharing.Segments
    ) -> int:
        """Make one version from the source on this machine, and store it; its size in bytes."""
        share = making.share
        joined = await self._join(run, making, source, folder, parts) if parts else None
        plan, seconds = joined or await self._draw(run, making, source, folder)
        await show(run, share.of_all(RENDERED))
        info = await store.send(run, making, plan)
        await show(run, share.of_all(STORED))
        await store.keep(run, making, info, seconds)
        # The next version needs the room.
        await asyncio.to_thread(shutil.rmtree, folder)
        return info.size

    async def _draw(self, run: Run, making: Making, source: Path, folder: Path) -> tuple[EditPlan, float]:
        plan = await make_plan(run, self._editor, making, source, folder)
        await show(run, making.share.of_all(PREPARED))
        await _note_command(run, making, plan, folder)
        return plan, await encode(run, self._editor, plan, folder, making.share)

    async def _join(
        self, run: Run, making: Making, source: Path, folder: Path, parts: sharing.Segments
    ) -> tuple[EditPlan, float] | None:
        """The clip from its segments; None when they cannot be joined."""
        try:
            plan = await sharing.join(run, self._editor, making, parts, source=source, folder=folder)
            await _note_command(run, making, plan, folder)
            return plan, await encode(run, self._editor, plan, folder, making.share, begin=DRAWN)
        except (EditFailed, ObjectMissing) as error:
            await sharing.go_on_alone(run, making, parts, str(error))
            await asyncio.to_thread(shutil.rmtree, folder)
            return None

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Let the video's status say what was decided, and the posts that wait for a version of it."""
        video_id = run.hand.subject
        # Upload jobs before the video: the order of locks that everybody keeps.
        waiting = await held_posts.lock(session, video_id)
        await self._settle_video(session, run, decision)
        settings = run.tools.settings
        match decision:
            case Done():
                await held_posts.release(session, settings, waiting, run.why("rendered"))
                video = await session.get_one(Video, video_id)
                if await is_late(session, video):
                    # An account came while this run was ending: its version is another run's.
                    await plan_edit(session, settings, video, Priority.NORMAL)
            case GiveUp(code) | AskHuman(code):
                left = await held_posts.release(session, settings, waiting, run.why("rendered"))
                await held_posts.give_up(session, left, run.why(RenderFailed.code, why=code), code)

    async def _settle_video(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        match decision:
            case Done():
                to, why = VideoStatus.EDITED, run.why("edited")
                values: dict[str, Any] = {"progress": COMPLETE, "progress_detail": None}
            case Wait(for_jobs=jobs) if jobs:
                return  # it is being edited, by others now
            case Wait(until, reason, detail):
                to, why = VideoStatus.EDITING_QUEUED, run.why(reason, until=until.isoformat(), why=detail)
                values = {"progress": 0, "progress_detail": None}
                values |= words.shown(reason, detail) | shown_while_away(decision)
            case TryAgain(at, number, of, code, detail):
                to = VideoStatus.EDITING_QUEUED
                why = run.why(code, retry=number, of=of, at=at.isoformat(), why=detail)
                values = {"progress": 0, "progress_detail": None}
                values |= {"error_code": code, "error_context": {"why": detail}}
            case GiveUp(code, detail) | AskHuman(code, detail):
                to, why = VideoStatus.FAILED_EDIT, run.why(code, why=detail)
                values = {"progress_detail": None, "error_code": code, "error_context": {"why": detail}}
        video_id = run.hand.subject
        moved = await move_video(session, video_id, to, why, expect={VideoStatus.EDITING}, **values)
        if moved is None:
            # An edited video stays where its posts put it, whatever became of one more version.
            await note(session, why, video=await session.get_one(Video, video_id))


async def _fetch(run: Run, making: Making, folder: Path, *, shown: bool) -> Path:
    """The source on this machine; `shown` unless the progress is further already."""
    if shown:
        await show(run, TAKEN)
    source = folder / f"source{Path(making.video.source_key).suffix}"
    await run.tools.storage.files.download(making.video.source_key, source)
    await store.fingerprint(run, making.video, source)
    if shown:
        await show(run, DOWNLOADED)
    return source


async def _note_command(run: Run, making: Making, plan: EditPlan, folder: Path) -> None:
    command = shown_command(plan, folder)
    run.hand.log(command)
    told = {"command": command, "copy": plan.is_copy} | making.detail
    async with run.db.begin() as session:
        await note(session, run.why("ffmpeg", **told), video=making.video)
