"""What a simulator is started with, and the switches that can be moved while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]


class Switches(BaseModel):
    """Every rule of TikTok that differs between apps, months or readings of the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The app
    audited: bool = Field(default=True, description="Whether the app has passed TikTok's Direct Post audit.")
    approved_scopes: tuple[str, ...] = Field(
        (
            "user.info.basic",
            "user.info.profile",
            "user.info.stats",
            "video.publish",
            "video.upload",
            "video.list",
        ),
        description="Scopes that the app may ask for.",
    )
    verified_urls: tuple[str, ...] = Field(
        (), description="Domains (`example.com`) and prefixes (`https://host/path/`) for PULL_FROM_URL."
    )
    plain_http_pull: bool = Field(
        default=False, description="Allow http and IP addresses in PULL_FROM_URL (tests)."
    )

    # OAuth
    strict_rotation: bool = Field(
        default=True, description="A refresh makes the old refresh token useless at once."
    )
    access_seconds: int = Field(7_200, ge=1, description="Life of an access token; 86400 before Nov 2026.")
    refresh_seconds: int = Field(
        15_552_000, ge=1, description="Life of a refresh token; 31536000 before Nov 2026."
    )
    code_seconds: int = Field(300, ge=1, description="Life of an authorization code.")
    oauth_error_status: Literal[200, 400] = Field(200, description="HTTP status of OAuth errors.")
    web_pkce: Literal["optional", "required"] = Field(
        "optional", description="Whether a web redirect must bring a code challenge too."
    )

    # Limits
    daily_post_cap: int = Field(15, ge=0, description="Direct posts of one creator in 24 h.")
    active_user_cap: int = Field(500, ge=0, description="Creators that may post in 24 h, audited app.")
    unaudited_user_cap: int = Field(5, ge=0, description="Creators that may post in 24 h, unaudited app.")
    pending_draft_cap: int = Field(5, ge=0, description="Drafts not posted yet of one creator in 24 h.")
    rate_limits: bool = Field(default=True, description="Whether the per-minute windows are kept.")

    # Transfer
    max_chunk_bytes: Literal[64_000_000, 67_108_864] = Field(
        64_000_000, description="Largest chunk: decimal or binary reading of 64 MB."
    )
    upload_url_seconds: int = Field(3_600, ge=1, description="Life of an upload address.")
    finished_upload_status: Literal[404, 416] = Field(
        416, description="Answer to a PUT after the last chunk was stored; undocumented."
    )
    progress_header: Literal["count", "index"] = Field(
        "count", description="Whether answers count bytes or name the last one; undocumented."
    )

    # Processing
    check_media: bool = Field(default=True, description="Whether received files are really looked at.")
    processing_seconds: Seconds = Field(2.0, description="From the last byte to the outcome.")
    moderation_seconds: Seconds = Field(3.0, description="From the outcome to the public post id.")

    # Webhooks
    webhook_url: str | None = Field(None, description="Where events are delivered; none: not at all.")
    webhook_copies: int = Field(1, ge=1, le=10, description="How often each event is delivered.")
    webhook_delays: dict[str, Seconds] = Field(
        default_factory=dict,
        description="Seconds by which an event comes late, by its name or `*`; uneven ones change the order.",
    )
    webhook_retry_seconds: float = Field(2.0, gt=0, description="First retry's delay; doubles from there.")


class CreatorSpec(BaseModel):
    """An account to make, as its owner would set it up in the app."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str = Field(pattern=r"^[a-z0-9._]{2,24}$", description="Handle without @.")
    nickname: str = Field("", max_length=60, description="Name shown; the handle when empty.")
    bio: str = Field("", max_length=160)
    private: bool = Field(default=False, description="Private account.")
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_video_post_duration_sec: int = Field(600, ge=1, le=3_600, description="Longest video, seconds.")
    banned: bool = Field(default=False, description="Banned from posting.")
    verified: bool = False
    daily_post_cap: int | None = Field(None, ge=0, description="Own cap in 24 h instead of the switches'.")


SAMPLE_CREATORS = (
    CreatorSpec(username="ana.cocina", nickname="Ana en la cocina"),
    CreatorSpec(username="taller.norte", nickname="Taller Norte", private=True),
)


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """What a simulator is started with.

    Attributes:
        data_dir: Folder of the state file and the received videos.
        public_url: Address under which clients reach it; the request's own when None.
        app_name: What the consent screen calls the app.
        client_key: The one app that is registered.
        client_secret: Its secret; signs webhooks too.
        redirect_uris: Registered redirect addresses; any that TikTok would register when empty.
        switches: Where the switches stand at the first start (later ones are remembered).
        creators: Accounts that exist at the first start.
    """

    data_dir: Path
    public_url: str | None = None
    app_name: str = "SubiteYa"
    client_key: str = "simulator"
    client_secret: str = field(default="simulator-secret", repr=False)
    redirect_uris: tuple[str, ...] = ()
    switches: Switches = field(default_factory=Switches)
    creators: tuple[CreatorSpec, ...] = SAMPLE_CREATORS

    @property
    def videos_dir(self) -> Path:
        """Folder of the received videos."""
        return self.data_dir / "videos"
