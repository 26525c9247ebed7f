"""The files that a pattern may name: what each is for, and how much of it is taken."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class AssetKind(StrEnum):
    """What a file was brought for. Its key may stand in every field that takes files of its sort."""

    LOGO = "logo"
    BACKGROUND = "background"
    LUT = "lut"
    MUSIC = "music"
    INTRO = "intro"
    OUTRO = "outro"

    @property
    def section(self) -> str:
        """The pattern's section that names such a file."""
        return FIELDS[self].partition(".")[0]

    @property
    def name_in_section(self) -> str:
        """The field within that section."""
        return FIELDS[self].partition(".")[2]


FIELDS: Final = {
    AssetKind.LOGO: "logo.key",
    AssetKind.BACKGROUND: "layout.background_key",
    AssetKind.LUT: "effects.lut_key",
    AssetKind.MUSIC: "sound.music_key",
    AssetKind.INTRO: "time.intro_key",
    AssetKind.OUTRO: "time.outro_key",
}
"""The field of a pattern that each kind fills."""

IMAGES: Final = frozenset({AssetKind.LOGO, AssetKind.BACKGROUND})
CLIPS: Final = frozenset({AssetKind.INTRO, AssetKind.OUTRO})
"""Kinds that take a clip or an image."""

MAX_MUSIC_S: Final = 3600.0
MAX_CLIP_S: Final = 120.0
"""Seconds of an intro or outro; TikTok takes ten minutes in all."""
