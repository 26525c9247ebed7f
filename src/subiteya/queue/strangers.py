"""Jobs in our queues that no row of ours knows: of another producer, or of a video that is gone.

What belongs to a row is never touched here: its row goes first, and Redis follows.
"""

from __future__ import annotations

from bullmq import Job

from subiteya.domain.errors import NotFound, WrongState
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import Queues


async def retry(queues: Queues, queue: QueueName, job_id: str, state: JobState) -> None:
    """Let an ended job wait again, with fresh attempts.

    Raises:
        NotFound: Redis does not hold it.
        WrongState: it is not in this state any more.
        QueueUnavailable: Redis does not answer.
    """
    job = await _job(queues, queue, job_id)
    fresh = {"resetAttemptsMade": True, "resetAttemptsStarted": True}
    try:
        await queues.bounded(job.retry(state.value, fresh))
    except TypeError:  # bullmq's word for "not in that state"
        raise WrongState(what="job", state="in another list") from None


async def promote(queues: Queues, queue: QueueName, job_id: str) -> None:
    """Let a delayed job go now; errors as in `retry`."""
    job = await _job(queues, queue, job_id)
    try:
        await queues.bounded(job.promote())
    except TypeError:
        raise WrongState(what="job", state="in another list") from None


async def remove(queues: Queues, queue: QueueName, job_id: str) -> bool:
    """Take a job out of a queue, whoever knows it; False when a worker holds it.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    return bool(await queues.bounded(queues.bull(queue).remove(job_id)) == 1)


async def _job(queues: Queues, queue: QueueName, job_id: str) -> Job:
    job = await queues.bounded(queues.bull(queue).getJob(job_id))
    if job is None:
        raise NotFound(what="job")
    return job
