"""When may the next one start? Rate limits as slots reserved ahead, so that nobody waits in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` starts within any span of `per`."""

    limit: int
    per: timedelta


def earliest(wanted: datetime, taken: Sequence[datetime], rate: Rate) -> datetime:
    """The first time at or after `wanted` at which one more start keeps `rate`.

    A start counts against every span of length `rate.per` that it lies in, before and after: slots that
    were reserved for later (a scheduled post) are respected too.

    Args:
        wanted: Aware time from which on a start is welcome.
        taken: Aware times of starts that happened or are reserved, in any order.
        rate: The limit to keep. A zero span means no limit.
    """
    if rate.per <= timedelta(0):
        return wanted
    slots = sorted(taken)
    # The answer is `wanted` itself, or the moment at which some reserved start leaves the window.
    candidates = [wanted, *(slot + rate.per for slot in slots if slot + rate.per > wanted)]
    return next(time for time in candidates if _fits(time, slots, rate))


def _fits(time: datetime, slots: Sequence[datetime], rate: Rate) -> bool:
    near = sorted([*(slot for slot in slots if abs(slot - time) < rate.per), time])
    # Among `limit + 1` neighbours in time, the first and the last must lie a full span apart.
    return all(near[i + rate.limit] - near[i] >= rate.per for i in range(len(near) - rate.limit))
