"""How often TikTok is asked what became of a post, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from subiteya.db.models import Post
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import PostStatus

LONGEST_PAUSE: Final = timedelta(minutes=5)
LONGEST_INBOX_PAUSE: Final = timedelta(hours=6)
"""A draft waits for a person, not for a machine: the webhook tells at once, questions are the reserve."""
WIDEN: Final = 1.5
PATIENCE: Final = timedelta(days=1)
"""After this a post without TikTok's word is shown as UNCONFIRMED, and asked about rarely."""
INBOX_PATIENCE: Final = timedelta(days=3)
"""After this a draft is not asked about any more, unless somebody wants to know."""


def next_check(post: Post, now: datetime, first_seconds: float) -> datetime | None:
    """When the next question after this one is due; None when this one shall be the last.

    It widens, so that one post stays far below 30 questions a minute.
    """
    longest = LONGEST_PAUSE
    if post.status is PostStatus.IN_INBOX:
        if now - (post.submitted_at or post.created_at) > INBOX_PATIENCE:
            return None
        longest = LONGEST_INBOX_PAUSE
    seconds = first_seconds * WIDEN ** min(post.checks, 40)
    return now + min(timedelta(seconds=seconds), longest)


def next_check_for_id(post: Post) -> datetime | None:
    """When to ask again for the id of a post that TikTok has made; None after we have asked for long."""
    if post.mode is PostMode.DRAFT and post.posted_at is None:
        return datetime.now(UTC) + LONGEST_PAUSE
    return None if is_old(post) else post.next_check_at


def is_old(post: Post) -> bool:
    """Whether we have asked about it for a day."""
    # A draft may lie in the inbox for days before its owner posts it.
    posted = post.posted_at if post.mode is PostMode.DRAFT else None
    since = posted or post.submitted_at or post.created_at
    return datetime.now(UTC) - since > PATIENCE
