"""What is said in a video: written down once, kept as cues that its owner can correct, burned in from there.

A pattern that asks for it (`subtitles.source` auto) has it done on the way to the clip, unless the video has
words already: brought, corrected, or written down before. Words are never made up. Without anything that
could write them down the edit waits, or goes on without, as the pattern tells.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Video
from subiteya.db.moves import note
from subiteya.domain.outcome import GiveUp, Outcome, Retry, Wait
from subiteya.domain.pattern import SubtitleSource, SubtitlesSpec, WithoutWords
from subiteya.domain.pattern.subtitles import AUTO_LANGUAGE
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue, SubtitleOrigin
from subiteya.domain.word_errors import (
    WAITS_FOR_WORDS,
    NoTranscriber,
    TranscriberUnavailable,
    TranscriptionFailed,
)
from subiteya.media.cue_files import write_json
from subiteya.media.subtitles import MAX_BYTES
from subiteya.media.transcribe import Recording, Transcriber
from subiteya.pipeline.edit.progress import Share, shown_while_listening
from subiteya.pipeline.edit.versions import Making
from subiteya.pipeline.journey import Run
from subiteya.pipeline.patience import patiently

WordError = NoTranscriber | TranscriberUnavailable | TranscriptionFailed
"""Why there are no words."""
WORD_ERRORS: Final = (NoTranscriber, TranscriberUnavailable, TranscriptionFailed)

TILL_SET_UP: Final = timedelta(days=1)
"""How long an edit waits for a transcriber, or for words, before it looks again by itself. Words that its
owner adds wake it, and so does an edit worker that starts with a transcriber."""
TILL_ANSWER: Final = timedelta(minutes=2)
"""How long an edit waits for a service that does not answer, when the service does not say."""
_SHORTEST, _LONGEST = timedelta(seconds=90), timedelta(hours=1)
_PATIENCE: Final = timedelta(hours=1)
"""How long after *confirm* a pattern that would go on without words waits for a service."""
_NAME: Final = "transcript.json"


def wish_of(making: Making) -> SubtitlesSpec | None:
    """What the version's pattern asks for, when what is said must be written down for it; None when not."""
    if making.video.subtitles is not None or making.video.subtitles_origin is not None:
        return None
    spec = making.version.spec.subtitles
    return spec if spec.source is SubtitleSource.AUTO else None


def require_way(run: Run, transcriber: Transcriber, making: Making) -> None:
    """Find out before anything is downloaded whether the pattern's wish could be met.

    Raises:
        NoTranscriber: it could not, and the pattern tells to wait.
    """
    wish = wish_of(making)
    if wish is None or not has_sound(making.video):
        return
    obstacle = transcriber.obstacle()
    if obstacle is not None and not _goes_on(run, making.video, wish, obstacle):
        raise obstacle


async def with_words(run: Run, task: Listening, making: Making) -> Making:
    """The version with the words that its pattern asks for, if there are any.

    Args:
        run: The edit.
        task: What is needed to listen to its video.
        making: As it was read.

    Raises:
        NoTranscriber: nothing could write them down, and the pattern tells to wait.
        TranscriberUnavailable: the service does not answer now.
        TranscriptionFailed: it broke off.
        LostTheJob: the job is no longer this run's.
    """
    video, wish = making.video, wish_of(making)
    if wish is None:
        return making
    language = video.subtitles_language if wish.language == AUTO_LANGUAGE else wish.language
    try:
        await write_down(run, task, video, language, making.share)
    except WORD_ERRORS as error:
        if not _goes_on(run, video, wish, error):
            raise
        await _go_on_without(run, video, error)
    async with run.db.begin() as session:
        now = (await session.scalars(select(Video).where(Video.id == video.id))).one()
    return replace(making, video=now)


@dataclass(frozen=True, slots=True)
class Listening:
    """Who listens, to what, and where.

    Attributes:
        source: The clip, on this machine.
        folder: Made for what is needed on the way.
    """

    transcriber: Transcriber
    source: Path
    folder: Path


