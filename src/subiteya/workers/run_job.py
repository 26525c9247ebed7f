"""One run of one job: claim, keep the lease, work, settle. The same for every journey."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, segments
from subiteya.db.models import Job
from subiteya.domain.errors import DatabaseUnavailable, LostTheJob, QueueUnavailable
from subiteya.domain.outcome import (
    AskHuman,
    Away,
    Decision,
    Done,
    GiveUp,
    Outcome,
    Retry,
    RetryPolicy,
    TryAgain,
    Wait,
    decide,
)
from subiteya.domain.states import JobStatus
from subiteya.pipeline.journey import Journey, Run
from subiteya.pipeline.patience import patiently
from subiteya.pipeline.tools import Tools
from subiteya.queue.hand import AbortReason, JobInHand
from subiteya.queue.names import QueueName
from subiteya.queue.settle import outcome_of
from subiteya.workers.lease import keep_lease, look

log = structlog.get_logger(__name__)

_CUT_OFF_FROM: Final = {
    AbortReason.LOCK_LOST: QueueUnavailable.code,
    AbortReason.CUT_OFF: DatabaseUnavailable.code,
}

SHORT_WAIT: Final = timedelta(seconds=60)
"""Waits up to here pass in BullMQ's delayed set; longer ones as a row, which costs no Redis command."""


async def run_job(tools: Tools, journey: Journey, hand: JobInHand) -> Outcome:
    """Run a job that BullMQ handed out, if it is ours to run.

    Returns:
        What to tell BullMQ.

    Raises:
        DatabaseUnavailable: the database is away; BullMQ brings the job back.
    """
    with structlog.contextvars.bound_contextvars(job_id=hand.id):
        taken = await _take(tools, journey, hand)
        if not isinstance(taken, Run):
            return taken
        lease = asyncio.create_task(keep_lease(taken))
        try:
            outcome = await _outcome(journey, taken)
        finally:
            # Before the end is written: a look in that moment would find the job not ours any more.
            lease.cancel()
            await asyncio.gather(lease, return_exceptions=True)
        return await _settle(journey, taken, outcome)


async def _take(tools: Tools, journey: Journey, hand: JobInHand) -> Run | Outcome:
    lease = timedelta(seconds=tools.settings.jobs.lease_seconds)
    async with tools.db.begin() as session:
        if hand.queue is QueueName.EDIT:
            await segments.wake(session, hand.id)  # BullMQ brings it as soon as the last one has ended
        early = await session.execute(
            select(Job.not_before, Job.wait_reason).where(
                Job.id == hand.id,
                Job.status == JobStatus.QUEUED,
                Job.not_before > func.clock_timestamp() + jobs.EARLY,
            )
        )
        if (row := early.one_or_none()) is not None:
            at, reason = row
            return Done("waits for its segments") if reason == segments.WAITS else Wait(at, "not_before")
        claim = await jobs.claim(session, hand.id, tools.name, lease)
        if claim is None:
            log.info("nothing to do here: the job is done, called off, or another worker's")
            return Done("not ours")
        run = Run(tools, claim, hand)
        if not await journey.begin(session, run):
            await jobs.finish(session, claim)
            return Done("nothing to do")
    return run


async def _outcome(journey: Journey, run: Run) -> Outcome:
    try:
        return await journey.work(run)
    except LostTheJob:
        return await _lost(run)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        outcome = outcome_of(error)
        if isinstance(outcome, Away):
            log.warning("what the job needs is away", code=outcome.code, why=outcome.detail)
        elif run.hand.abort.reason is None:
            log.exception("the attempt failed")
        return outcome


async def _settle(journey: Journey, run: Run, outcome: Outcome) -> Outcome:
    reason = run.hand.abort.reason
    if reason is AbortReason.CANCELLED:
        return await _lost(run)
    if reason is not None and isinstance(outcome, Retry | Away):
        outcome = _broken_off(reason)
    settings = run.tools.settings.jobs
    decision = decide(
        outcome,
        retries_made=run.claim.attempts,
        now=datetime.now(UTC),
        policy=RetryPolicy(timedelta(seconds=settings.retry_base_seconds), run.claim.max_attempts - 1),
        away_since=run.claim.away_since,
    )
    kept = await patiently(lambda: _write(journey, run, decision))
    return _for_bullmq(run, decision) if kept else await _lost(run)


def _broken_off(reason: AbortReason) -> Outcome:
    """What becomes of a job that we stopped: nothing has failed.

    Whose lock or lease ran out hands the job back too, if the row says that nobody has taken it over.
    """
    if reason is AbortReason.SHUTDOWN:
        return Wait(datetime.now(UTC), AbortReason.SHUTDOWN)
    return Away(_CUT_OFF_FROM[reason])


async def _lost(run: Run) -> Outcome:
    """What BullMQ is told of a job that was taken out of our hands."""
    standing = await patiently(lambda: look(run))
    if standing.lost is AbortReason.CANCELLED and run.hand.abort.reason is not AbortReason.LOCK_LOST:
        run.hand.abort.set(AbortReason.CANCELLED)
        # Queued anew while we were at it: Redis held the job for us and took no second one of its id.
        again = standing.again_at
        return Wait(again, "rerun") if again is not None and _is_short(again) else GiveUp("cancelled")
    run.hand.abort.set(AbortReason.LOCK_LOST)
    log.warning("the job is no longer ours; nothing is written")
    return Done("lost")


async def _write(journey: Journey, run: Run, decision: Decision) -> bool:
    """End the job's run and show what became of it, in one transaction; False when it is not ours."""
    async with run.db.begin() as session:
        if not await _end(session, run, decision):
            return False
        await journey.settle(session, run, decision)
    return True


async def _end(session: AsyncSession, run: Run, decision: Decision) -> bool:
    match decision:
        case Done():
            return await jobs.finish(session, run.claim)
        case Wait(until, reason, away=away):
            # A lock that is lost lets us tell Redis nothing: then the sweep brings the job.
            told = run.hand.abort.reason is not AbortReason.LOCK_LOST
            return await jobs.put_back(
                session,
                run.claim,
                not_before=until,
                reason=reason,
                burn_attempt=False,
                in_redis=told and _is_short(until),
                away=away,
            )
        case TryAgain(at, code=code, detail=detail):
            return await jobs.put_back(
                session,
                run.claim,
                not_before=at,
                reason=code,
                burn_attempt=True,
                in_redis=True,
                context={"why": detail},
            )
        case GiveUp(code, detail) | AskHuman(code, detail):
            return await jobs.fail(session, run.claim, code, {"why": detail})


def _for_bullmq(run: Run, decision: Decision) -> Outcome:
    match decision:
        case Wait(for_jobs=others) if others:
            return decision  # BullMQ too waits for them
        case Wait(until):
            # A long wait is over for BullMQ; the sweep adds the job anew when its time has come.
            return decision if _is_short(until) else Done(f"waits in the database: {decision.reason}")
        case TryAgain(at, code=code, detail=detail):
            # Our count decides. Where BullMQ's has run out (it counts anew in a rebuilt job), it gets a time.
            return Wait(at, code, detail) if run.hand.last_attempt else Retry(code, detail)
    return decision


def _is_short(until: datetime) -> bool:
    return until - datetime.now(UTC) <= SHORT_WAIT
