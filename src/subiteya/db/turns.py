"""Turns: the reserved starts of a busy queue go round its users, so that nobody's batch keeps others waiting.

Without it the 201st video would start after the 200 of somebody who came first. So whenever one is planned,
the starts that lie ahead are dealt out anew: first everybody's first, then everybody's second, and so on.
Nobody's start moves when all waiting jobs are one user's.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Job, RateSlot
from subiteya.domain.states import JobStatus

REASON: Final = "queue_rate"
"""`wait_reason` of a job that waits for nothing but the queue's rate."""


async def deal(session: AsyncSession, queue: str, scope: str, per: timedelta) -> dict[str, datetime]:
    """Deal the starts of a queue's waiting jobs out anew, in the transaction that reserved in `scope`.

    Args:
        session: The transaction; it holds the scope's lock since `slots.reserve`.
        queue: Which queue's jobs.
        scope: The only scope that these jobs hold slots of.
        per: The span of the scope's rate.

    Returns:
        Job id → its aware start, of all jobs that took part.
    """
    # What somebody else has locked (to cancel it, say) keeps its start.
    waiting = await session.execute(
        select(Job.id, Job.user_id, Job.priority, Job.not_before)
        .where(
            Job.queue == queue,
            Job.status == JobStatus.QUEUED,
            Job.wait_reason == REASON,
            Job.enqueued_at.is_(None),
            Job.not_before > func.clock_timestamp(),
        )
        .order_by(Job.not_before, Job.created_at, Job.id)
        .with_for_update(skip_locked=True)
    )
    rows = [(str(job), user, int(priority), at) for job, user, priority, at in waiting]
    starts = [at for *_, at in rows]
    dealt = dict(zip(in_turn([row[:3] for row in rows]), starts, strict=True))
    moved = [
        {"job": job, "at": dealt[job], "until": dealt[job] + per} for job, *_, at in rows if dealt[job] != at
    ]
    if moved:
        connection = await session.connection()
        await connection.execute(
            update(Job).where(Job.id == bindparam("job")).values(not_before=bindparam("at")), moved
        )
        await connection.execute(
            update(RateSlot)
            .where(RateSlot.owner == bindparam("job"), RateSlot.scope == scope)
            .where(RateSlot.at > func.clock_timestamp())
            .values(at=bindparam("at"), keep_until=bindparam("until")),
            moved,
        )
    return dealt


def in_turn(waiting: Sequence[tuple[str, uuid.UUID, int]]) -> list[str]:
    """Job ids in the order in which they take their turns.

    Args:
        waiting: (job id, user, priority) by time of arrival. A priority ranks a user's own jobs only.
    """
    had: Counter[uuid.UUID] = Counter()
    rounds: list[tuple[int, int, str]] = []
    arrival = {job: place for place, (job, _, _) in enumerate(waiting)}
    for job, user, _ in sorted(waiting, key=lambda row: (row[2], arrival[row[0]])):
        rounds.append((had[user], arrival[job], job))
        had[user] += 1
    return [job for *_, job in sorted(rounds)]
