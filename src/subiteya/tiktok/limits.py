"""TikTok's documented limits as data; whoever keeps the windows reads them here.

Source: the rate-limit and Content Posting pages. The documentation states a sliding window of one minute for
the Display endpoints; the same is assumed for posting, per access token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from subiteya.domain.slots import Rate


class Call(StrEnum):
    """The calls of the API that we make, outside OAuth."""

    CREATOR_INFO = "creator_info"
    INIT_VIDEO = "init_video"
    INIT_INBOX = "init_inbox"
    STATUS = "status"
    USER_INFO = "user_info"


_MINUTE: Final = timedelta(seconds=60)
_DAY: Final = timedelta(hours=24)

PER_MINUTE: Final[Mapping[Call, Rate]] = MappingProxyType(
    {
        Call.CREATOR_INFO: Rate(20, _MINUTE),
        Call.INIT_VIDEO: Rate(6, _MINUTE),
        Call.INIT_INBOX: Rate(6, _MINUTE),
        Call.STATUS: Rate(30, _MINUTE),
        Call.USER_INFO: Rate(600, _MINUTE),
    }
)
"""Calls within 60 s, per access token."""

CREATOR_POSTS: Final = Rate(15, _DAY)
"""Direct posts of one creator, over all apps together. TikTok says "about": it differs between creators."""
PENDING_DRAFTS: Final = Rate(5, _DAY)
"""Drafts of one creator that wait in the inbox."""
UNAUDITED_CREATORS: Final = Rate(5, _DAY)
"""Creators that may post through an app which TikTok has not audited."""
