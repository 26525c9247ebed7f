"""What is said in a video, written down before its edit so that it can be corrected."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from subiteya.domain.pattern.subtitles import AUTO_LANGUAGE, Language
from subiteya.http import problems
from subiteya.http.api.bodies import Body, PriorityName, priority_of
from subiteya.http.api.schemas import VideoOut, video_out
from subiteya.http.api.videos import VideoId
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services.get_videos import get_video
from subiteya.services.request_words import cancel_words, request_words

router = APIRouter(prefix="/videos", tags=["videos"])


class WordsIn(Body):
    """How it shall be written down."""

    language: Language = Field(
        AUTO_LANGUAGE,
        description="What is spoken: `es`, `en`, `pt-BR`, …; auto finds it out.",
        examples=["es"],
    )
    replace: bool = Field(default=False, description="Whether subtitles that are there may be replaced.")
    priority: PriorityName = "NORMAL"


@router.post("/{video_id}/subtitles/transcribe", status_code=202, responses=problems.responses(404, 409))
async def transcribe(
    video_id: VideoId, resources: ResourcesDep, user: CurrentUser, body: WordsIn | None = None
) -> VideoOut:
    """Write down what is said, as cues to read and correct before *confirm*; `words` shows how it stands."""
    wish = body or WordsIn()
    await request_words(
        resources,
        user_id=user.id,
        video_id=video_id,
        language=None if wish.language == AUTO_LANGUAGE else wish.language,
        replace=wish.replace,
        priority=priority_of(wish.priority),
    )
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)


@router.delete("/{video_id}/subtitles/transcribe", responses=problems.responses(404))
async def cancel_transcription(video_id: VideoId, resources: ResourcesDep, user: CurrentUser) -> VideoOut:
    """Call off the writing down, also while it runs. The video keeps the subtitles that it had."""
    await cancel_words(resources, user_id=user.id, video_id=video_id)
    return video_out(await get_video(resources, user_id=user.id, video_id=video_id), user.locale)
