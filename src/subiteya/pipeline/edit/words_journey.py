"""The job that writes down what is said in a video and makes nothing else, so that it can be corrected first.

It leaves the video's status alone: a draft stays a draft. Its own row says how it stands.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Video
from subiteya.db.moves import Why, note
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, TryAgain, Wait
from subiteya.domain.word_errors import NoTranscriber
from subiteya.media.transcribe import Transcriber
from subiteya.pipeline.edit import words
from subiteya.pipeline.journey import Run, until_aborted
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue.names import QueueName


class WordsJourney:
    """Runs such jobs."""

    queue = QueueName.EDIT

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """Note that it begins; False when the video is gone."""
        video = await session.scalar(
            select(Video).where(Video.id == run.hand.subject, Video.deleted_at.is_(None))
        )
        if video is None:
            return False
        await _show(session, run, run.why("listening"))
        return True

    async def work(self, run: Run) -> Outcome:
        """Download, listen, keep. Stops within moments when called off or handed back."""
        return await until_aborted(run, self._work_or_say_why(run))

    async def _work_or_say_why(self, run: Run) -> Outcome:
        try:
            return await self._work(run)
        except NoTranscriber as error:
            # Whoever asked sees why, and asks again when something was set up: nothing waits for it here.
            return AskHuman(error.code, words.why(error))
        except words.WORD_ERRORS as error:
            return words.outcome_of(error)

    async def _work(self, run: Run) -> Outcome:
        async with run.db.begin() as session:
            video = (await session.scalars(select(Video).where(Video.id == run.hand.subject))).one()
        if words.has_sound(video) and (obstacle := self._transcriber.obstacle()) is not None:
            raise obstacle
        with work_folder(run.tools.settings.home.work, f"words-{video.id}") as folder:
            source = folder / f"source{Path(video.source_key).suffix}"
            await run.tools.storage.files.download(video.source_key, source)
            task = words.Listening(self._transcriber, source, folder / "words")
            await words.write_down(run, task, video, video.subtitles_language, None)
        return Done()

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Say in the timeline what was decided; what was heard is noted already."""
        match decision:
            case Done():
                await _show(session, run, None)
            case Wait(until, reason, detail):
                await _show(session, run, run.why(reason, until=until.isoformat(), why=detail))
            case TryAgain(at, number, of, code, detail):
                why = run.why(code, retry=number, of=of, at=at.isoformat(), why=detail)
                await _show(session, run, why)
            case GiveUp(code, detail) | AskHuman(code, detail):
                await _show(session, run, run.why(code, why=detail))


async def _show(session: AsyncSession, run: Run, why: Why | None) -> None:
    """Let open pages see the job's row anew, and the timeline what happened."""
    video = await session.scalar(
        update(Video)
        .where(Video.id == run.hand.subject)
        .values(progress_detail=None, version=Video.version + 1, updated_at=func.now())
        .returning(Video)
    )
    if video is not None and why is not None:
        await note(session, why, video=video)
