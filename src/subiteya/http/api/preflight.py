"""What TikTok would refuse or show badly of a video, before anybody waits for it."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from subiteya.domain.probe import FindingCode
from subiteya.http import problems
from subiteya.http.api.preview import PreviewsDep
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.locale import language_of, translate
from subiteya.services.check_video import SENTENCES, Check, Severity, check_video
from subiteya.services.foresee_preview import AFTER_CHECK, foresee_preview
from subiteya.services.measure_video import Measures

router = APIRouter(prefix="/videos", tags=["videos"])


class PreflightIn(BaseModel):
    """Who shall post the video, and what it shall wear."""

    account_id: UUID | None = Field(
        None, description="Who shall post it: TikTok's longest duration for this creator counts."
    )
    pattern_id: UUID | None = Field(
        None,
        description="What it shall wear: its cut, crop, sound and overlays count. Else the frozen one.",
    )


class FindingOut(BaseModel):
    """One thing that TikTok would refuse or show badly."""

    code: FindingCode
    severity: Severity
    message: str = Field(examples=["The clip has 15.00 frames a second; TikTok takes 23-60."])
    value: str = Field(
        description="What the file has; of something covered: logo, subtitles or a text's words.",
        examples=["15.00"],
    )
    limit: str = Field(description="What TikTok wants; may be empty.", examples=["23-60"])
    fix: dict[str, Any] | None = Field(
        description="Merge it into the pattern; empty: any edit mends it; null: only a person can.",
        examples=[{}],
    )


class PreflightOut(BaseModel):
    """All findings; none: the source can be posted as it is."""

    findings: list[FindingOut]
    measured: bool = Field(
        description="False while nobody has listened to the sound and looked for black bars: ask again.",
        examples=[True],
    )


def measures_of(request: Request) -> Measures:
    """Who listens and looks in this process."""
    return cast("Measures", request.app.state.measures)


@router.get("/{video_id}/preflight", responses=problems.responses(404))
async def preflight(  # noqa: PLR0917 - FastAPI reads them by name
    video_id: Annotated[UUID, Path(description="A video of yours.")],
    resources: ResourcesDep,
    user: CurrentUser,
    measures: Annotated[Measures, Depends(measures_of)],
    asked: Annotated[PreflightIn, Query()],
    previews: PreviewsDep,
    afterwards: BackgroundTasks,
) -> PreflightOut:
    """Hold a video against TikTok's limits and its screen; each finding with what mends it in the same edit.

    The first time somebody asks, the sound is measured and some frames are looked at. What takes longer than
    15 seconds goes on by itself.
    """
    checked = await check_video(
        resources,
        measures,
        user_id=user.id,
        video_id=video_id,
        account_id=asked.account_id,
        pattern_id=asked.pattern_id,
    )
    afterwards.add_task(
        foresee_preview, resources, previews, user_id=user.id, video_id=video_id, most=AFTER_CHECK
    )
    language = language_of(user.locale)
    findings = [_finding(check, language) for check in checked.checks]
    return PreflightOut(findings=findings, measured=checked.is_measured)


def _finding(check: Check, language: str) -> FindingOut:
    found = check.finding
    values = {"value": found.value, "limit": found.limit}
    return FindingOut(
        code=found.code,
        severity=check.severity,
        message=translate(SENTENCES[found.code], language, values),
        value=found.value,
        limit=found.limit,
        fix=None if check.fix is None else dict(check.fix),
    )
