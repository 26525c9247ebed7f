"""From a processor's word, or its exception, to what BullMQ understands."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from bullmq import DelayedError, Job, UnrecoverableError, WaitingChildrenError

from subiteya.domain.errors import LostTheJob, SubiteyaError, Unavailable
from subiteya.domain.outcome import AskHuman, Away, Done, GiveUp, Outcome, Retry, Wait
from subiteya.queue.hand import AbortReason, JobInHand
from subiteya.queue.names import PAYLOAD_VERSION, QueueName, parse_job_id

CRASHED: Final = "crashed"
"""Code of an exception that nobody foresaw."""
FOREIGN: Final = "foreign_job"
"""Code of a job that somebody else put into our queues."""

_NEWER_WORKER_IN: Final = timedelta(seconds=30)
_DATABASE_IN: Final = timedelta(seconds=30)
"""Until a job comes again whose row could not even be asked."""


class AttemptFailedError(Exception):
    """Makes BullMQ try again after its back-off, or fail the job when its attempts are spent."""


def outcome_of(error: BaseException) -> Outcome:
    """What a processor meant that raised instead of answering.

    What is away is waited for; any other error of ours says itself whether trying again can help. Of what
    is not ours only its type and place go to Redis: its text may hold an address with a signature.
    """
    if isinstance(error, LostTheJob):
        return Done("another worker has taken over")
    if isinstance(error, Unavailable):
        return Away(error.code, str(error))
    if isinstance(error, SubiteyaError):
        word = Retry if error.retryable else GiveUp
        return word(error.code, str(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Retry(CRASHED, f"{type(error).__name__}{place}")


def final_word(outcome: Outcome, aborted: AbortReason | None, now: datetime) -> Outcome:
    """The outcome, seen in the light of an abort: what broke because we stopped it has not failed.

    What is still *away* here is what nobody could write a time for, and comes again soon.
    """
    if isinstance(outcome, Retry | Away):
        if aborted is AbortReason.SHUTDOWN:
            return Wait(now, AbortReason.SHUTDOWN)
        if aborted is AbortReason.CANCELLED:
            return GiveUp(AbortReason.CANCELLED)
    if isinstance(outcome, Away):
        return Wait(now + _DATABASE_IN, outcome.code, outcome.detail)
    return outcome


def subject_of(job_id: str, queue: QueueName) -> UUID:
    """The video or post that a job of this queue is about.

    Raises:
        UnrecoverableError: Its id is none of ours, or belongs on the other queue: it fails for good.
    """
    try:
        belongs, subject = parse_job_id(job_id)
    except ValueError as error:
        raise UnrecoverableError(_sentence(FOREIGN, str(error))) from None
    if belongs is not queue:
        raise UnrecoverableError(_sentence(FOREIGN, f"{job_id!r} belongs on {belongs}"))
    return subject


def too_new(hand: JobInHand) -> Wait | None:
    """During a rolling deploy: a job that only a newer worker understands waits for one."""
    version = hand.data.get("version", PAYLOAD_VERSION)
    if isinstance(version, int) and version > PAYLOAD_VERSION:
        return Wait(datetime.now(UTC) + _NEWER_WORKER_IN, "newer_payload")
    return None


async def settle(job: Job, hand: JobInHand, outcome: Outcome) -> dict[str, Any] | None:
    """Tell BullMQ.

    Returns:
        The job's return value, when it is done.

    Raises:
        DelayedError: Not finished; BullMQ takes no further step.
        WaitingChildrenError: The same; BullMQ brings the job back when the jobs that it waits for have ended.
        AttemptFailedError: To be retried.
        UnrecoverableError: Failed for good.
    """
    if hand.abort.reason is AbortReason.LOCK_LOST:
        raise DelayedError  # not ours any more: BullMQ would refuse whatever we say
    match final_word(outcome, hand.abort.reason, datetime.now(UTC)):
        case Done(detail):
            return {"detail": detail} if detail else None
        case Wait(reason=reason, for_jobs=jobs) if jobs:
            if await job.moveToWaitingChildren(hand.token, {}):
                raise WaitingChildrenError
            return {"detail": reason}  # none is left in Redis to wait for: the rows bring it back
        case Wait(until):
            # Moves the job without spending an attempt; the error tells BullMQ that it is moved already.
            await job.moveToDelayed(round(until.timestamp() * 1000), hand.token)
            raise DelayedError
        case Retry(code, detail) | Away(code, detail):
            raise AttemptFailedError(_sentence(code, detail)) from None
        case GiveUp(code, detail) | AskHuman(code, detail):
            raise UnrecoverableError(_sentence(code, detail)) from None


def _sentence(code: str, detail: str) -> str:
    return f"{code}: {detail}" if detail else code
