"""What TikTok would refuse or show badly of a video as it came, and what mends it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Asset
from subiteya.domain.measured import Measured, loudness_finding
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import TIKTOK_MAX_SECONDS, Finding, FindingCode, Probe, tiktok_findings
from subiteya.media.bars import bars_finding, crop_of_bars
from subiteya.media.covered import Shown, covered_overlays
from subiteya.media.fonts import bundled_fonts
from subiteya.services.ask_creator import get_creator
from subiteya.services.choose_version import over_default
from subiteya.services.get_videos import get_video
from subiteya.services.measure_video import Measures
from subiteya.services.preview_wish import texts_of
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import get_pattern


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
    FindingCode.LOUDNESS: "The clip's loudness is {value}; other clips are at {limit}.",
    FindingCode.BLACK_BARS: "Black bars take {value} of the picture's width or height.",
    FindingCode.COVERED: "TikTok's buttons or caption would cover this: {value}.",
}
_WARNINGS = frozenset(
    {
        FindingCode.HDR,
        FindingCode.PIXEL_FORMAT,
        FindingCode.INTERLACED,
        FindingCode.LOUDNESS,
        FindingCode.BLACK_BARS,
        FindingCode.COVERED,
    }
)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding and its remedy."""

    finding: Finding
    severity: Severity
    fix: Mapping[str, Any] | None
    """What to merge into the pattern; empty when any edit mends it; None when only a person can."""


@dataclass(frozen=True, slots=True)
class Checked:
    """All findings about a video."""

    checks: list[Check]
    is_measured: bool
    """False while nobody has listened to its sound and looked at its frames."""


async def check_video(
    resources: Resources,
    measures: Measures,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    account_id: uuid.UUID | None = None,
    pattern_id: uuid.UUID | None = None,
) -> Checked:
    """The findings about a video's source, as a pattern would show it.

    Args:
        resources: The process's connections.
        measures: Who listens and looks.
        user_id: Whose.
        video_id: Which.
        account_id: Of the account that shall post it, for this creator's own longest duration, the account's
            default pattern under the other one, and its name.
        pattern_id: Of the pattern that it shall wear; when None the one that was frozen into it, if any.

    Raises:
        NotFound: no such video, account or pattern of theirs.
    """
    video = (await get_video(resources, user_id=user_id, video_id=video_id)).video
    stored = video.spec or {}
    if pattern_id is not None:
        stored = (await get_pattern(resources, user_id=user_id, pattern_id=pattern_id)).spec
    spec = PatternSpec.parse(stored)
    seconds = TIKTOK_MAX_SECONDS
    if account_id is not None:
        creator = await get_creator(resources, user_id=user_id, account_id=account_id)
        if creator.info is not None:
            seconds = min(seconds, creator.info.max_duration_seconds)
    values = await texts_of(resources, user_id, video.title, account_id=account_id)
    async with resources.db.begin() as session:
        if account_id is not None and video.spec is None:  # what was confirmed has it under it already
            spec = await over_default(session, user_id, account_id, spec)
        facts = await _facts(session, spec)
    measured = await measures.of(resources, video)
    probe = Probe.from_json(video.probe)
    checks = [*source_checks(probe, spec, seconds, _added_seconds(spec, facts))]
    if measured is not None:
        checks += measured_checks(measured, probe, spec)
    if probe.video is not None:
        shown = Shown(probe.video, _size(facts.get(spec.logo.key or "")), video.subtitles is not None, values)
        checks += await asyncio.to_thread(overlay_checks, spec, shown)
    return Checked(checks, measured is not None)


def source_checks(
    probe: Probe, spec: PatternSpec, max_seconds: float, added_s: float = 0.0
) -> Iterator[Check]:
    """What the file's headers tell.

    Args:
        probe: The source.
        spec: Whose cut, speed, intro and outro change the length.
        max_seconds: What this creator may post.
        added_s: Seconds of intro and outro.
    """
    shown_s = spec.time.shown_s(probe.duration_s) + added_s
    for finding in tiktok_findings(probe.model_copy(update={"duration_s": shown_s}), max_seconds=max_seconds):
        fix: Mapping[str, Any] | None = {} if finding.mended_by_edit else None
        if finding.code is FindingCode.DURATION and added_s < max_seconds:
            fix = {"time": {"trim_end_s": spec.time.source(max_seconds - added_s)}}
        if finding.code is FindingCode.BYTES:
            fix = {"output": {"quality": "medium", "max_bitrate_kbps": 20_000}}
        yield _check(finding, fix)


def measured_checks(measured: Measured, probe: Probe, spec: PatternSpec) -> Iterator[Check]:
    """What only listening and looking tells."""
    if (finding := loudness_finding(measured, spec.sound)) is not None:
        yield _check(finding, {"sound": {"normalise": True}})
    if measured.lit is None or probe.video is None:
        return
    if (finding := bars_finding(measured.lit, probe.video, spec)) is not None:
        yield _check(finding, crop_of_bars(measured.lit, probe.video, spec))


def overlay_checks(spec: PatternSpec, shown: Shown) -> list[Check]:
    """What of the pattern TikTok's app would draw over. Blocking: for a thread."""
    return [
        _check(
            Finding(code=FindingCode.COVERED, value=covered.name, limit="", mended_by_edit=False), covered.fix
        )
        for covered in covered_overlays(spec, shown, bundled_fonts())
    ]


def _check(finding: Finding, fix: Mapping[str, Any] | None) -> Check:
    return Check(finding, Severity.WARNING if finding.code in _WARNINGS else Severity.ERROR, fix)


async def _facts(session: AsyncSession, spec: PatternSpec) -> dict[str, Mapping[str, Any]]:
    """What is known about the files of a pattern, by their keys."""
    keys = list(spec.asset_keys().values())
    if not keys:
        return {}
    rows = await session.execute(select(Asset.key, Asset.facts).where(Asset.key.in_(keys)))
    return dict(rows.all())


def _added_seconds(spec: PatternSpec, facts: Mapping[str, Mapping[str, Any]]) -> float:
    keys = [key for key in (spec.time.intro_key, spec.time.outro_key) if key is not None]
    return sum(float(facts.get(key, {}).get("seconds", spec.time.image_s)) for key in keys)


def _size(facts: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if not facts or not {"width", "height"} <= facts.keys():
        return None
    return int(facts["width"]), int(facts["height"])
