"""Colour and effects."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from subiteya.domain.pattern.base import Section


class Look(StrEnum):
    """Named colour moods; the recipes stand in `subiteya.media.graph.looks`."""

    NONE = "none"
    VINTAGE = "vintage"
    VIBRANT = "vibrant"
    CINEMATIC = "cinematic"
    GRAYSCALE = "grayscale"
    SEPIA = "sepia"


class EffectsSpec(Section):
    """Adjustments of the whole picture; 0 leaves it as it is."""

    brightness: float = Field(0.0, ge=-1, le=1, description="-1 darkest, 0 unchanged, 1 brightest.")
    contrast: float = Field(0.0, ge=-1, le=1, description="-1 flat grey, 0 unchanged, 1 doubled.")
    saturation: float = Field(0.0, ge=-1, le=1, description="-1 no colour, 0 unchanged, 1 doubled.")
    look: Look = Field(Look.NONE, description="Colour mood, applied after the adjustments.")
    vignette: float = Field(0.0, ge=0, le=1, description="Darkening of the corners; 0 none, 1 black corners.")

    @property
    def is_neutral(self) -> bool:
        """Whether no pixel would change."""
        return self == EffectsSpec()
