"""How a video goes to TikTok: posted at once, or as a draft for its owner to finish."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PUBLISH_SCOPE: Final = "video.publish"
UPLOAD_SCOPE: Final = "video.upload"


class PostMode(StrEnum):
    """What a post asks of TikTok."""

    DIRECT = "direct"
    """Posted with the caption, the audience and the settings that were chosen here."""
    DRAFT = "draft"
    """Put into the owner's TikTok inbox. They choose all of that in the app, and post it there."""

    @property
    def scope(self) -> str:
        """What the owner must have granted for it, as TikTok calls it."""
        return UPLOAD_SCOPE if self is PostMode.DRAFT else PUBLISH_SCOPE


def is_granted(scopes: str, mode: PostMode) -> bool:
    """Whether an account's granted scopes (comma-separated) allow posts of this mode."""
    return mode.scope in scopes.split(",")
