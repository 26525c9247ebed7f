"""The file that comes out."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from subiteya.domain.pattern.base import Section


class Quality(StrEnum):
    """How much of the picture the encoder keeps. TikTok encodes again, so `high` suffices for nearly all."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    ULTRA = "ultra"


class OutputSpec(Section):
    """Encoding: H.264 High with AAC in MP4, constant frame rate, the index in front."""

    quality: Quality = Field(Quality.HIGH, description="Picture quality against size and time.")
    fps: int | None = Field(
        None, ge=23, le=60, description="Frames a second; the source's own (within 23 to 60) when null."
    )
    max_bitrate_kbps: int | None = Field(
        None, ge=500, le=100_000, description="Most kilobits a second of the picture; no bound when null."
    )
