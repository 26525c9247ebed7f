"""What every section of a pattern shares: strictness, anchors and the kinds of values."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Section(BaseModel):
    """A part of the specification: frozen, no unknown fields, no silent conversions, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Anchor(StrEnum):
    """Nine places on the picture; an overlay touches the margin on the sides that the name says."""

    TOP_LEFT = "top_left"
    TOP = "top"
    TOP_RIGHT = "top_right"
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom_right"

    @property
    def across(self) -> float:
        """0 at the left edge, 0.5 in the middle, 1 at the right edge."""
        return _share(self.value, "left", "right")

    @property
    def down(self) -> float:
        """0 at the top edge, 0.5 in the middle, 1 at the bottom edge."""
        return _share(self.value, "top", "bottom")


def _share(name: str, low: str, high: str) -> float:
    words = name.split("_")
    if low in words:
        return 0.0
    return 1.0 if high in words else 0.5


Colour = Annotated[
    str,
    StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$"),
    Field(description="Colour as #RRGGBB.", examples=["#FFFFFF"]),
]

# Keys name their owner, so that the service can refuse another user's asset without asking S3.
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ImageKey = Annotated[str, StringConstraints(pattern=rf"^assets/{_UUID}/{_UUID}\.(?:png|jpg|jpeg|webp)$")]
LutKey = Annotated[str, StringConstraints(pattern=rf"^assets/{_UUID}/{_UUID}\.cube$")]
MusicKey = Annotated[
    str, StringConstraints(pattern=rf"^assets/{_UUID}/{_UUID}\.(?:mp3|m4a|aac|wav|ogg|opus|flac)$")
]
ClipKey = Annotated[
    str, StringConstraints(pattern=rf"^assets/{_UUID}/{_UUID}\.(?:mp4|mov|webm|mkv|png|jpg|jpeg|webp)$")
]
