"""How the work is done: edits, postings, jobs, TikTok."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from subiteya.config.section import SECTION


class EditSettings(BaseSettings):
    """The edit worker and FFmpeg."""

    model_config = SECTION

    concurrency: int = Field(
        2, ge=1, le=64, validation_alias="EDIT_WORKER_CONCURRENCY", description="Edits at once in one worker."
    )
    max_per_minute: int = Field(
        10,
        ge=1,
        validation_alias="EDIT_MAX_PER_MINUTE",
        description="Edits started a minute, over all workers.",
    )
    ffmpeg_binary: Path | None = Field(
        None,
        validation_alias="FFMPEG_BINARY",
        description="An FFmpeg (6 or newer) to use instead of the wheel's.",
    )
    ffmpeg_threads: int = Field(
        0, ge=0, validation_alias="FFMPEG_THREADS", description="Threads of one FFmpeg; 0 lets it choose."
    )
    segments: Literal["auto", "off"] = Field(
        "auto",
        validation_alias="EDIT_SEGMENTS",
        description="Whether idle edit workers on other machines share a long edit (`auto`) or not (`off`).",
    )
    segment_seconds: float = Field(
        15,
        ge=1,
        validation_alias="EDIT_SEGMENT_SECONDS",
        description="Seconds of video for each machine that shares an edit, at least.",
    )


class UploadSettings(BaseSettings):
    """The upload worker and what a post may do when."""

    model_config = SECTION

    concurrency: int = Field(
        1,
        ge=1,
        le=64,
        validation_alias="UPLOAD_WORKER_CONCURRENCY",
        description="Postings at once in one worker.",
    )
    max_per_minute: int = Field(
        3,
        ge=1,
        validation_alias="UPLOAD_MAX_PER_MINUTE",
        description="Postings started a minute, over all workers.",
    )
    account_window_seconds: int = Field(
        300,
        ge=0,
        validation_alias="ACCOUNT_WINDOW_SECONDS",
        description="Seconds between two postings of one account, shared by all workers.",
    )

    creator_posts_per_day: int = Field(
        15,
        ge=0,
        validation_alias="CREATOR_POSTS_PER_DAY",
        description="Posts of one creator in any 24 hours: TikTok takes about 15. 0 leaves it to TikTok.",
    )

    @property
    def account_window(self) -> timedelta:
        """The account window as a duration."""
        return timedelta(seconds=self.account_window_seconds)


class JobSettings(BaseSettings):
    """Leases, heartbeats and sweeps: what lives in PostgreSQL because Redis is billed by the command."""

    model_config = SECTION

    lease_seconds: float = Field(
        30, gt=0, validation_alias="JOB_LEASE_SECONDS", description="How long a silent worker keeps its job."
    )
    sweep_seconds: float = Field(
        2,
        gt=0,
        validation_alias="SWEEP_SECONDS",
        description="Seconds between two sweeps of the leading process.",
    )
    presence_seconds: float = Field(
        60,
        gt=0,
        validation_alias="PRESENCE_SECONDS",
        description="How long a queued job may be missing from Redis before it is looked for there.",
    )
    grace_seconds: float = Field(
        25,
        gt=0,
        validation_alias="GRACE_SECONDS",
        description="Seconds a stopping worker gives the job in hand.",
    )
    deaf_seconds: float = Field(
        180,
        gt=0,
        validation_alias="WORKER_DEAF_SECONDS",
        description="How long jobs may wait beside a worker that is free; then it counts as dead and ends.",
    )
    retry_base_seconds: float = Field(
        5,
        gt=0,
        validation_alias="RETRY_BASE_SECONDS",
        description="First retry's delay; each next one doubles it.",
    )
    max_retries: int = Field(
        3,
        ge=0,
        validation_alias="MAX_RETRIES",
        description="Automatic retries before a job counts as failed.",
    )


class TikTokSettings(BaseSettings):
    """TikTok's Content Posting API, or its simulator."""

    model_config = SECTION

    mode: Literal["simulator", "live"] = Field(
        "simulator", validation_alias="TIKTOK_MODE", description="`simulator` (bundled, no keys) or `live`."
    )
    client_key: str = Field(
        "simulator", validation_alias="TIKTOK_CLIENT_KEY", description="Your app's client key."
    )
    client_secret: SecretStr = Field(
        SecretStr("simulator-secret"),
        validation_alias="TIKTOK_CLIENT_SECRET",
        description="Your app's client secret.",
    )
    unaudited: bool = Field(
        default=True,
        validation_alias="TIKTOK_UNAUDITED",
        description="Whether TikTok has yet to audit your app: until then it may post privately only.",
    )
    scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("user.info.basic", "user.info.profile", "video.publish", "video.upload"),
        validation_alias="TIKTOK_SCOPES",
        description="What to ask for when an account is connected, comma-separated.",
    )
    web_pkce: Literal["none", "hex", "base64url"] = Field(
        "none",
        validation_alias="TIKTOK_WEB_PKCE",
        description="PKCE with a web redirect address; loopback addresses always use `hex`.",
    )
    simulator_url: str = Field(
        "http://127.0.0.1:8788",
        validation_alias="TIKTOK_SIMULATOR_URL",
        description="Where the simulator answers.",
    )
    poll_seconds: float = Field(
        2,
        gt=0,
        validation_alias="TIKTOK_POLL_SECONDS",
        description="First interval between two status questions; it widens from there.",
    )

    @property
    def api_url(self) -> str:
        """Base address of the API, without a trailing slash."""
        return "https://open.tiktokapis.com" if self.mode == "live" else self.simulator_url.rstrip("/")

    @property
    def share_url(self) -> str:
        """Base of the addresses at which people see posts, without a trailing slash."""
        return "https://www.tiktok.com" if self.mode == "live" else self.simulator_url.rstrip("/")

    @field_validator("scopes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _live_needs_keys(self) -> TikTokSettings:
        if self.mode == "live" and self.client_key == "simulator":
            raise ValueError(
                "TIKTOK_MODE=live needs TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET of your TikTok app"
            )
        return self
