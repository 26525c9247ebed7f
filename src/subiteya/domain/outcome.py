"""What a step says when it is through, and what becomes of it: values, not exceptions.

A step of a pipeline answers with one of six words. `decide` turns *retry* into a time or into *give up* by
the one retry policy, and *away* into a wait; the other four stand as they are. Waiting is not failing: it
spends no attempt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Done:
    """The step did what it is for; `detail` is for the timeline."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: go on at `until`. Spends no attempt.

    Attributes:
        until: Aware time.
        reason: Code of what is waited for (`account_window`, `rate_limit_exceeded`, …).
        detail: For the timeline.
        for_jobs: Ids of the jobs whose end is waited for; `until` is only the latest time to look then.
        away: Whether something that we depend on does not answer; `reason` is its error code.
    """

    until: datetime
    reason: str
    detail: str = ""
    for_jobs: tuple[str, ...] = ()
    away: bool = False

    def __post_init__(self) -> None:
        _must_be_aware(self.until)


@dataclass(frozen=True, slots=True)
class Retry:
    """It failed in a way that may pass by itself. Spends an attempt."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Away:
    """Something that we depend on does not answer: nobody's work has failed. Spends no attempt.

    Attributes:
        code: Error code of what is away (`storage_unavailable`, …).
        detail: For the timeline.
    """

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It failed for good.

    Attributes:
        code: Error code; a sentence and a button hang on it.
        detail: For the timeline.
        retries_made: How often it was tried again before; 0 when the error was final at once.
    """

    code: str
    detail: str = ""
    retries_made: int = 0


@dataclass(frozen=True, slots=True)
class AskHuman:
    """Only the owner can resolve this; `code` says what to do."""

    code: str
    detail: str = ""


Outcome: TypeAlias = Done | Wait | Retry | Away | GiveUp | AskHuman
"""What a step may say."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again at `at`: retry `number` of `of`."""

    at: datetime
    number: int
    of: int
    code: str
    detail: str = ""


Decision: TypeAlias = Done | Wait | TryAgain | GiveUp | AskHuman
"""What becomes of a job."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off: `base`, then twice as long each time, `max_retries` times."""

    base: timedelta = field(default=timedelta(seconds=5))
    max_retries: int = 3

    def __post_init__(self) -> None:
        if self.base < timedelta(0) or self.max_retries < 0:
            raise ValueError("a retry policy needs a base and a number of retries that are not negative")

    def delay(self, retries_made: int) -> timedelta:
        """How long to wait before the next retry: base * 2^n after n retries (5, 10, 20 s)."""
        return self.base * (1 << retries_made)


SEED_POLICY: Final = RetryPolicy()
"""Three retries after 5, 10 and 20 seconds."""


LONGEST_OUTAGE: Final = timedelta(hours=24)
"""What has been away for longer is not waited for any more: a person should look."""

_SHORTEST_LOOK: Final = timedelta(seconds=10)
_LONGEST_LOOK: Final = timedelta(minutes=10)


def look_again(lasted: timedelta) -> timedelta:
    """How long to leave alone what has been away for `lasted`: half as long again, within bounds.

    Soon enough to go on moments after a short outage; seldom enough that hundreds of jobs do not use up a
    quota of Redis commands by asking all night.
    """
    return min(max(lasted / 2, _SHORTEST_LOOK), _LONGEST_LOOK)


def decide(
    outcome: Outcome,
    *,
    retries_made: int,
    now: datetime,
    policy: RetryPolicy = SEED_POLICY,
    away_since: datetime | None = None,
) -> Decision:
    """What becomes of a job whose step said `outcome`.

    Args:
        outcome: The step's word.
        retries_made: Retries spent so far, by failures only; waits do not count.
        now: Aware time.
        policy: How often and how soon.
        away_since: When the job first found away what it needs, if it has been waiting for that until now.
    """
    if isinstance(outcome, Away):
        return _waited_for(outcome, away_since, now)
    if not isinstance(outcome, Retry):
        return outcome
    _must_be_aware(now)
    if retries_made >= policy.max_retries:
        return GiveUp(outcome.code, outcome.detail, retries_made)
    at = now + policy.delay(retries_made)
    return TryAgain(at, retries_made + 1, policy.max_retries, outcome.code, outcome.detail)


def _waited_for(outcome: Away, since: datetime | None, now: datetime) -> Decision:
    lasted = now - since if since is not None else timedelta(0)
    if lasted > LONGEST_OUTAGE:
        return GiveUp(outcome.code, outcome.detail)
    return Wait(now + look_again(lasted), outcome.code, outcome.detail, away=True)


def _must_be_aware(time: datetime) -> None:
    if time.tzinfo is None:
        raise ValueError("times carry their zone")
