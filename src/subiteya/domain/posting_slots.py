"""Posting slots of an account: wall times that come back every week, in the account's zone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from subiteya.domain.schedule import FURTHEST, Moment, resolve, zone_of

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST: Final = 168
"""Slots of one account: one an hour, all week."""
_DAY: Final = timedelta(days=1)


class SlotWish(Enum):
    """A time that is asked for without naming it."""

    NEXT_FREE = "next_free_slot"
    """The first posting slot of the account that no post of it holds."""


@dataclass(frozen=True, slots=True, order=True)
class WeeklySlot:
    """A time of the week by the clocks of a zone.

    Attributes:
        weekday: 0 for Monday.
        at: Naive, to the minute.
    """

    weekday: int
    at: time

    def to_json(self) -> dict[str, str]:
        """As an account's row keeps it, and as the API shows it."""
        return {"weekday": WEEKDAYS[self.weekday], "time": self.at.strftime("%H:%M")}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> WeeklySlot:
        """Read `to_json`.

        Raises:
            ValueError: no such day or time.
            KeyError: one of them is missing.
        """
        return cls(WEEKDAYS.index(told["weekday"]), time.fromisoformat(told["time"]))


def upcoming(slots: Iterable[WeeklySlot], zone: str, now: datetime) -> list[Moment]:
    """All moments of these slots after `now`, as far ahead as a post may be scheduled, in order.

    What a change of clocks does is what it does to a scheduled time (`domain.schedule`): a slot that the
    clocks skip comes as much later, one that comes twice is meant the first time. Two slots that fall on the
    same moment by that are one.

    Args:
        slots: In any order.
        zone: IANA name.
        now: Aware time.

    Raises:
        BadInput: there is no such zone.
    """
    last = now + FURTHEST
    by_day: dict[int, list[time]] = {}
    for slot in slots:
        by_day.setdefault(slot.weekday, []).append(slot.at)
    found: dict[datetime, Moment] = {}
    day = now.astimezone(zone_of(zone)).date() - _DAY
    end = last.astimezone(zone_of(zone)).date()
    while day <= end:
        for at in by_day.get(day.weekday(), ()):
            moment = resolve(datetime.combine(day, at), zone)  # a wall time: naive on purpose
            if now < moment.at <= last:
                # The one that needed no decision wins, so that nobody is told of one.
                known = found.get(moment.at)
                found[moment.at] = moment if known is None or known.oddity is not None else known
        day += _DAY
    return [found[at] for at in sorted(found)]


def free(moments: Iterable[Moment], held: Collection[datetime]) -> list[Moment]:
    """Those moments that no post holds; `held` are aware times."""
    taken = {at.astimezone(UTC) for at in held}
    return [moment for moment in moments if moment.at not in taken]
