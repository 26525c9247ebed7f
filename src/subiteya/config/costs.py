"""What may be used, and what it costs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from subiteya.config.section import SECTION


class CostSettings(BaseSettings):
    """The cost meter: prices, and quotas that it warns of at 70, 85 and 100 per cent."""

    model_config = SECTION

    prices_file: Path | None = Field(
        None,
        validation_alias="PRICES_FILE",
        description="A price table (TOML) instead of the dated one that comes with SubiteYa.",
    )
    redis_commands_quota: int | None = Field(
        None,
        ge=1,
        validation_alias="QUOTA_REDIS_COMMANDS",
        description="Redis commands a month to warn of; Upstash's free plan has 500000. Unset: no warning.",
    )
    storage_quota_gb: float | None = Field(
        None,
        gt=0,
        validation_alias="QUOTA_STORAGE_GB",
        description="Gigabytes in the bucket to warn of; R2 has 10 free. Unset: no warning.",
    )
    usd_quota: float | None = Field(
        None,
        gt=0,
        validation_alias="QUOTA_USD",
        description="US dollars a month to warn of, for the two providers below. Unset: no warning.",
    )
    redis_provider: str = Field(
        "upstash",
        validation_alias="COST_REDIS_PROVIDER",
        description="Row of the price table that QUOTA_USD takes for Redis.",
    )
    storage_provider: str = Field(
        "s3",
        validation_alias="COST_STORAGE_PROVIDER",
        description="Row of the price table that QUOTA_USD takes for the bucket: `s3`, `r2` or one of yours.",
    )
