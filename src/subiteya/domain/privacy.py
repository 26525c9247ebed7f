"""Who may see a post, in TikTok's words."""

from __future__ import annotations

from enum import StrEnum


class PrivacyLevel(StrEnum):
    """TikTok's four privacy levels; which of them a creator may use, `creator_info` says each time."""

    PUBLIC_TO_EVERYONE = "PUBLIC_TO_EVERYONE"
    """Everybody; offered to public accounts."""
    FOLLOWER_OF_CREATOR = "FOLLOWER_OF_CREATOR"
    """Followers; offered to private accounts, in place of everybody."""
    MUTUAL_FOLLOW_FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
    """Those who follow the creator and are followed back."""
    SELF_ONLY = "SELF_ONLY"
    """The creator alone; the only level that an app not audited by TikTok may use."""
