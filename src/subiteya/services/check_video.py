"""What TikTok would refuse or show badly of a video as it came, and what mends it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from subiteya.domain.probe import TIKTOK_MAX_SECONDS, Finding, FindingCode, Probe, tiktok_findings
from subiteya.services.ask_creator import get_creator
from subiteya.services.get_videos import get_video
from subiteya.services.resources import Resources


class Severity(StrEnum):
    """What happens when nothing is done."""

    ERROR = "error"
    """TikTok refuses it."""
    WARNING = "warning"
    """It is shown badly."""


SENTENCES: Final[Mapping[FindingCode, str]] = {
    FindingCode.CONTAINER: "TikTok does not take {value} files, only {limit}.",
    FindingCode.CODEC: "TikTok does not take pictures in {value}, only {limit}.",
    FindingCode.FRAME_RATE: "The clip has {value} frames a second; TikTok takes {limit}.",
    FindingCode.TOO_SMALL: "The picture is too small: {value}. TikTok wants 360 pixels a side at least.",
    FindingCode.TOO_LARGE: "The picture is too large: {value}. TikTok wants 4096 pixels a side at most.",
    FindingCode.BYTES: "The file is too large: {value} bytes. TikTok takes {limit}.",
    FindingCode.DURATION: "The clip is too long: {value}. This account may post {limit}.",
    FindingCode.HDR: "The clip is HDR ({value}), which looks grey on many screens.",
    FindingCode.PIXEL_FORMAT: "Many phones cannot play the pixel format {value}.",
    FindingCode.INTERLACED: "The clip is interlaced, which shows as combs where something moves.",
}
_WARNINGS = frozenset({FindingCode.HDR, FindingCode.PIXEL_FORMAT, FindingCode.INTERLACED})


@dataclass(frozen=True, slots=True)
class Check:
    """One finding and its remedy."""

    finding: Finding
    severity: Severity
    fix: Mapping[str, Any] | None
    """What to merge into the pattern; empty when any edit mends it; None when only a person can."""


async def check_video(
    resources: Resources, *, user_id: uuid.UUID, video_id: uuid.UUID, account_id: uuid.UUID | None = None
) -> list[Check]:
    """The findings about a video's source.

    Args:
        resources: The process's connections.
        user_id: Whose.
        video_id: Which.
        account_id: Of the account that shall post it, for this creator's own longest duration.

    Raises:
        NotFound: no such video or account of theirs.
    """
    video = (await get_video(resources, user_id=user_id, video_id=video_id)).video
    seconds = TIKTOK_MAX_SECONDS
    if account_id is not None:
        creator = await get_creator(resources, user_id=user_id, account_id=account_id)
        if creator.info is not None:
            seconds = min(seconds, creator.info.max_duration_seconds)
    findings = tiktok_findings(Probe.from_json(video.probe), max_seconds=seconds)
    return [check_of(finding, seconds) for finding in findings]


def check_of(finding: Finding, max_seconds: float) -> Check:
    """A finding with its weight and its remedy."""
    severity = Severity.WARNING if finding.code in _WARNINGS else Severity.ERROR
    fix: Mapping[str, Any] | None = {} if finding.mended_by_edit else None
    if finding.code is FindingCode.DURATION:
        fix = {"time": {"trim_end_s": max_seconds}}
    if finding.code is FindingCode.BYTES:
        fix = {"output": {"quality": "medium", "max_bitrate_kbps": 20_000}}
    return Check(finding, severity, fix)
