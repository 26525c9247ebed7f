"""Everything that a dashboard shows of both queues, read in one moment and with one command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from subiteya.queue.kept_job import KeptJob, read_job
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import Queues

STATES: Final = (
    JobState.ACTIVE,
    JobState.WAITING,
    JobState.WAITING_CHILDREN,
    JobState.PRIORITIZED,
    JobState.COMPLETED,
    JobState.FAILED,
    JobState.DELAYED,
)
"""Where a job may be, in the order of the dashboard's tabs."""

# For each queue its counts in the order of STATES, whether it is paused, its concurrency, the rest of a rate
# limit in milliseconds, its schedulers; for each list the id and fields of its jobs, state after state; for
# each job its state, fields and log lines.
# KEYS: what each queue's keys begin with.  ARGV, as JSON: the states' keys, the lists, the jobs.
_LOOK: Final = """
local states = cjson.decode(ARGV[1])
local ordered = {active = true, wait = true}
local function key(queue, name) return KEYS[queue] .. name end
local function count(queue, state)
  if ordered[state] then return redis.call('LLEN', key(queue, state)) end
  return redis.call('ZCARD', key(queue, state))
end
local function range(queue, state, first, last)
  if ordered[state] then return redis.call('LRANGE', key(queue, state), first, last) end
  return redis.call('ZREVRANGE', key(queue, state), first, last)
end
local function state_of(queue, id)
  for _, state in ipairs(states) do
    if ordered[state] then
      if redis.call('LPOS', key(queue, state), id) then return state end
    elseif redis.call('ZSCORE', key(queue, state), id) then return state end
  end
  return 'unknown'
end
local function limited_for(queue)
  local most = tonumber(redis.call('HGET', key(queue, 'meta'), 'max'))
  if most and (tonumber(redis.call('GET', key(queue, 'limiter'))) or 0) < most then return 0 end
  return math.max(redis.call('PTTL', key(queue, 'limiter')), 0)
end
local queues, lists, jobs = {}, {}, {}
for queue = 1, #KEYS do
  local counts = {}
  for index, state in ipairs(states) do counts[index] = count(queue, state) end
  queues[queue] = {
    counts,
    redis.call('HEXISTS', key(queue, 'meta'), 'paused'),
    redis.call('HGET', key(queue, 'meta'), 'concurrency'),
    limited_for(queue),
    redis.call('ZCARD', key(queue, 'repeat')),
  }
end
for index, wanted in ipairs(cjson.decode(ARGV[2])) do
  local found = {}
  for _, state in ipairs(wanted.states) do
    for _, id in ipairs(range(wanted.queue, state, wanted.first, wanted.last)) do
      found[#found + 1] = {id, redis.call('HGETALL', key(wanted.queue, id))}
    end
  end
  lists[index] = found
end
for index, wanted in ipairs(cjson.decode(ARGV[3])) do
  jobs[index] = {
    state_of(wanted.queue, wanted.id),
    redis.call('HGETALL', key(wanted.queue, wanted.id)),
    redis.call('LRANGE', key(wanted.queue, wanted.id .. ':logs'), 0, -1),
  }
end
return {queues, lists, jobs}
"""


@dataclass(frozen=True, slots=True)
class ListView:
    """A stretch of a queue's jobs: of each of these states those from `first` to `last`, newest first."""

    queue: QueueName
    states: tuple[JobState, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class JobWish:
    """One job."""

    queue: QueueName
    id: str


View = ListView | JobWish


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue.

    Attributes:
        counts: Jobs by state.
        paused: Whether workers leave its jobs alone.
        concurrency: BullMQ's limit for all workers together; None when there is none.
        limited_ms: For how long a rate limit still holds jobs back.
        schedulers: How many of BullMQ's job schedulers it has; ours are rows.
    """

    counts: Mapping[JobState, int]
    paused: bool
    concurrency: int | None
    limited_ms: int
    schedulers: int


@dataclass(frozen=True, slots=True)
class SeenJob:
    """One job, where it is, and what its runs have logged."""

    job: KeptJob
    state: JobState
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both queues and some of their jobs at one moment."""

    queues: Mapping[QueueName, QueueFacts]
    lists: Mapping[ListView, tuple[KeptJob, ...]]
    jobs: Mapping[JobWish, SeenJob | None]

    def holds(self, view: View) -> bool:
        """Whether this was looked at."""
        return view in (self.lists if isinstance(view, ListView) else self.jobs)


async def look(queues: Queues, views: Iterable[View] = ()) -> Snapshot:
    """Look at both queues and at these views; one command, however many they are.

    Raises:
        QueueUnavailable: Redis does not answer.
    """
    names = list(QueueName)
    wanted = list(views)
    lists = [view for view in wanted if isinstance(view, ListView)]
    jobs = [view for view in wanted if isinstance(view, JobWish)]
    args = [
        [_key(state) for state in STATES],
        [
            {
                "queue": names.index(view.queue) + 1,
                "states": [_key(state) for state in view.states],
                "first": view.first,
                "last": view.last,
            }
            for view in lists
        ],
        [{"queue": names.index(view.queue) + 1, "id": view.id} for view in jobs],
    ]
    answer = await queues.run_script(
        _LOOK, [queues.key(name, "") for name in names], [json.dumps(each) for each in args]
    )
    facts, stretches, singles = answer
    return Snapshot(
        queues={name: _facts(each) for name, each in zip(names, facts, strict=True)},
        lists={view: tuple(_jobs(each)) for view, each in zip(lists, stretches, strict=True)},
        jobs={view: _seen(view.id, each) for view, each in zip(jobs, singles, strict=True)},
    )


def _facts(found: Sequence[Any]) -> QueueFacts:
    counts, paused, concurrency, limited_ms, schedulers = found
    return QueueFacts(
        counts=dict(zip(STATES, counts, strict=True)),
        paused=bool(paused),
        concurrency=int(concurrency) if concurrency else None,
        limited_ms=limited_ms,
        schedulers=schedulers,
    )


def _jobs(found: Sequence[Any]) -> Iterator[KeptJob]:
    for job_id, fields in found:
        if fields:  # an id whose data is gone, as an evicting Redis leaves it
            yield read_job(job_id, _pairs(fields))


def _seen(job_id: str, found: Sequence[Any]) -> SeenJob | None:
    state, fields, logs = found
    if not fields:
        return None
    return SeenJob(read_job(job_id, _pairs(fields)), _state(state), tuple(logs))


def _pairs(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _key(state: JobState) -> str:
    """BullMQ calls the list of waiting jobs otherwise than their state."""
    return "wait" if state is JobState.WAITING else state.value


def _state(key: str) -> JobState:
    return JobState.WAITING if key == "wait" else JobState(key)
