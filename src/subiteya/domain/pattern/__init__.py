"""The brand pattern: one versioned specification of what an edit does to a clip.

`PatternSpec` is the whole; each section stands in a module of its own. The specification says *what*, in
units that do not depend on the clip (per cent of its width or height, -1 to 1), never *how*: FFmpeg is the
business of `subiteya.media.graph`.
"""

from __future__ import annotations

from subiteya.domain.pattern.base import Anchor, Section
from subiteya.domain.pattern.effects import EffectsSpec, Look
from subiteya.domain.pattern.layout import Background, Fill, LayoutSpec, Target
from subiteya.domain.pattern.logo import LogoSpec
from subiteya.domain.pattern.output import OutputSpec, Quality
from subiteya.domain.pattern.sound import SoundSpec
from subiteya.domain.pattern.spec import PatternSpec
from subiteya.domain.pattern.subtitles import (
    Casing,
    Font,
    SubtitleAnimation,
    SubtitlePosition,
    SubtitleSource,
    SubtitlesSpec,
    SubtitleStyle,
    WithoutWords,
)
from subiteya.domain.pattern.texts import MergeField, Placed, TextSpec, TextStyle
from subiteya.domain.pattern.time import TimeSpec
from subiteya.domain.pattern.versions import Version, said_in

__all__ = [
    "Anchor",
    "Background",
    "Casing",
    "EffectsSpec",
    "Fill",
    "Font",
    "LayoutSpec",
    "LogoSpec",
    "Look",
    "MergeField",
    "OutputSpec",
    "PatternSpec",
    "Placed",
    "Quality",
    "Section",
    "SoundSpec",
    "SubtitleAnimation",
    "SubtitlePosition",
    "SubtitleSource",
    "SubtitleStyle",
    "SubtitlesSpec",
    "Target",
    "TextSpec",
    "TextStyle",
    "TimeSpec",
    "Version",
    "WithoutWords",
    "said_in",
]
