"""The logo on the picture."""

from __future__ import annotations

from pydantic import Field

from subiteya.domain.pattern.base import Anchor, ImageKey
from subiteya.domain.pattern.texts import Placed


class LogoSpec(Placed):
    """Which image stands where, how large and how strong. Sizes refer to the picture as it is seen.

    TikTok's guidelines forbid that an app burns in its own logo or watermark. A creator's own is allowed;
    posts with another brand's logo count as promotional content and must be declared as such.
    """

    key: ImageKey | None = Field(
        None, description="Storage key of the logo image (assets/…); no logo when null."
    )
    anchor: Anchor = Field(Anchor.TOP_RIGHT, description="Which of nine places it keeps to.")
    width_percent: float = Field(
        15.0, ge=1, le=100, description="Width of the logo in per cent of the picture's width."
    )
    opacity: float = Field(1.0, ge=0, le=1, description="0 is invisible, 1 covers what is beneath.")
    margin_percent: float = Field(
        4.0,
        ge=0,
        le=40,
        description="Distance to the edges (or to TikTok's buttons) in per cent of the picture's width.",
    )
    fade_in_s: float = Field(0.0, ge=0, le=10, description="Seconds over which it appears; 0 at once.")

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to draw."""
        return self.key is not None and self.opacity > 0
