"""How it stands with the words of a video, as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from subiteya.db.models import Job, Video
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.domain.subtitles import SubtitleOrigin
from subiteya.domain.word_errors import WAITS_FOR_WORDS
from subiteya.http.api.error_out import ErrorOut
from subiteya.http.locale import sentence_of
from subiteya.services.get_videos import VideoView


class WordsState(StrEnum):
    """Whether there are words, and if not, why."""

    NONE = "none"
    """None were brought, and none asked for."""
    WAITING = "waiting"
    """They will be written down: a worker, or the service, is waited for."""
    LISTENING = "listening"
    """They are being written down."""
    THERE = "there"
    """There are."""
    NOTHING_SAID = "nothing_said"
    """The sound was listened to, and nobody says anything."""
    FAILED = "failed"
    """They were asked for and could not be written down."""
    WENT_WITHOUT = "went_without"
    """The last edit wanted them, could not have them, and went on without."""


class WordsOut(BaseModel):
    """The words of a video."""

    state: WordsState = Field(examples=[WordsState.THERE])
    origin: SubtitleOrigin | None = Field(examples=[SubtitleOrigin.TRANSCRIBED])
    by: str | None = Field(
        description="What wrote them down, when something did.", examples=["faster-whisper small"]
    )
    language: str | None = Field(description="What is spoken, as far as it is known.", examples=["es"])
    percent: int | None = Field(description="Of the sound, while it is listened to.", examples=[None])
    error: ErrorOut | None = Field(description="Why there are none, or not yet.", examples=[None])


def words_out(view: VideoView, language: str) -> WordsOut:
    """The words of a video as JSON, what went wrong in `language`."""
    video = view.video
    percent = (video.progress_detail or {}).get("words_percent")
    on_the_way = video.status is VideoStatus.EDITING and percent is not None
    state = _of_job(view.words) or _of_video(video, listening=on_the_way)
    if state is WordsState.NONE and view.words is not None and view.words.status is JobStatus.FAILED:
        state = WordsState.FAILED
    return WordsOut(
        state=state,
        origin=video.subtitles_origin,
        by=video.subtitles_by,
        language=video.subtitles_language,
        percent=percent if state is WordsState.LISTENING else None,
        error=_error(view, state, language),
    )


def _of_job(job: Job | None) -> WordsState | None:
    """While a job of their own is under way."""
    live = {JobStatus.QUEUED: WordsState.WAITING, JobStatus.ACTIVE: WordsState.LISTENING}
    return live.get(job.status) if job is not None else None


def _of_video(video: Video, *, listening: bool) -> WordsState:
    if listening:  # an edit does it on its way
        return WordsState.LISTENING
    if video.subtitles is not None:
        return WordsState.THERE
    if video.subtitles_origin is SubtitleOrigin.TRANSCRIBED:
        return WordsState.NOTHING_SAID
    return WordsState.WENT_WITHOUT if video.subtitles_missing is not None else WordsState.NONE


def _error(view: VideoView, state: WordsState, language: str) -> ErrorOut | None:
    found: Mapping[str, Any] = {}
    if state is WordsState.WENT_WITHOUT:
        found = view.video.subtitles_missing or {}
    elif view.words is not None and state in {WordsState.WAITING, WordsState.FAILED}:
        waits = view.words.wait_reason if view.words.wait_reason in WAITS_FOR_WORDS else None
        found = {"code": waits or view.words.error_code, **(view.words.error_context or {})}
    code = found.get("code")
    return ErrorOut(code=code, message=sentence_of(code, found, language)) if code else None
