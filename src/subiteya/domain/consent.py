"""What people agree to before a post goes out, and the record of it.

Source: TikTok's Content Sharing Guidelines, which ask for this declaration before the publish button, word
for word, with links; and for bytes to be sent only after the person has agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from subiteya.domain.errors import BadInput

VERSION: Final = "2026-11"
"""Of the texts below; grows when they change, so that a record says which one was agreed to."""

MUSIC_URL: Final = "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en"
BRANDED_URL: Final = "https://www.tiktok.com/legal/page/global/bc-policy/en"
_PLAIN: Final = "By posting, you agree to TikTok's Music Usage Confirmation."
_BRANDED: Final = (
    "By posting, you agree to TikTok's Branded Content Policy and TikTok's Music Usage Confirmation."
)


def declaration(*, branded: bool) -> str:
    """The text that stands beside the publish button."""
    return _BRANDED if branded else _PLAIN


def record(version: str, settings: Mapping[str, Any], *, at: datetime, by: str) -> dict[str, Any]:
    """What is kept of somebody's consent: when, who, to which text, with which settings.

    Args:
        version: Of the text that they were shown.
        settings: What shall be posted, as they saw it.
        at: Aware time.
        by: Who agreed, as an event's actor.

    Raises:
        BadInput: it is not the text of today; they must be shown that one.
    """
    if version != VERSION:
        raise BadInput(what="consent_version", why="this is not today's declaration", version=VERSION)
    text = declaration(branded=bool(settings.get("brand_content")))
    return {"at": at.isoformat(), "by": by, "version": version, "text": text, "settings": dict(settings)}
