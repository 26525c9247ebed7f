"""What a journey (edit, publish) is to the worker that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs
from subiteya.db.database import Database
from subiteya.db.jobs import Claim
from subiteya.db.moves import Why
from subiteya.domain.errors import LostTheJob
from subiteya.domain.outcome import Decision, Outcome, Retry, Wait
from subiteya.pipeline.tools import Tools
from subiteya.queue.hand import AbortReason, JobInHand
from subiteya.queue.names import QueueName


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job: what to work with, what is held, and the line to Redis."""

    tools: Tools
    claim: Claim
    hand: JobInHand

    @property
    def db(self) -> Database:
        """The database, for short."""
        return self.tools.db

    def why(self, reason: str | None = None, **detail: object) -> Why:
        """An event's signature: this worker, this attempt."""
        return Why(self.tools.actor, reason, self.claim.attempt, detail or None)

    async def fence(self, session: AsyncSession) -> None:
        """Make sure, until the transaction ends, that the job is still ours.

        Raises:
            LostTheJob: it is not; nothing of this transaction may be kept.
        """
        if not await jobs.still_held(session, self.claim):
            raise LostTheJob


class Journey(Protocol):
    """Steps with checkpoints. `begin` and `settle` share a transaction with the job's own row."""

    queue: QueueName

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """Show that the work has begun; False when there is nothing to be done any more."""
        ...

    async def work(self, run: Run) -> Outcome:
        """Do the work. May raise; watches `run.hand.abort`."""
        ...

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Show what became of it."""
        ...


def shown_while_away(wait: Wait) -> dict[str, Any]:
    """Columns of a video or post that say what is away, while it waits for that; none otherwise."""
    return {"error_code": wait.reason, "error_context": {"why": wait.detail}} if wait.away else {}


async def until_aborted(run: Run, work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do the work, or stop it within moments when the job is called off or handed back."""
    working = asyncio.create_task(work)
    aborted = asyncio.create_task(run.hand.abort.wait())
    try:
        await asyncio.wait({working, aborted}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return Retry(str(run.hand.abort.reason or AbortReason.SHUTDOWN))
    finally:
        for task in (working, aborted):
            task.cancel()
        # Cancelling kills groups of processes and removes the folder: not done before both are through.
        await asyncio.gather(working, aborted, return_exceptions=True)
