"""How the picture sits in the frame, and what TikTok draws over it."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from pydantic import Field

from subiteya.domain.pattern.base import Colour, ImageKey, Section


class Target(StrEnum):
    """Shape of the frame, width to height."""

    ORIGINAL = "original"
    PORTRAIT = "9:16"
    TALL = "4:5"
    SQUARE = "1:1"
    LANDSCAPE = "16:9"

    @property
    def ratio(self) -> Fraction | None:
        """Width over height, None for the source's own."""
        if self is Target.ORIGINAL:
            return None
        width, _, height = self.value.partition(":")
        return Fraction(int(width), int(height))


class Fill(StrEnum):
    """What to do with a picture of another shape: show all of it, or fill the frame."""

    FIT = "fit"
    CROP = "crop"


class Background(StrEnum):
    """What surrounds a picture that does not fill the frame."""

    BLUR = "blur"
    SOLID = "solid"
    IMAGE = "image"


class LayoutSpec(Section):
    """The frame, and rules that every placement follows."""

    target: Target = Field(
        Target.ORIGINAL,
        description="Shape of the frame; original keeps the source's. Other shapes have at most 1080 pixels"
        " on their short side.",
    )
    fill: Fill = Field(Fill.FIT, description="Show the whole picture with a background, or crop it to fill.")
    focus_x_percent: float = Field(
        50.0,
        ge=0,
        le=100,
        description="What cropping keeps: 0 the left edge, 50 the middle, 100 the right edge.",
    )
    focus_y_percent: float = Field(
        50.0, ge=0, le=100, description="What cropping keeps: 0 the top, 50 the middle, 100 the bottom."
    )
    zoom: float = Field(
        1.0,
        ge=1,
        le=4,
        description="How much closer cropping goes: 1 keeps as much as the frame's shape allows, 2 half of"
        " that across and down. With it, the original shape can be cropped too.",
    )
    background: Background = Field(Background.BLUR, description="What surrounds a picture that is fitted.")
    background_colour: Colour = Field("#000000", description="Colour of a solid background.")
    background_key: ImageKey | None = Field(
        None, description="Storage key of a background image (assets/…); its absence leaves the solid colour."
    )
    safe_areas: bool = Field(
        default=True,
        description="Keep logo, texts and subtitles clear of what TikTok draws over a video, and subtitles"
        " clear of the logo.",
    )