async def write_down(
    run: Run, task: Listening, video: Video, language: str | None, share: Share | None
) -> None:
    """Write down what is said and keep it as the video's subtitles; that nothing is said is kept too.

    Args:
        run: The job.
        task: What is needed to listen.
        video: Which video.
        language: What is spoken, as BCP 47 writes it; None to find it out.
        share: The version that an edit makes; None outside of an edit.

    Raises:
        NoTranscriber: nothing here can.
        TranscriberUnavailable: the service does not answer now.
        TranscriptionFailed: it broke off.
        LostTheJob: the job is no longer this run's.
    """
    if not has_sound(video):
        await _keep(run, video, (), None, None)
        return
    await asyncio.to_thread(task.folder.mkdir)
    length_s = Probe.from_json(video.probe).duration_s or 0.0
    recording = Recording(task.source, length_s, language, task.folder)
    async with shown_while_listening(run, share) as report:
        transcript = await task.transcriber.transcribe(recording, report)
    await _keep(run, video, transcript.cues(length_s), task.transcriber.name, language or transcript.language)


def outcome_of(error: WordError) -> Outcome:
    """What becomes of an edit that has no words: waiting is not failing."""
    now = datetime.now(UTC)
    match error:
        case NoTranscriber():
            return Wait(now + TILL_SET_UP, error.code, why(error))
        case TranscriberUnavailable():
            return Wait(now + pause(error), error.code, why(error))
        case TranscriptionFailed():
            word = Retry if error.retryable else GiveUp
            return word(error.code, why(error))


def pause(error: TranscriberUnavailable) -> timedelta:
    """How long to leave the service alone. Long enough to wait as a row, which costs no Redis command."""
    told = error.context.get("after_s")
    wanted = timedelta(seconds=told) if isinstance(told, int) else TILL_ANSWER
    return min(max(wanted, _SHORTEST), _LONGEST)


def shown(reason: str, detail: str) -> dict[str, Any]:
    """Columns that say why an edit waits, when it waits for words; none otherwise."""
    return {"error_code": reason, "error_context": {"why": detail}} if reason in WAITS_FOR_WORDS else {}


def has_sound(video: Video) -> bool:
    """Whether there is anything to listen to."""
    return bool(Probe.from_json(video.probe).audio)


def _goes_on(run: Run, video: Video, wish: SubtitlesSpec, error: WordError) -> bool:
    """Whether the pattern wants a clip without words now. What may pass by itself gets its time first."""
    if wish.without is not WithoutWords.GO_ON:
        return False
    if isinstance(error, TranscriberUnavailable):
        return video.confirmed_at is None or datetime.now(UTC) - video.confirmed_at > _PATIENCE
    return not error.retryable or run.claim.attempt >= run.claim.max_attempts


async def _go_on_without(run: Run, video: Video, error: WordError) -> None:
    missing = {"code": error.code, "why": why(error)}
    async with run.db.begin() as session:
        await run.fence(session)
        await session.execute(
            update(Video)
            .where(Video.id == video.id)
            .values(subtitles_missing=missing, progress_detail=None, version=Video.version + 1)
        )
        await note(session, run.why("without_words", **missing), video=video)


async def _keep(run: Run, video: Video, cues: tuple[Cue, ...], by: str | None, language: str | None) -> None:
    """Under the fence. Hours of work may be in it, so the database gets its time to come back."""
    text = write_json(cues)
    if len(text.encode()) > MAX_BYTES:  # many hours of speech: then without the times of single words
        text = write_json([Cue(cue.start_ms, cue.end_ms, cue.text) for cue in cues])
    values = {
        "subtitles": text if cues else None,
        "subtitles_name": _NAME if cues else None,
        "subtitles_origin": SubtitleOrigin.TRANSCRIBED,
        "subtitles_by": by,
        "subtitles_language": language,
        "subtitles_missing": None,
        "progress_detail": None,
        "updated_at": func.now(),
    }

    async def write() -> None:
        async with run.db.begin() as session:
            await run.fence(session)
            await _write(session, run, video, values, len(cues))

    await patiently(write)


async def _write(session: AsyncSession, run: Run, video: Video, values: dict[str, Any], cues: int) -> None:
    await session.execute(
        update(Video).where(Video.id == video.id).values(version=Video.version + 1, **values)
    )
    detail = {"by": values["subtitles_by"], "language": values["subtitles_language"], "cues": cues}
    await note(session, run.why("transcribed" if cues else "nothing_said", **detail), video=video)


def why(error: WordError) -> str:
    """The reason in the error's sentence."""
    return str(error.context.get("why", ""))
