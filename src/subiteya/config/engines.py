"""Where things are: data folder, database, queue, storage."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from subiteya.config.section import SECTION


class HomeSettings(BaseSettings):
    """Where this machine keeps its own data."""

    model_config = SECTION

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

    model_config = SECTION

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

    model_config = SECTION

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
        # Renewed every quarter of it, at a command each. A dead worker's jobs come back by their leases.
        return 1_200_000 if self.profile == "metered" else 120_000


class StorageSettings(BaseSettings):
    """S3, or what speaks its protocol."""

    model_config = SECTION

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
