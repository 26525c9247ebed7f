"""What a processor is given: the job in hand, a way to say how far it is, and a signal to stop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

from subiteya.domain.outcome import Outcome
from subiteya.queue.names import QueueName

MAX_LOG_LINES: Final = 200
"""Lines of one run that Redis gets: the last ones."""

MARKS: Final = (10, 30, 40, 70, 90, 100)
"""Percentages that Redis is told of. What lies between is PostgreSQL's, which bills no commands."""


class AbortReason(StrEnum):
    """Why a job should stop."""

    SHUTDOWN = "shutdown"
    """This process ends. The job goes back and spends no attempt."""
    CANCELLED = "cancelled"
    """Its owner called it off."""
    CUT_OFF = "cut_off"
    """The database was away for longer than our lease. The job goes back if nobody has taken it over."""
    LOCK_LOST = "lock_lost"
    """Redis thinks that we are dead: somebody else may have begun the job already. Write nothing unfenced."""


class Abort:
    """An event with a reason. The first stays, unless the lock is lost: then Redis can be told nothing."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._reason: AbortReason | None = None

    @property
    def reason(self) -> AbortReason | None:
        """Why, once it is set."""
        return self._reason

    def is_set(self) -> bool:
        """Whether the job should stop."""
        return self._event.is_set()

    def set(self, reason: AbortReason) -> None:
        """Ask the job to stop."""
        if not self._event.is_set() or reason is AbortReason.LOCK_LOST:
            self._reason = reason
        self._event.set()

    async def wait(self) -> AbortReason:
        """Sleep until the job should stop."""
        await self._event.wait()
        if self._reason is None:  # pragma: no cover - set() sets the reason first
            raise RuntimeError("aborted without a reason")
        return self._reason


Report: TypeAlias = Callable[[int | dict[str, Any]], Awaitable[None]]
"""Sends a progress value to Redis."""


@dataclass(slots=True)
class JobInHand:
    """One run of one job.

    Attributes:
        id: BullMQ id.
        queue: The queue it came from.
        subject: The video (edit), post (upload) or segment.
        data: What was enqueued.
        attempts_made: Failed attempts before this run; waits and hand-backs do not count.
        attempts: How many it may have in all.
        crashes: How often a worker died with it, as far as Redis knows.
        token: With the id, names this very run; what `presence.release_orphan` compares.
        abort: Set when the job should stop; the processor watches it and ends soon.
    """

    id: str
    queue: QueueName
    subject: UUID
    data: Mapping[str, Any]
    attempts_made: int
    attempts: int
    crashes: int
    token: str
    abort: Abort
    report: Report = field(repr=False)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LOG_LINES), repr=False)
    _marks_reported: int = 0

    @property
    def last_attempt(self) -> bool:
        """Whether BullMQ fails the job when this run asks for a retry."""
        return self.attempts_made + 1 >= self.attempts

    async def progress(self, percent: int, detail: Mapping[str, Any] | None = None) -> None:
        """Say how far the job is, 0 to 100.

        Sent when a mark is reached, so a job costs at most six commands and callers may be talkative. A
        report that Redis does not take within seconds is dropped; it never fails the job.

        Args:
            percent: How far.
            detail: JSON values shown beside it (stage, …).
        """
        reached = sum(mark <= percent for mark in MARKS)
        if reached > self._marks_reported:
            self._marks_reported = reached
            await self.report(percent if detail is None else {"progress": percent, **detail})

    def log(self, line: str) -> None:
        """Keep a line for the job's log in Redis; all are sent with one command when the run ends."""
        self.lines.append(line)


Processor: TypeAlias = Callable[[JobInHand], Awaitable[Outcome]]
"""Does the work of one run and says what became of it; may also raise."""
