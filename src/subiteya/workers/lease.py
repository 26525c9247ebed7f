"""The lease of a job in hand: kept while it works, looked at often, so that what is called off stops soon."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from subiteya.db import jobs
from subiteya.db.jobs import Claim
from subiteya.db.models import Job
from subiteya.domain.errors import DatabaseUnavailable
from subiteya.domain.states import JobStatus
from subiteya.pipeline.journey import Run
from subiteya.queue.hand import AbortReason

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.5
"""How often a running job's row is read: the longest time in which a job that is called off goes on."""
RENEWALS: Final = 4
"""Times that a lease is renewed before it would run out. Only these write."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a job's row says to the run that holds it, or held it."""

    lost: AbortReason | None
    """None while it is ours; called off, also when it has been queued anew since; or somebody else's."""
    again_at: datetime | None = None
    """When it is queued anew: not before this."""


async def keep_lease(run: Run) -> None:
    """Keep the lease until cancelled; tell the job to stop when it is called off, or not ours any more."""
    seconds = run.tools.settings.jobs.lease_seconds
    clock = asyncio.get_running_loop().time
    renewed = clock()
    while True:
        await asyncio.sleep(min(seconds / RENEWALS, LOOK_SECONDS))
        now = clock()
        due = now - renewed >= seconds / RENEWALS
        try:
            standing = await look(run, renew=due)
        except DatabaseUnavailable:
            if now > renewed + seconds:
                log.warning("the lease cannot be renewed; the job may be taken over")
                run.hand.abort.set(AbortReason.CUT_OFF)
                return
            continue
        if standing.lost is not None:
            run.hand.abort.set(standing.lost)
            return
        if due:
            renewed = now


async def look(run: Run, *, renew: bool = False) -> Standing:
    """What the row says now; renews the lease first when asked to.

    Raises:
        DatabaseUnavailable: it cannot be read.
    """
    async with run.db.begin() as session:
        if renew and await jobs.renew(session, run.claim, _lease(run)):
            return Standing(None)
        row = await session.scalar(select(Job).where(Job.id == run.claim.job_id))
    return _standing(run.claim, row)


def _lease(run: Run) -> timedelta:
    return timedelta(seconds=run.tools.settings.jobs.lease_seconds)


def _standing(claim: Claim, row: Job | None) -> Standing:
    if row is None or row.status is JobStatus.CANCELLED:
        return Standing(AbortReason.CANCELLED)
    if row.run > claim.run and row.status is JobStatus.QUEUED:
        return Standing(AbortReason.CANCELLED, max(row.not_before, datetime.now(UTC)))
    ours = (row.run, row.status, row.lease_owner) == (claim.run, JobStatus.ACTIVE, claim.owner)
    return Standing(None if ours else AbortReason.LOCK_LOST)
