"""What the API shows: the JSON of videos, posts, events, patterns and accounts.

Each `…_out` is a pure function from rows to JSON. Sizes are bytes, durations seconds, times aware and UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from subiteya.db import segments
from subiteya.db.models import Account, BrandPattern, Event, Job, Post, Video
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus, VideoStatus
from subiteya.http.api.error_out import ErrorOut
from subiteya.http.api.version_out import VersionOut, version_out
from subiteya.http.api.words_out import WordsOut, words_out
from subiteya.http.locale import language_of, sentence_of
from subiteya.services.forecast_reconnect import Forecast, Reason
from subiteya.services.get_videos import PostView, VideoView

_VIDEO_ID: Final = "8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11"
_POST_ID: Final = "5b8f5c0e-6a35-4a0b-8d51-2f9b0a1c7e42"
_ACCOUNT_ID: Final = "c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"
_PATTERN_ID: Final = "e7d0a1f3-2b64-4a89-8f0d-3c5b7a9e1d66"
_AT: Final = "2026-11-05T14:32:00Z"


class PostOut(BaseModel):
    """One video to one account."""

    id: UUID = Field(examples=[_POST_ID])
    account_id: UUID = Field(examples=[_ACCOUNT_ID])
    account_username: str = Field(examples=["panaderia.luz"])
    mode: PostMode = Field(description="`draft`: put into the TikTok inbox.", examples=[PostMode.DIRECT])
    status: PostStatus = Field(examples=[PostStatus.CONFIRMING])
    step: LedgerStep = Field(description="How far its ledger has come.", examples=[LedgerStep.SUBMITTED])
    caption: str = Field(examples=["Pan recién hecho #panaderia"])
    privacy_level: str = Field(examples=["SELF_ONLY"])
    bytes_acknowledged: int = Field(description="Bytes that TikTok has.", examples=[18_432_112])
    video_bytes: int | None = Field(examples=[18_432_112])
    post_url: str | None = Field(description="Only when TikTok gave the post's id.", examples=[None])
    publish_id: str | None = Field(
        description="TikTok's own name for the publish; its support asks for it.",
        examples=["v_pub_file~v2-1.7602997070760331285"],
    )
    tiktok_post_ids: list[str] = Field(
        description="As strings: they exceed what a JavaScript number holds.", examples=[[]]
    )
    posted_at: datetime | None = Field(examples=[None])
    slot_at: datetime | None = Field(
        description="The start reserved for it in the account's window.", examples=[_AT]
    )
    scheduled_at: datetime | None = Field(examples=[None])
    render_id: UUID | None = Field(
        description="Which version of the video goes out; null: its own.", examples=[None]
    )
    wait_reason: str | None = Field(
        description="What it waits for: `rendering` while its version of the video is being made, "
        "`account_window` for its start, or the code of an error that will pass.",
        examples=[None],
    )
    will_retry_at: datetime | None = Field(examples=[None])
    attempt: int = Field(description="The attempt that runs or comes next, from 1.", examples=[1])
    max_attempts: int = Field(examples=[4])
    error: ErrorOut | None = Field(examples=[None])


class VideoOut(BaseModel):
    """One uploaded file, its edit and its posts."""

    id: UUID = Field(examples=[_VIDEO_ID])
    title: str = Field(examples=["Pan de masa madre"])
    filename: str = Field(examples=["pan.mp4"])
    status: VideoStatus = Field(examples=[VideoStatus.UPLOADING])
    version: int = Field(description="Grows with each move.", examples=[6])
    progress: int = Field(ge=0, le=100, description="Of the edit, in per cent.", examples=[100])
    progress_detail: dict[str, Any] | None = Field(
        description="While FFmpeg runs: `speed` (seconds of video made in a second) and `left_seconds`.",
        examples=[None],
    )
    source_bytes: int = Field(examples=[22_118_400])
    duration_seconds: float | None = Field(examples=[17.4])
    width: int | None = Field(description="As it is seen: rotated, in square pixels.", examples=[1080])
    height: int | None = Field(examples=[1920])
    pattern_id: UUID | None = Field(examples=[_PATTERN_ID])
    pattern_version: int | None = Field(examples=[3])
    subtitles: bool = Field(description="Whether it has subtitles.", examples=[True])
    words: WordsOut
    attempt: int = Field(description="Of the edit: the one that runs or comes next, from 1.", examples=[1])
    max_attempts: int | None = Field(description="Of the edit; null before *confirm*.", examples=[4])
    will_retry_at: datetime | None = Field(description="Of the edit.", examples=[None])
    error: ErrorOut | None = Field(examples=[None])
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])
    confirmed_at: datetime | None = Field(examples=[_AT])
    edited_at: datetime | None = Field(examples=[_AT])
    edited_bytes: int | None = Field(examples=[18_432_112])
    versions: list[VersionOut] = Field(description="For accounts that were named, or have a post.")
    posts: list[PostOut]


class EventOut(BaseModel):
    """One line of a video's timeline."""

    id: int = Field(examples=[4711])
    at: datetime = Field(examples=[_AT])
    kind: str = Field(description="`move`, `step` or `note`.", examples=["move"])
    from_status: str | None = Field(examples=["EDITING_QUEUED"])
    to_status: str | None = Field(examples=["EDITING"])
    actor: str = Field(examples=["edit-worker-1"])
    attempt: int | None = Field(examples=[1])
    reason: str | None = Field(examples=[None])
    post_id: UUID | None = Field(examples=[None])
    detail: dict[str, Any] | None = Field(examples=[None])


