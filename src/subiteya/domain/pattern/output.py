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
    """Encoding; used only when there is something to encode."""

    quality: Quality = Field(Quality.HIGH, description="Picture quality against size and time.")
