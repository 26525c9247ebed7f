"""Settings, in sections, from the environment: the seed's names, typed, with secrets that print as stars.

Nothing here reads a file or keeps a global: `Settings()` reads the environment once, and whoever starts a
process hands the result down.
"""

from __future__ import annotations

import base64
import binascii
import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_SECTION = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)


class HomeSettings(BaseSettings):
    """Where this machine keeps its own data."""

    model_config = _SECTION

    home: Path = Field(
        Path(".subiteya"),
        validation_alias="SUBITEYA_HOME",
        description="Data folder of the embedded engines, the simulator and `up`.",
    )
    work_dir: Path | None = Field(
        None,
        validation_alias="SUBITEYA_WORK_DIR",
        description="Folder for the edit worker's temporary files; a folder of the data folder when unset.",
    )

    @property
    def work(self) -> Path:
        """The folder below which each edit gets a folder of its own."""
        return self.work_dir or self.home / "work"


class DatabaseSettings(BaseSettings):
    """PostgreSQL."""

    model_config = _SECTION

    url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 14 or newer; Supabase's pooler (6543) works. Unset: `up` starts its own.",
    )
    pool_size: int = Field(
        5,
        ge=1,
        le=100,
        validation_alias="DATABASE_POOL_SIZE",
        description="Connections a process keeps at the most.",
    )


class QueueSettings(BaseSettings):
    """Redis or Valkey with BullMQ's queues."""

    model_config = _SECTION

    url: SecretStr | None = Field(
        None,
        validation_alias="REDIS_URL",
        description="Redis or Valkey >= 6.2 (`redis:`, `rediss:`, `unix:`). Unset: `up` starts its own.",
    )
    prefix: str = Field(
        "bull", validation_alias="BULLMQ_PREFIX", description="BullMQ's key prefix; tools expect `bull`."
    )
    profile: Literal["metered", "own"] = Field(
        "metered",
        validation_alias="REDIS_PROFILE",
        description="`metered` for a Redis that bills commands, `own` for a server of your own.",
    )

    @property
    def drain_delay_s(self) -> int:
        """Seconds of one idle wait (BZPOPMIN); costs commands, not pick-up time."""
        return 300 if self.profile == "metered" else 60

    @property
    def stalled_interval_ms(self) -> int:
        """Milliseconds between BullMQ's own stalled checks, the second net below our leases."""
        return 300_000 if self.profile == "metered" else 30_000

    @property
    def lock_duration_ms(self) -> int:
        """Milliseconds that a BullMQ job lock lives between renewals."""
        return 300_000 if self.profile == "metered" else 120_000


class StorageSettings(BaseSettings):
    """S3, or what speaks its protocol."""

    model_config = _SECTION

    bucket: str = Field(
        "subiteya-videos", validation_alias="S3_BUCKET_NAME", description="The private bucket.", min_length=3
    )
    region: str = Field(
        "us-east-1", validation_alias="AWS_REGION", description="Region of the bucket; `auto` on R2."
    )
    access_key_id: SecretStr | None = Field(
        None, validation_alias="AWS_ACCESS_KEY_ID", description="Key id with rights on this bucket only."
    )
    secret_access_key: SecretStr | None = Field(
        None, validation_alias="AWS_SECRET_ACCESS_KEY", description="The key's secret."
    )
    endpoint: str | None = Field(
        None, validation_alias="S3_ENDPOINT", description="Address of an S3 service other than AWS."
    )
    public_endpoint: str | None = Field(
        None,
        validation_alias="S3_PUBLIC_ENDPOINT",
        description="Address that browsers use for the same service, when it differs.",
    )
    force_path_style: bool = Field(
        default=False,
        validation_alias="S3_FORCE_PATH_STYLE",
        description="Bucket in the path instead of the host name.",
    )

    @property
    def configured(self) -> bool:
        """Whether an S3 service is named; otherwise `up` starts its own."""
        return self.endpoint is not None or self.access_key_id is not None


