"""What each of TikTok's refusals means for a post, and what to tell its owner.

Every documented error code and fail_reason has a row (a test compares), each with the outcome, a sentence in
English and Spanish, and the button that helps. What has no row is never guessed at: it needs attention, and
its raw code is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from subiteya.domain.errors import SubiteyaError, TikTokOutcomeUnknown, TikTokRefused, Unavailable
from subiteya.domain.outcome import AskHuman, Away, GiveUp, Outcome, Retry, Wait
from subiteya.tiktok.error_row import ERROR_PREFIX, Kind, Place, Row, unknown_row
from subiteya.tiktok.error_rows_calls import CALL_ROWS
from subiteya.tiktok.error_rows_posts import POST_ROWS

ROWS: Final[tuple[Row, ...]] = CALL_ROWS + POST_ROWS
"""Every row."""

_BY_PLACE: Final[Mapping[tuple[str, Place], Row]] = MappingProxyType(
    {(row.code, place): row for row in ROWS for place in row.places}
)
_BY_CODE: Final[Mapping[str, Row]] = MappingProxyType({row.code: row for row in reversed(ROWS)})
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def row_of(code: str, place: Place | None = None) -> Row:
    """The row of TikTok's `code`, or of our error code `tiktok_<code>`.

    Args:
        code: As TikTok sent it, or as an outcome carries it.
        place: Where it came from; the same code can mean different waits in different places.
    """
    bare = code.removeprefix(ERROR_PREFIX)
    row = _BY_PLACE.get((bare, place)) if place is not None else None
    # TikTok's codes are shown; what does not look like one may be anything.
    return row or _BY_CODE.get(bare) or unknown_row(bare if _CODE.fullmatch(bare) else "unreadable")


def outcome_of(
    code: str, place: Place, *, now: datetime, room_at: datetime | None = None, detail: str = ""
) -> Outcome:
    """What TikTok's `code` means for a post.

    Args:
        code: TikTok's error code or fail_reason.
        place: Where it came from.
        now: Aware time.
        room_at: When the creator's day has room again, if our own ledger knows; an earlier time than the
            row's own wait is not believed, as TikTok has just said that there is none.
        detail: For the timeline; the `log_id`, say.
    """
    row = row_of(code, place)
    match row.kind:
        case Kind.WAIT:
            until = now + (row.wait or timedelta(minutes=1))
            if row.until_day_has_room and room_at is not None:
                until = max(until, room_at)
            return Wait(until, row.error_code, detail)
        case Kind.RETRY:
            return Retry(row.error_code, detail)
        case Kind.ATTENTION:
            return AskHuman(row.error_code, detail)
        case Kind.FINAL | Kind.OURS:
            return GiveUp(row.error_code, detail)


def outcome_of_error(
    error: SubiteyaError, place: Place, *, now: datetime, room_at: datetime | None = None
) -> Outcome:
    """What an error of the client means for a post, when there is nothing better to do about it.

    A rejected token is worth a refresh first, an unknown outcome a look at the ledger; this is for when
    those did not help.
    """
    if isinstance(error, TikTokRefused):
        detail = f"log_id {error.log_id}" if error.log_id else ""
        return outcome_of(error.tiktok_code, place, now=now, room_at=room_at, detail=detail)
    why = str(error.context.get("why", ""))
    if isinstance(error, TikTokOutcomeUnknown):
        return AskHuman(error.code, why)
    if isinstance(error, Unavailable):
        return Away(error.code, why)
    return Retry(error.code, why) if error.retryable else GiveUp(error.code, why)