class PatternOut(BaseModel):
    """A brand pattern."""

    id: UUID = Field(examples=[_PATTERN_ID])
    name: str = Field(examples=["Panadería Luz"])
    version: int = Field(description="Counts its saves; send it back with a change.", examples=[3])
    spec: PatternSpec
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])


class ReconnectOut(BaseModel):
    """How long an account can be used before its owner must connect it again."""

    reason: Reason | None = Field(
        description="Why it must be connected again now: `revoked`, `expired` or `scope_missing`; null while "
        "nothing planned before `by` needs it.",
        examples=[None],
    )
    by: datetime = Field(
        description="Until when TikTok lets us renew the access, as it said last; a renewal may move it on.",
        examples=["2027-05-04T14:32:00Z"],
    )
    missing_scopes: list[str] = Field(
        description="Asked for here, and not granted by the account's owner.", examples=[["video.upload"]]
    )
    posts_hit: int = Field(description="Planned posts that cannot go out without it.", examples=[0])


class AccountOut(BaseModel):
    """A connected TikTok account. Its tokens are never shown."""

    id: UUID = Field(examples=[_ACCOUNT_ID])
    username: str = Field(examples=["panaderia.luz"])
    nickname: str = Field(examples=["Panadería Luz"])
    status: str = Field(examples=["connected"])
    scopes: list[str] = Field(examples=[["user.info.basic", "video.publish"]])
    time_zone: str = Field(examples=["America/Bogota"])
    pattern_id: UUID | None = Field(description="Its default brand pattern.", examples=[_PATTERN_ID])
    connected_at: datetime = Field(examples=[_AT])
    reconnect: ReconnectOut


def video_out(view: VideoView, locale: str) -> VideoOut:
    """A video as JSON, its errors in the language of the reader's `locale`."""
    video, language = view.video, language_of(locale)
    # Not as a Probe: one that an older version of ours wrote must not hide all videos.
    picture = video.probe.get("video") or {}
    return VideoOut(
        id=video.id,
        title=video.title,
        filename=video.filename,
        status=video.status,
        version=video.version,
        progress=video.progress,
        progress_detail=video.progress_detail,
        source_bytes=video.source_bytes,
        duration_seconds=video.probe.get("duration_s") or None,
        width=picture.get("width"),
        height=picture.get("height"),
        pattern_id=video.pattern_id,
        pattern_version=video.pattern_version,
        subtitles=video.subtitles is not None,
        words=words_out(view, language),
        attempt=_attempt(view.job),
        max_attempts=view.job.max_attempts if view.job else None,
        will_retry_at=_will_retry_at(view.job),
        error=_error_of(video, view.job, language),
        created_at=video.created_at,
        updated_at=video.updated_at,
        confirmed_at=video.confirmed_at,
        edited_at=video.edited_at,
        edited_bytes=video.edited_bytes,
        versions=[version_out(video, link, render) for link, render in view.versions],
        posts=[post_out(post, language) for post in view.posts],
    )


