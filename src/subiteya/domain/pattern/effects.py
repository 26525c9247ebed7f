"""Colour and effects."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from subiteya.domain.pattern.base import LutKey, Section


class Look(StrEnum):
    """Named colour moods; the recipes stand in `subiteya.media.graph.looks`."""

    NONE = "none"
    VINTAGE = "vintage"
    VIBRANT = "vibrant"
    CINEMATIC = "cinematic"
    WARM = "warm"
    COOL = "cool"
    DRAMATIC = "dramatic"
    GRAYSCALE = "grayscale"
    BLACK_AND_WHITE = "black_and_white"
    SEPIA = "sepia"


class EffectsSpec(Section):
    """Adjustments of the whole picture; 0 leaves it as it is."""

    brightness: float = Field(0.0, ge=-1, le=1, description="-1 darkest, 0 unchanged, 1 brightest.")
    contrast: float = Field(0.0, ge=-1, le=1, description="-1 flat grey, 0 unchanged, 1 doubled.")
    saturation: float = Field(0.0, ge=-1, le=1, description="-1 no colour, 0 unchanged, 1 doubled.")
    exposure: float = Field(0.0, ge=-3, le=3, description="Light in stops: 1 doubles it, -1 halves it.")
    temperature: float = Field(0.0, ge=-1, le=1, description="-1 cold (blue), 0 unchanged, 1 warm (orange).")
    tint: float = Field(0.0, ge=-1, le=1, description="-1 green, 0 unchanged, 1 magenta.")
    hue: float = Field(0.0, ge=-180, le=180, description="Turn of the colour circle in degrees.")
    highlights: float = Field(0.0, ge=-1, le=1, description="-1 holds bright parts back, 1 lifts them.")
    shadows: float = Field(0.0, ge=-1, le=1, description="-1 deepens dark parts, 1 lifts them.")
    look: Look = Field(Look.NONE, description="Colour mood, applied after the adjustments.")
    lut_key: LutKey | None = Field(
        None, description="Storage key of a .cube file (assets/…), applied after the look; none when null."
    )
    lut_strength: float = Field(1.0, ge=0, le=1, description="How much of the .cube file is applied.")
    vignette: float = Field(0.0, ge=0, le=1, description="Darkening of the corners; 0 none, 1 black corners.")
    sharpen: float = Field(0.0, ge=0, le=1, description="Crisper edges.")
    blur: float = Field(0.0, ge=0, le=1, description="Softness of the whole picture.")
    grain: float = Field(0.0, ge=0, le=1, description="Film grain.")
    denoise: float = Field(0.0, ge=0, le=1, description="Less noise of dark footage.")
    stabilise: bool = Field(default=False, description="Steady a shaky hand.")

    @property
    def is_neutral(self) -> bool:
        """Whether no pixel would change."""
        plain = self if self.lut_key is not None else self.model_copy(update={"lut_strength": 1.0})
        return plain == EffectsSpec()
