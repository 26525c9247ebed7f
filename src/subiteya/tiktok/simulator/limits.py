"""TikTok's limits: per-minute windows by token, and the rolling day's caps by creator and by app.

The per-minute windows live in memory and start anew with the process; the day's caps are counted from the
stored publishes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from types import MappingProxyType

from subiteya.tiktok.simulator.answers import ApiError, Code
from subiteya.tiktok.simulator.config import Switches
from subiteya.tiktok.simulator.faults import Endpoint
from subiteya.tiktok.simulator.records import Creator, Kind, Step
from subiteya.tiktok.simulator.store import Database

WINDOW_SECONDS = 60.0
DAY_SECONDS = 86_400.0

#: Calls a minute for one access token.
PER_MINUTE = MappingProxyType(
    {
        Endpoint.CREATOR_INFO: 20,
        Endpoint.VIDEO_INIT: 6,
        Endpoint.INBOX_INIT: 6,
        Endpoint.STATUS_FETCH: 30,
        Endpoint.USER_INFO: 600,
    }
)


class RateWindows:
    """Sliding one-minute windows, one for each endpoint and token."""

    def __init__(self) -> None:
        self._hits: defaultdict[tuple[Endpoint, str], deque[float]] = defaultdict(deque)

    def hit(self, endpoint: Endpoint, token: str, now: float) -> None:
        """Count one call at `now` (epoch seconds).

        Raises:
            ApiError: `rate_limit_exceeded`; a refused call is not counted.
        """
        limit = PER_MINUTE.get(endpoint)
        if limit is None:
            return
        hits = self._hits[endpoint, token]
        while hits and hits[0] <= now - WINDOW_SECONDS:
            hits.popleft()
        if len(hits) >= limit:
            raise ApiError(Code.RATE_LIMIT)
        hits.append(now)

    def clear(self) -> None:
        """Forget every call."""
        self._hits.clear()


def posting_ban(db: Database, creator: Creator, switches: Switches, now: float) -> Code | None:
    """Return why this creator may not post directly right now, or None.

    Failed publishes do not count. A creator who has posted within the day keeps a place under the app's cap.
    """
    if creator.banned:
        return Code.BANNED
    since = now - DAY_SECONDS
    posts = db.value(
        "SELECT count(*) FROM publish WHERE open_id = ? AND kind = ? AND created_at > ? AND step != ?",
        creator.open_id,
        Kind.DIRECT,
        since,
        Step.FAILED,
    )
    cap = switches.daily_post_cap if creator.daily_post_cap is None else creator.daily_post_cap
    if posts >= cap:
        return Code.TOO_MANY_POSTS
    others = db.value(
        "SELECT count(DISTINCT open_id) FROM publish"
        " WHERE kind = ? AND created_at > ? AND step != ? AND open_id != ?",
        Kind.DIRECT,
        since,
        Step.FAILED,
        creator.open_id,
    )
    users = switches.active_user_cap if switches.audited else switches.unaudited_user_cap
    return Code.ACTIVE_USER_CAP if not posts and others >= users else None


def draft_ban(db: Database, creator: Creator, switches: Switches, now: float) -> Code | None:
    """Return why this creator may not get another draft right now, or None.

    A draft is pending until the creator posts it, for 24 hours at the most.
    """
    if creator.banned:
        return Code.BANNED
    pending = db.value(
        "SELECT count(*) FROM publish"
        " WHERE open_id = ? AND kind = ? AND created_at > ? AND step NOT IN (?, ?)",
        creator.open_id,
        Kind.INBOX,
        now - DAY_SECONDS,
        Step.FAILED,
        Step.COMPLETE,
    )
    return Code.TOO_MANY_DRAFTS if pending >= switches.pending_draft_cap else None
