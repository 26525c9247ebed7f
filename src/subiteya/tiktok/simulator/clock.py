"""The simulator's clock: real time, a test's own callable, or either of them moved forward by a knob."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def real_time() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that can be moved forward, so that two hours pass in no time."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self.offset_seconds = 0.0

    def now(self) -> datetime:
        """Return the simulator's present, aware."""
        return self._base() + timedelta(seconds=self.offset_seconds)

    def epoch(self) -> float:
        """Return the simulator's present in seconds since the epoch."""
        return self.now().timestamp()
