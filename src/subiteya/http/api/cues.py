"""Subtitles as a list of cues that people edit, and as files."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, model_validator

from subiteya.domain.subtitles import Cue, SubtitleOrigin, Word
from subiteya.http import problems
from subiteya.http.api.bodies import Body, Line, SubtitlesIn, Text
from subiteya.http.api.videos import SUBTITLES_LIMIT
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.media.cue_files import SubtitleFormat, write_json
from subiteya.services import get_cues as reading
from subiteya.services.read_subtitles import read_subtitles
from subiteya.services.save_subtitles import save_subtitles

router = APIRouter(prefix="/videos", tags=["videos"])

VideoId = Annotated[UUID, Path(description="A video of yours.")]
Milliseconds = Annotated[int, Field(ge=0, le=86_400_000, description="From the start of the video.")]
_DEFAULT_NAME: Final = "subtitles.json"
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The list, or the file.",
        "content": {kind.content_type: {} for kind in SubtitleFormat},
    }
}


class WordJson(Body):
    """One word with its time."""

    start_ms: Milliseconds = Field(examples=[500])
    end_ms: Milliseconds = Field(examples=[800])
    text: Text = Field(max_length=200, examples=["Hoy"])


class CueJson(Body):
    """What is said between two moments. The text is plain: no markup, lines parted by line feeds."""

    start_ms: Milliseconds = Field(examples=[500])
    end_ms: Milliseconds = Field(examples=[2000])
    text: Text = Field(min_length=1, max_length=1000, examples=["Hoy horneamos pan"])
    words: list[WordJson] = Field(
        default_factory=list, max_length=200, description="Empty when nobody timed them.", examples=[[]]
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_ms <= self.start_ms:
            raise ValueError("a cue must end after it starts")
        return self


class CuesIn(Body):
    """All cues of a video."""

    name: Line | None = Field(None, description="The present name when null.", examples=["pan.srt"])
    cues: list[CueJson] = Field(min_length=1, max_length=10_000)


class CuesOut(BaseModel):
    """All cues of a video by time; no name and no cues when it has no subtitles."""

    name: str | None = Field(examples=["pan.srt"])
    origin: SubtitleOrigin | None = Field(
        description="`file`: brought; `transcribed`: written down from the sound, and without any cue when"
        " nothing is said; `edited`: written or corrected by hand.",
        examples=[SubtitleOrigin.FILE],
    )
    by: str | None = Field(
        description="What wrote them down, when something did.", examples=["faster-whisper small"]
    )
    language: str | None = Field(
        description="What is spoken, as BCP 47 writes it; null when nobody knows.", examples=["es"]
    )
    cues: list[CueJson]


@router.get("/{video_id}/subtitles", responses=problems.responses(404) | _FILE, response_model=CuesOut)
async def get_subtitles(
    video_id: VideoId,
    resources: ResourcesDep,
    user: CurrentUser,
    kind: Annotated[
        SubtitleFormat | None, Query(alias="format", description="A file of this kind instead of the list.")
    ] = None,
) -> CuesOut | Response:
    """The subtitles of a video as a list to edit, or as a file."""
    if kind is None:
        return await _out(resources, user.id, video_id)
    text = await reading.export_cues(resources, user_id=user.id, video_id=video_id, kind=kind)
    headers = {"Content-Disposition": f'attachment; filename="subtitles.{kind}"', "Cache-Control": "no-store"}
    return Response(text.encode(), media_type=f"{kind.content_type}; charset=utf-8", headers=headers)


@router.put(
    "/{video_id}/subtitles", responses=problems.responses(404, 409, 413), max_body_size=SUBTITLES_LIMIT
)
async def put_subtitles(
    video_id: VideoId, body: CuesIn | SubtitlesIn, resources: ResourcesDep, user: CurrentUser
) -> CuesOut:
    """Replace the subtitles of a video, for its next edit: by an edited list, or by a file."""
    before = await reading.get_cues(resources, user_id=user.id, video_id=video_id)
    if isinstance(body, CuesIn):
        name, origin = body.name or before.name or _DEFAULT_NAME, SubtitleOrigin.EDITED
        data = write_json([_cue(cue) for cue in body.cues]).encode(errors="replace")
    else:
        name, data, origin = body.name, body.encoded(), SubtitleOrigin.FILE
    subtitles = await read_subtitles(name, data)
    await save_subtitles(resources, user_id=user.id, video_id=video_id, subtitles=subtitles, origin=origin)
    return await _out(resources, user.id, video_id)


async def _out(resources: ResourcesDep, user_id: UUID, video_id: UUID) -> CuesOut:
    found = await reading.get_cues(resources, user_id=user_id, video_id=video_id)
    return CuesOut(
        name=found.name,
        origin=found.origin,
        by=found.by,
        language=found.language,
        cues=[_json(cue) for cue in found.cues],
    )


def _cue(cue: CueJson) -> Cue:
    words = tuple(Word(word.start_ms, word.end_ms, word.text) for word in cue.words)
    return Cue(cue.start_ms, cue.end_ms, cue.text, words)


def _json(cue: Cue) -> CueJson:
    words = [WordJson(start_ms=word.start_ms, end_ms=word.end_ms, text=word.text) for word in cue.words]
    return CueJson(start_ms=cue.start_ms, end_ms=cue.end_ms, text=cue.text, words=words)
