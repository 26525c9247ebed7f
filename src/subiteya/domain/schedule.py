"""When a post goes out: wall times in a zone, how far ahead, and what counts as missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from subiteya.domain.errors import BadInput

FURTHEST: Final = timedelta(days=90)
"""How far ahead a post may be scheduled."""
FORGIVEN: Final = timedelta(hours=1)
"""A post that is at most this late goes out at once; a later one asks its owner."""
SLACK: Final = timedelta(minutes=1)
"""A time that has just gone by, while somebody pressed the button, means now."""


class Oddity(StrEnum):
    """What a change of clocks did to a wall time."""

    SKIPPED = "time_skipped"
    """The clocks jump over it; it is moved on by the same step."""
    REPEATED = "time_repeated"
    """It comes twice that night; the first one is meant."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, and what had to be decided to find it.

    Attributes:
        at: Aware, in UTC.
        oddity: Why the wall time did not say it all.
    """

    at: datetime
    oddity: Oddity | None = None


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        BadInput: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name of one of the data's folders, such as `America`.
        raise BadInput(what="time_zone", why="there is no such time zone") from None


def resolve(when: datetime, zone: str) -> Moment:
    """The moment of a time: as it is when aware, else by the clocks of `zone`.

    Raises:
        BadInput: there is no such zone.
    """
    if when.tzinfo is not None:
        return Moment(when.astimezone(UTC))
    wall = when.replace(tzinfo=zone_of(zone), fold=0)
    # By PEP 495 the first reading uses the offset before the change, which moves a skipped time on.
    at = wall.astimezone(UTC)
    if at.astimezone(wall.tzinfo).replace(tzinfo=None) != when.replace(fold=0):
        return Moment(at, Oddity.SKIPPED)
    if wall.replace(fold=1).astimezone(UTC) != at:
        return Moment(at, Oddity.REPEATED)
    return Moment(at)


def check_time(at: datetime, now: datetime) -> None:
    """Refuse a time that has gone by or is too far away.

    Raises:
        BadInput: it is.
    """
    if at < now - SLACK:
        raise BadInput(what="scheduled_at", why="this time has gone by")
    if at > now + FURTHEST:
        raise BadInput(what="scheduled_at", why="this is more than 90 days ahead")


def is_missed(due: datetime, now: datetime) -> bool:
    """Whether what was due then is too late to go out unasked."""
    return now - due > FORGIVEN
