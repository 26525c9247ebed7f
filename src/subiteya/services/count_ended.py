"""How many jobs ended, minute by minute, from the rows: Redis is not asked."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from subiteya.db import segments
from subiteya.db.models import Job
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.services.resources import Resources

ENDS: Final = (JobStatus.DONE, JobStatus.FAILED)


async def count_ended(resources: Resources, queue: QueueName, minutes: int) -> dict[JobStatus, list[int]]:
    """How many jobs of a queue were done and failed in each of the last minutes, the running one first.

    A job that was run again counts where it ended last.
    """
    this_minute = func.date_trunc("minute", func.clock_timestamp())
    age = func.extract("epoch", this_minute - func.date_trunc("minute", Job.finished_at)) / 60
    query = (
        select(Job.status, age.label("age"), func.count())
        .where(
            Job.queue == queue,
            Job.status.in_(ENDS),
            segments.of_people(),
            Job.finished_at >= this_minute - func.make_interval(0, 0, 0, 0, 0, minutes - 1),
        )
        .group_by(Job.status, "age")
    )
    counts = {status: [0] * minutes for status in ENDS}
    async with resources.db.begin() as session:
        for status, ago, number in await session.execute(query):
            counts[status][max(int(ago), 0)] += number
    return counts
