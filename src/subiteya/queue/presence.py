"""Which jobs Redis holds right now, and making that what the rows in PostgreSQL want. Few commands each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from subiteya.queue.names import QueueName, parse_job_id
from subiteya.queue.queues import JobSpec, Queues


class JobState(StrEnum):
    """BullMQ's states, in its own words."""

    WAITING = "waiting"
    WAITING_CHILDREN = "waiting-children"
    """Waits for jobs that it depends on: an edit for its segments. Its row says when it is to go on."""
    PRIORITIZED = "prioritized"
    DELAYED = "delayed"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Not in any list. Its data may still be there (an evicting Redis), which would block adding it."""


RUNNABLE: Final = frozenset({JobState.WAITING, JobState.PRIORITIZED, JobState.DELAYED, JobState.ACTIVE})
"""States in which a job will run, or runs, without anybody doing anything."""

# BullMQ's names of the lists behind the runnable states.
_LISTS: Final = {
    "wait": JobState.WAITING,
    "prioritized": JobState.PRIORITIZED,
    "delayed": JobState.DELAYED,
    "active": JobState.ACTIVE,
}

# One active job back to the front of its priority, as BullMQ's moveJobFromActiveToWait does it, but in one
# step with the test of who holds it, and with the marker that wakes a sleeping worker.
# KEYS: active, wait, prioritized, marker, meta, stalled, events, job, lock.  ARGV: id, token or "".
# Returns 1 when moved, 0 when it is not active or somebody else's.
_RELEASE: Final = """
local holder = redis.call('GET', KEYS[9])
if ARGV[2] ~= '' and holder and holder ~= ARGV[2] then return 0 end
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[9])
redis.call('SREM', KEYS[6], ARGV[1])
if redis.call('EXISTS', KEYS[8]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[8], 'stc', 1)
local priority = tonumber(redis.call('HGET', KEYS[8], 'priority')) or 0
if priority > 0 then
  redis.call('ZADD', KEYS[3], priority * 0x100000000, ARGV[1])
else
  redis.call('RPUSH', KEYS[2], ARGV[1])
end
if redis.call('HEXISTS', KEYS[5], 'paused') == 0 then redis.call('ZADD', KEYS[4], 0, '0') end
redis.call('XADD', KEYS[7], 'MAXLEN', '~', 10000, '*',
  'event', 'waiting', 'jobId', ARGV[1], 'prev', 'active')
return 1
"""

# Makes room for a job's id. BullMQ refuses an id whose data exists: of a finished job that it keeps, of one
# whose place in a list was lost (an evicting Redis), or of one that waits for others though its row is due.
# KEYS: job, logs, wait, active, prioritized, delayed, completed, failed, waiting-children.  ARGV: id.
# Returns 1 when the job will run and was left alone, 0 when its id is free now.
_MAKE_ROOM: Final = """
local id = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 1 and (
  redis.call('ZSCORE', KEYS[5], id) or redis.call('LPOS', KEYS[4], id) or
  redis.call('ZSCORE', KEYS[6], id) or redis.call('LPOS', KEYS[3], id)) then return 1 end
redis.call('DEL', KEYS[1], KEYS[2])
for _, kin in ipairs({'dependencies', 'processed', 'failed', 'unsuccessful'}) do
  redis.call('DEL', KEYS[1] .. ':' .. kin)
end
for index = 3, 4 do redis.call('LREM', KEYS[index], 0, id) end
for index = 5, 9 do redis.call('ZREM', KEYS[index], id) end
return 0
"""


# KEYS: meta.
_HELD_BACK: Final = (
    "return redis.call('HEXISTS', KEYS[1], 'paused') + redis.call('HEXISTS', KEYS[1], 'concurrency')"
)


async def runnable_jobs(queues: Queues, queue: QueueName) -> dict[str, JobState]:
    """All jobs of a queue that wait, are delayed or run, by id; one command, one moment.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    scripts = queues.bull(queue).scripts
    keys, args = scripts.getRangesArgs(list(_LISTS), 0, -1)
    # Not Queue.getJobs or getRanges: the first reads all data too, the second forgets which id was where.
    ranges = await queues.bounded(scripts.commands["getRanges"](keys=keys, args=args))
    return {job_id: state for state, ids in zip(_LISTS.values(), ranges, strict=True) for job_id in ids or ()}


async def is_held_back(queues: Queues, queue: QueueName) -> bool:
    """Whether a free worker may leave jobs alone: paused, or so many may run at once; one command.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    found = await queues.run_script(_HELD_BACK, [queues.key(queue, "meta")], [])
    return bool(found)


async def job_state(queues: Queues, job_id: str) -> JobState:
    """Where Redis has one job; one command."""
    queue, _ = parse_job_id(job_id)
    return JobState(await queues.bounded(queues.bull(queue).getJobState(job_id)))


async def ensure(queues: Queues, job: JobSpec) -> bool:
    """Make sure that Redis holds a job that will run; two commands, one when it does already.

    A job that waits, is delayed or runs is left alone. What is finished, or half lost, is removed and added
    anew with a full set of attempts: BullMQ's own retry of a spent job would grant it only one.

    Returns:
        Whether it was added.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    names = ("wait", "active", "prioritized", "delayed", "completed", "failed", "waiting-children")
    keys = [queues.key(job.queue, name) for name in (job.id, f"{job.id}:logs", *names)]
    if await queues.run_script(_MAKE_ROOM, keys, [job.id]) == 1:
        return False
    await queues.enqueue(job)
    return True


async def remove(queues: Queues, job_id: str) -> bool:
    """Take a job out of Redis, whatever its state; one command.

    Returns:
        False when a worker holds it; then Redis still has it. True also when it was not there.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    queue, _ = parse_job_id(job_id)
    return bool(await queues.bounded(queues.bull(queue).remove(job_id)) == 1)


async def release_orphan(queues: Queues, job_id: str, token: str = "") -> bool:
    """Put one active job whose worker is dead back to wait, at once; one command.

    BullMQ's own recovery takes two stalled checks, ten minutes on a metered Redis. The caller knows from
    its leases who is dead. Should the worker live after all, BullMQ refuses its result (its lock is gone).
    The crash is counted (`JobInHand.crashes`), no attempt is spent.

    Args:
        queues: Where.
        job_id: Which.
        token: `JobInHand.token` of the run that died; with it, a run that somebody else has begun since is
            left alone.

    Returns:
        Whether it was put back; False when it is not active.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    queue, _ = parse_job_id(job_id)
    names = ("active", "wait", "prioritized", "marker", "meta", "stalled", "events", job_id, f"{job_id}:lock")
    keys = [queues.key(queue, name) for name in names]
    return bool(await queues.run_script(_RELEASE, keys, [job_id, token]) == 1)


async def wake_workers(queues: Queues, queue: QueueName) -> None:
    """Make sleeping workers look at a queue again; one command.

    Needed only when a worker died in the instant between being woken and taking the job: the others would
    sleep on until the end of their idle wait. Harmless otherwise.
    """
    await queues.bounded(queues.client.zadd(queues.key(queue, "marker"), {"0": 0}))
