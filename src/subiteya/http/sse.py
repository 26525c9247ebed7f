"""Server-sent events: the wire format, and one open stream."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Final

import structlog
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from subiteya.domain.errors import DatabaseUnavailable
from subiteya.http.live import Live, Subscriber

PING_SECONDS: Final = 15.0
LIFETIME_SECONDS: Final = 600.0
"""A stream ends after about ten minutes and the browser opens the next: so a sign-out takes effect, memory of
long-lived connections is given back, and load spreads over the processes again."""
_PING: Final = format_sse_event(comment="ping")
_BYE: Final = format_sse_event(comment="this stream ends here; open the next")
_log = structlog.get_logger(__name__)

Snapshot = Callable[[int], Awaitable[bytes]]
"""Reads the state as one frame. Takes the id of the last event that the browser saw (0: none)."""


class EventStreamResponse(StreamingResponse):
    """A stream that no proxy holds back and no cache keeps."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        super().__init__(frames, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def stream(
    live: Live, subscriber: Subscriber, snapshot: Snapshot, last_event_id: int
) -> AsyncIterator[bytes]:
    """Everything that one browser is told, until it leaves, the process stops, or ten minutes have passed.

    The subscription comes before the snapshot is read: what changes in between is sent after it. No database
    connection is held while waiting.
    """
    loop = asyncio.get_running_loop()
    # Spread, so that a restart or a busy minute is not repeated by all of them every ten minutes.
    ends_at = loop.time() + LIFETIME_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
    with live.subscribed(subscriber):
        yield format_sse_event(retry=random.randint(1_000, 4_000))  # noqa: S311 - no secret
        try:
            yield await snapshot(last_event_id)
            while not live.closing and loop.time() < ends_at:
                if not await subscriber.changed(min(PING_SECONDS, ends_at - loop.time())):
                    yield _PING
                    continue
                if subscriber.take_overflow():
                    yield await snapshot(0)
                if frames := subscriber.take():
                    yield b"".join(frames)
        except DatabaseUnavailable:
            _log.warning("a stream ends: the database does not answer; the browser tries again")
        yield _BYE


def snapshot_frame(videos: Iterable[str], event_id: int) -> bytes:
    """The first frame: the videos as they are now.

    Args:
        videos: Each as JSON.
        event_id: Largest event row that they reflect.
    """
    return format_sse_event(event="snapshot", data_str=f'{{"videos":[{",".join(videos)}]}}', id=str(event_id))