def event_out(event: Event) -> EventOut:
    """A line of the timeline as JSON."""
    return EventOut(
        id=event.id,
        at=event.at,
        kind=event.kind,
        from_status=event.from_status,
        to_status=event.to_status,
        actor=event.actor,
        attempt=event.attempt,
        reason=event.reason,
        post_id=event.post_id,
        detail=event.detail,
    )


def pattern_out(pattern: BrandPattern) -> PatternOut:
    """A brand pattern as JSON."""
    return PatternOut(
        id=pattern.id,
        name=pattern.name,
        version=pattern.version,
        spec=PatternSpec.parse(pattern.spec),
        created_at=pattern.created_at,
        updated_at=pattern.updated_at,
    )


def account_out(account: Account, forecast: Forecast) -> AccountOut:
    """An account as JSON; its tokens stay where they are."""
    return AccountOut(
        id=account.id,
        username=account.username,
        nickname=account.nickname,
        status=account.status,
        scopes=[scope for scope in account.scopes.split(",") if scope],
        time_zone=account.time_zone,
        pattern_id=account.pattern_id,
        connected_at=account.created_at,
        reconnect=ReconnectOut(
            reason=forecast.reason,
            by=forecast.by,
            missing_scopes=list(forecast.missing_scopes),
            posts_hit=forecast.posts_hit,
        ),
    )


def post_out(view: PostView, language: str) -> PostOut:
    """A post as JSON, its error in `language`."""
    post = view.post
    return PostOut(
        id=post.id,
        account_id=post.account_id,
        account_username=view.account_username,
        mode=post.mode,
        status=post.status,
        step=post.step,
        caption=post.caption,
        privacy_level=post.privacy_level,
        bytes_acknowledged=post.bytes_acknowledged,
        video_bytes=post.video_bytes,
        post_url=post.post_url,
        publish_id=post.publish_id,
        tiktok_post_ids=[str(number) for number in post.tiktok_post_ids or ()],
        posted_at=post.posted_at,
        slot_at=post.slot_at,
        scheduled_at=post.scheduled_at,
        render_id=post.render_id,
        wait_reason=_wait_reason(view.job),
        will_retry_at=_will_retry_at(view.job),
        attempt=_attempt(view.job),
        max_attempts=view.job.max_attempts if view.job else 1,
        error=_error_of(post, view.job, language),
    )


def _attempt(job: Job | None) -> int:
    if job is None:
        return 1
    # A job that failed for good has spent its last attempt: there is no next one.
    return min(job.attempts + 1, job.max_attempts)


def _wait_reason(job: Job | None) -> str | None:
    """Of a job that waits for more than a worker."""
    if job is None:
        return None
    ahead = job.status is JobStatus.QUEUED and job.not_before > datetime.now(UTC)
    return job.wait_reason if ahead or job.status is JobStatus.HELD else None


def _retries(job: Job | None) -> bool:
    if job is None or job.wait_reason == segments.WAITS:  # that one is under way
        return False
    return job.status is JobStatus.QUEUED and job.attempts > 0


def _will_retry_at(job: Job | None) -> datetime | None:
    return job.not_before if job is not None and _retries(job) else None


def _error_of(row: Video | Post, job: Job | None, language: str) -> ErrorOut | None:
    """What ended it; or, between two attempts, what made the last one fail."""
    if row.error_code is not None:
        code, context = row.error_code, row.error_context
    elif job is not None and _retries(job) and job.error_code is not None:
        code, context = job.error_code, job.error_context
    else:
        return None
    return ErrorOut(code=code, message=sentence_of(code, context, language))
