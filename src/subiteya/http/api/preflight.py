"""What TikTok would refuse of a video, before anybody waits for it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from subiteya.domain.probe import FindingCode
from subiteya.http import problems
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.locale import language_of, translate
from subiteya.services.check_video import SENTENCES, Check, Severity, check_video

router = APIRouter(prefix="/videos", tags=["videos"])


class FindingOut(BaseModel):
    """One thing about the source that TikTok would refuse or show badly."""

    code: FindingCode
    severity: Severity
    message: str = Field(examples=["The clip has 15.00 frames a second; TikTok takes 23-60."])
    value: str = Field(description="What the file has.", examples=["15.00"])
    limit: str = Field(description="What TikTok wants.", examples=["23-60"])
    fix: dict[str, Any] | None = Field(
        description="Merge it into the pattern; empty: any edit mends it; null: only a person can.",
        examples=[{}],
    )


class PreflightOut(BaseModel):
    """All findings; none: the source can be posted as it is."""

    findings: list[FindingOut]


@router.get("/{video_id}/preflight", responses=problems.responses(404))
async def preflight(
    video_id: Annotated[UUID, Path(description="A video of yours.")],
    resources: ResourcesDep,
    user: CurrentUser,
    account_id: Annotated[
        UUID | None,
        Query(description="Who shall post it: TikTok's longest duration for this creator counts."),
    ] = None,
) -> PreflightOut:
    """Hold a video's source against TikTok's limits; each finding with what mends it in the same edit."""
    checks = await check_video(resources, user_id=user.id, video_id=video_id, account_id=account_id)
    language = language_of(user.locale)
    return PreflightOut(findings=[_finding(check, language) for check in checks])


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
