"""Where subtitles come from, how they look and move. Their words are the video's, never the pattern's."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from subiteya.domain.pattern.base import Colour, Section


class Font(StrEnum):
    """Typefaces that SubiteYa brings along (all under the SIL Open Font License)."""

    MANROPE = "manrope"
    FREDOKA = "fredoka"
    FJALLA = "fjalla"
    NOTO_SANS = "noto_sans"


class SubtitleStyle(StrEnum):
    """What keeps the letters legible on any picture."""

    CLASSIC = "classic"
    OUTLINE = "outline"
    BOX = "box"


class SubtitleAnimation(StrEnum):
    """How the words come: all at once, the spoken one lit up, or one at a time."""

    NONE = "none"
    KARAOKE = "karaoke"
    POP = "pop"


class Casing(StrEnum):
    """Capital letters."""

    AS_IS = "as_is"
    UPPER = "upper"
    LOWER = "lower"


class SubtitlePosition(StrEnum):
    """Third of the picture in which lines stand."""

    BOTTOM = "bottom"
    MIDDLE = "middle"
    TOP = "top"


class SubtitleSource(StrEnum):
    """Where the words come from."""

    NONE = "none"
    VIDEO = "video"
    AUTO = "auto"


class WithoutWords(StrEnum):
    """What happens when a video should be transcribed and nothing is there that could do it."""

    WAIT = "wait"
    GO_ON = "go_on"


AUTO_LANGUAGE = "auto"
Language = Annotated[str, StringConstraints(pattern=r"^(?:auto|[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})$")]
"""A language as BCP 47 writes it (`es`, `en`, `pt-BR`), or `auto`."""


class SubtitlesSpec(Section):
    """Where the words come from and how they look, burned into the picture."""

    source: SubtitleSource = Field(
        SubtitleSource.VIDEO,
        description="None burns in none; video those that come with the video, if any do; auto those, and"
        " without any what is said in it, transcribed.",
    )
    language: Language = Field(
        AUTO_LANGUAGE,
        description="What is spoken, for the transcription: `es`, `en`, `pt-BR`, …; auto finds it out.",
    )
    without: WithoutWords = Field(
        WithoutWords.WAIT,
        description="When what is said cannot be written down (no model, no key, a sound that is refused):"
        " wait until there are words, or go on without subtitles. Words are never made up.",
    )
    font: Font = Field(Font.MANROPE, description="Typeface.")
    size_percent: float = Field(
        3.6,
        ge=1,
        le=15,
        description="Height of a line in per cent of the picture's height, or of its width if it is wider.",
    )
    colour: Colour = Field("#FFFFFF", description="Colour of the letters.")
    style: SubtitleStyle = Field(
        SubtitleStyle.OUTLINE,
        description="Firm outline, box behind the lines, or classic: thin outline with a soft shadow.",
    )
    outline_colour: Colour = Field("#000000", description="Colour of the outline.")
    outline_percent: float = Field(
        8.0, ge=0, le=40, description="Width of the outline in per cent of the letter size."
    )
    box_colour: Colour = Field("#000000", description="Colour of the box.")
    box_opacity: float = Field(0.6, ge=0, le=1, description="Opacity of the box; 1 covers the picture.")
    box_padding_percent: float = Field(
        22.0, ge=0, le=100, description="Space around the letters in the box in per cent of their size."
    )
    animation: SubtitleAnimation = Field(
        SubtitleAnimation.NONE,
        description="Karaoke lights up the spoken word, pop shows one word at a time. Without word times the"
        " words share their line's time by their length.",
    )
    highlight_colour: Colour = Field("#FFD400", description="Colour of the spoken word in karaoke.")
    position: SubtitlePosition = Field(SubtitlePosition.BOTTOM, description="Where the lines stand.")
    margin_percent: float = Field(
        3.0,
        ge=0,
        le=45,
        description="Distance to the edge (or to TikTok's buttons) in per cent of the picture's height.",
    )
    max_characters: int | None = Field(
        None, ge=8, le=80, description="Most characters in a line; as many as fit the width when null."
    )
    max_lines: int = Field(
        2, ge=1, le=4, description="Most lines at once; a longer text is shown in several steps."
    )
    casing: Casing = Field(Casing.AS_IS, description="Leave letters as they are, or all upper or lower case.")
