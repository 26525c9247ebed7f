"""What an operator does to a queue in Redis: another priority, pause, resume, clear away."""

from __future__ import annotations

from typing import Final, Literal

from subiteya.queue.names import Priority, QueueName, parse_job_id
from subiteya.queue.queues import Queues

EndedState = Literal["completed", "failed"]
CLEAN_LIMIT: Final = 10_000


async def reprioritize(queues: Queues, job_id: str, priority: Priority) -> bool:
    """Move a waiting job to where its new priority puts it; one command.

    Returns:
        False when Redis does not hold the job.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    queue, _ = parse_job_id(job_id)
    scripts = queues.bull(queue).scripts
    names = ("wait", "paused", "meta", "prioritized", "active", "pc", "marker")
    keys = [queues.key(queue, name) for name in names]
    args = [int(priority), queues.key(queue, ""), job_id, 0]
    # Not Job.changePriority: it raises the same TypeError for a missing job as Python does for a mistake.
    answer = await queues.bounded(scripts.commands["changePriority"](keys=keys, args=args))
    return bool(answer == 0)


async def pause(queues: Queues, queue: QueueName) -> None:
    """Let no worker take another job of this queue; jobs in hand go on; one command."""
    await queues.bounded(queues.bull(queue).pause())


async def resume(queues: Queues, queue: QueueName) -> None:
    """Let workers take jobs of this queue again; one command."""
    await queues.bounded(queues.bull(queue).resume())


async def clean(queues: Queues, queue: QueueName, state: EndedState, older_than_s: float = 0) -> list[str]:
    """Forget ended jobs in Redis; their rows stay, and can be run again.

    Args:
        queues: Where.
        queue: Which queue.
        state: Which of its ended jobs.
        older_than_s: Seconds since they ended, at least.

    Returns:
        The ids that are gone, at most `CLEAN_LIMIT`.
    """
    removed = await queues.bounded(queues.bull(queue).clean(round(older_than_s * 1000), CLEAN_LIMIT, state))
    return [str(job_id) for job_id in removed]
