"""How the picture sits in the frame, and what TikTok draws over it."""

from __future__ import annotations

from pydantic import Field

from subiteya.domain.pattern.base import Section


class LayoutSpec(Section):
    """Rules that every placement follows."""

    safe_areas: bool = Field(
        default=True,
        description="Keep logo and subtitles clear of what TikTok draws over a video (buttons, caption).",
    )
