"""Live changes: both queues' BullMQ event streams, read with one blocking command.

The workers write these streams anyway, so following them costs one XREAD per burst of changes and one per
idle wait. Reading goes on exactly where it stood, also across a lost connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from subiteya.config import QueueSettings
from subiteya.observe.meter import Meter
from subiteya.queue.connection import blocking_client
from subiteya.queue.names import QueueName, parse_job_id
from subiteya.queue.queues import Queues

LISTENING: Final = "listening"
"""Our own event, first of all and after each reconnect: what is read from the rows from now on is followed
by every later change. After a reconnect to a Redis that lost its memory, changes may be missing before it."""

LOST: Final = "lost"
"""Our own event: the connection is gone; until the next `LISTENING` nothing will be told."""

CHANGED: Final = "changed"
"""Our own event: a row changed outside of a BullMQ job."""

STREAM_LENGTH: Final = 10_000  # BullMQ's own approximate limit
SETTLE_SECONDS: Final = 0.1
_BATCH: Final = 1_000
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0
_SLACK_S: Final = 15.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a queue's event stream.

    Attributes:
        event: BullMQ's word (`added`, `active`, `progress`, `completed`, …) or one of ours.
        queue: None only for `LISTENING` and `LOST`.
        job_id: None for what concerns no job (`LISTENING`, `LOST`, `paused`, `resumed`, `drained`).
        data: The entry's other fields, as BullMQ wrote them.
    """

    event: str
    queue: QueueName | None = None
    job_id: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)


async def announce(
    queues: Queues, job_id: str, event: str = CHANGED, fields: Mapping[str, str] | None = None
) -> None:
    """Tell all readers that something about a job changed outside of BullMQ; one command.

    Raises:
        QueueUnavailable: Redis does not answer. The rows are the truth, so callers may log it and go on.
    """
    queue, _ = parse_job_id(job_id)
    entry: dict[Any, Any] = {"event": event, "jobId": job_id, **(fields or {})}
    # MAXLEN as BullMQ's scripts use it; its QueueEventsProducer would cut the stream to 1,000.
    stream = queues.key(queue, "events")
    call = queues.client.xadd(stream, entry, maxlen=STREAM_LENGTH, approximate=True)
    await queues.bounded(call)


async def read_events(
    settings: QueueSettings,
    queues: Iterable[QueueName] = tuple(QueueName),
    *,
    settle_s: float = SETTLE_SECONDS,
    meter: Meter | None = None,
) -> AsyncGenerator[Change]:
    """Follow the queues for ever, from now on; reconnects by itself.

    Close it (`contextlib.aclosing`) or cancel the task that reads it, and its connection closes.

    Args:
        settings: Where Redis is.
        queues: Which queues.
        settle_s: Seconds of rest after a batch. Changes come in bursts; a rest makes a burst one command
            instead of one per change.
        meter: Counts the commands.

    Yields:
        `LISTENING` first, then each change, per queue in order; `LOST`, then `LISTENING`, around an outage.
    """
    reader = _Reader(settings, queues)
    pause_s = _FIRST_PAUSE_S
    while True:
        client = blocking_client(settings, meter)
        try:
            await reader.locate(client)
            yield Change(LISTENING)
            while True:
                batch = await reader.next_batch(client)
                pause_s = _FIRST_PAUSE_S
                for change in batch:
                    yield change
                if batch:
                    await asyncio.sleep(settle_s)
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("lost the event streams, reconnecting", error=str(error), pause_s=pause_s)
        finally:
            await client.aclose()
        yield Change(LOST)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


class _Reader:
    """Where we are in each stream."""

    def __init__(self, settings: QueueSettings, queues: Iterable[QueueName]) -> None:
        self._block_s = settings.drain_delay_s
        self._queue_of = {f"{settings.prefix}:{queue}:events": queue for queue in queues}
        self._positions: dict[str, str] = {}

    async def locate(self, client: Redis) -> None:
        """Resolve "from now on" once, to concrete ids: `$` would skip what happens between two reads.

        On a later connection it proves that Redis answers, and notices a stream that began anew with
        smaller ids (memory lost, and a clock that runs behind): that one is read from its beginning.
        """
        async with asyncio.timeout(_SLACK_S):
            for stream in self._queue_of:
                newest = await client.xrevrange(stream, count=1)
                last = str(newest[0][0]) if newest else "0-0"
                position = self._positions.get(stream)
                if position is None:
                    self._positions[stream] = last
                elif newest and _order(last) < _order(position):
                    self._positions[stream] = "0-0"

    async def next_batch(self, client: Redis) -> list[Change]:
        """Wait for entries, at most one idle wait; empty when none came."""
        # The server ends the wait; the limit is for a server that does not.
        async with asyncio.timeout(self._block_s + _SLACK_S):
            positions: dict[Any, Any] = dict(self._positions)  # redis-py's own type is invariant
            reply = await client.xread(positions, count=_BATCH, block=self._block_s * 1000)
        changes: list[Change] = []
        for stream, entries in reply:
            for entry_id, fields in entries:
                self._positions[stream] = entry_id
                changes.append(_change(self._queue_of[stream], fields))
        return changes


def _change(queue: QueueName, fields: Mapping[str, str]) -> Change:
    rest = dict(fields)
    event = rest.pop("event", "")
    return Change(event, queue, rest.pop("jobId", None), rest)


def _order(entry_id: str) -> tuple[int, int]:
    """Stream ids are two numbers; as text, 10 comes before 9."""
    time_ms, _, number = entry_id.partition("-")
    return int(time_ms), int(number)
