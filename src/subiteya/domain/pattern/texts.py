"""Texts that stand on the picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from subiteya.domain.pattern.base import Anchor, Colour, Section
from subiteya.domain.pattern.subtitles import Font


class MergeField(StrEnum):
    """What `{{…}}` in a text may name; filled in when the video is edited."""

    ACCOUNT_NICKNAME = "account.nickname"
    ACCOUNT_USERNAME = "account.username"
    VIDEO_TITLE = "video.title"


class TextStyle(StrEnum):
    """What keeps the letters legible."""

    PLAIN = "plain"
    OUTLINE = "outline"
    BOX = "box"


class Placed(Section):
    """A thing with a place and a time on the picture."""

    x_percent: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Centre, in per cent of the width; with y_percent instead of an anchor.",
    )
    y_percent: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Centre, in per cent of the height; with x_percent instead of an anchor.",
    )
    start_s: float = Field(0.0, ge=0, le=600, description="Second at which it appears.")
    end_s: float | None = Field(None, gt=0, le=600, description="Second at which it goes; never when null.")

    @model_validator(mode="after")
    def _is_whole(self) -> Placed:
        if (self.x_percent is None) != (self.y_percent is None):
            raise ValueError("x_percent and y_percent belong together")
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must come after start_s")
        return self

    @property
    def centre(self) -> tuple[float, float] | None:
        """The free position as shares of width and height, None when an anchor holds."""
        if self.x_percent is None or self.y_percent is None:
            return None
        return self.x_percent / 100, self.y_percent / 100


_FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class TextSpec(Placed):
    """One text. `{{account.nickname}}`, `{{account.username}}` and `{{video.title}}` are filled in."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=300)] = Field(
        description="The words; line breaks stay."
    )
    font: Font = Field(Font.MANROPE, description="Typeface.")
    size_percent: float = Field(
        4.0,
        ge=1,
        le=30,
        description="Height of a line in per cent of the picture's height, or of its width if it is wider.",
    )
    colour: Colour = Field("#FFFFFF", description="Colour of the letters.")
    style: TextStyle = Field(TextStyle.OUTLINE, description="Plain letters, an outline, or a box behind.")
    outline_colour: Colour = Field("#000000", description="Colour of the outline.")
    outline_percent: float = Field(
        8.0, ge=0, le=40, description="Width of the outline in per cent of the letter size."
    )
    box_colour: Colour = Field("#000000", description="Colour of the box.")
    box_opacity: float = Field(0.6, ge=0, le=1, description="Opacity of the box; 1 covers the picture.")
    anchor: Anchor = Field(Anchor.TOP, description="Which of nine places it keeps to.")
    margin_percent: float = Field(
        4.0,
        ge=0,
        le=40,
        description="Distance to the edges (or to TikTok's buttons) in per cent of the picture's width.",
    )
    max_width_percent: float = Field(
        90.0,
        ge=10,
        le=100,
        description="Widest line in per cent of the room that there is; longer ones break.",
    )

    @field_validator("text")
    @classmethod
    def _fields_are_known(cls, text: str) -> str:
        known = set(MergeField)
        for name in _FIELD.findall(text):
            if name not in known:
                raise ValueError(f"{{{{{name}}}}} is not one of {', '.join(sorted(known))}")
        return text

    @property
    def fields(self) -> frozenset[MergeField]:
        """The fields that the text names."""
        return frozenset(MergeField(name) for name in _FIELD.findall(self.text))

    def filled(self, values: Mapping[MergeField, str]) -> str:
        """The text with its fields replaced; a field without a value leaves nothing behind."""
        return _FIELD.sub(lambda found: values.get(MergeField(found[1]), ""), self.text)