class EditSettings(BaseSettings):
    """The edit worker and FFmpeg."""

    model_config = _SECTION

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


class UploadSettings(BaseSettings):
    """The upload worker and what a post may do when."""

    model_config = _SECTION

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

    @property
    def account_window(self) -> timedelta:
        """The account window as a duration."""
        return timedelta(seconds=self.account_window_seconds)


class JobSettings(BaseSettings):
    """Leases, heartbeats and sweeps: what lives in PostgreSQL because Redis is billed by the command."""

    model_config = _SECTION

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
        15,
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

    model_config = _SECTION

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

    @model_validator(mode="after")
    def _live_needs_keys(self) -> TikTokSettings:
        if self.mode == "live" and self.client_key == "simulator":
            raise ValueError(
                "TIKTOK_MODE=live needs TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET of your TikTok app"
            )
        return self


class HttpSettings(BaseSettings):
    """The api process."""

    model_config = _SECTION

    host: str = Field(
        "127.0.0.1", validation_alias="SUBITEYA_HOST", description="Address the api listens on."
    )
    port: int = Field(3001, ge=0, le=65_535, validation_alias="PORT", description="Port the api listens on.")
    public_url: str | None = Field(
        None,
        validation_alias="PUBLIC_URL",
        description="Address people use; decides cookie safety and origins.",
    )
    max_upload_bytes: int = Field(
        5 * 1024**3,
        ge=1,
        validation_alias="MAX_UPLOAD_BYTES",
        description="Largest video accepted, in bytes.",
    )

    @property
    def url(self) -> str:
        """The address that links should carry, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class SecuritySettings(BaseSettings):
    """Keys and sessions."""

    model_config = _SECTION

    # NoDecode: the value is a plain comma list, not JSON.
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        validation_alias="ENCRYPTION_KEY",
        description="32 random bytes in base64; several, comma-separated, newest first, for rotation.",
    )
    session_days: int = Field(
        30, ge=1, validation_alias="SESSION_DAYS", description="Days a browser stays signed in."
    )

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_32_bytes(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            try:
                raw = base64.b64decode(key.get_secret_value(), validate=True)
            except (binascii.Error, ValueError):
                raw = b""
            if len(raw) != 32:  # noqa: PLR2004 - the size of an AES-256 key
                raise ValueError("ENCRYPTION_KEY must be 32 bytes in base64 (try: openssl rand -base64 32)")
        return value

    @property
    def raw_keys(self) -> tuple[bytes, ...]:
        """The keys as bytes, newest first."""
        return tuple(base64.b64decode(key.get_secret_value()) for key in self.encryption_keys)


class ObserveSettings(BaseSettings):
    """Logs."""

    model_config = _SECTION

    log_format: Literal["console", "json"] = Field(
        "console", validation_alias="LOG_FORMAT", description="`console` for people, `json` for collectors."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="LOG_LEVEL", description="Least severe level that is written."
    )
    worker_name: str = Field(
        default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}",
        validation_alias="WORKER_NAME",
        description="Name of this process in heartbeats and leases; host and process id when unset.",
    )


SECTIONS: tuple[type[BaseSettings], ...] = (
    HomeSettings,
    DatabaseSettings,
    QueueSettings,
    StorageSettings,
    EditSettings,
    UploadSettings,
    JobSettings,
    TikTokSettings,
    HttpSettings,
    SecuritySettings,
    ObserveSettings,
)


class Settings(BaseModel):
    """Every section, read from the environment when made.

    A plain model: as settings, its field `home` would be read from the variable HOME.
    """

    model_config = ConfigDict(frozen=True)

    home: HomeSettings = Field(default_factory=HomeSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    queue: QueueSettings = Field(default_factory=QueueSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    edit: EditSettings = Field(default_factory=EditSettings)
    upload: UploadSettings = Field(default_factory=UploadSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    tiktok: TikTokSettings = Field(default_factory=TikTokSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    observe: ObserveSettings = Field(default_factory=ObserveSettings)
