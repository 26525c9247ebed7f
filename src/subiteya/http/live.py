"""What the open streams of this process are told: who listens, and the newest state of each video for them.

A slow browser never makes us remember more than one state per video: a newer one takes the older one's place,
and past a limit everything gives way to a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from fastapi.sse import format_sse_event

from subiteya.observe.metrics import HttpMetrics

_MOST_PENDING: Final = 500
_MOST_REMEMBERED: Final = 20_000


class Subscriber:
    """One open stream.

    Attributes:
        user_id: Whose videos it is told of.
        language: In which language.
    """

    def __init__(self, user_id: uuid.UUID, language: str) -> None:
        self.user_id = user_id
        self.language = language
        self._pending: dict[uuid.UUID, bytes] = {}
        self._overflow = False
        self._wake = asyncio.Event()

    def offer(self, video_id: uuid.UUID, frame: bytes) -> bool:
        """Take a video's newest state; whether one that was not yet sent had to give way."""
        given_way = self._pending.pop(video_id, None) is not None
        self._pending[video_id] = frame
        if len(self._pending) > _MOST_PENDING:
            self._pending.clear()
            self._overflow = True
        self._wake.set()
        return given_way

    async def changed(self, limit_s: float) -> bool:
        """Wait for something to send; False when nothing came in `limit_s` seconds."""
        try:
            async with asyncio.timeout(limit_s):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    def take(self) -> list[bytes]:
        """What is to be sent, oldest first; it is forgotten here."""
        frames = list(self._pending.values())
        self._pending.clear()
        return frames

    def take_overflow(self) -> bool:
        """Whether states were dropped and a snapshot must take their place; asked once."""
        overflow, self._overflow = self._overflow, False
        return overflow

    def wake(self) -> None:
        """Let the stream look around, for instance to see that it should end."""
        self._wake.set()


class Live:
    """The subscribers of this process."""

    def __init__(self, metrics: HttpMetrics) -> None:
        self._metrics = metrics
        self._by_user: dict[uuid.UUID, set[Subscriber]] = {}
        self._told: dict[uuid.UUID, int] = {}
        self.somebody = asyncio.Event()
        """Set while at least one stream is open."""
        self.nobody = asyncio.Event()
        """Set while none is."""
        self.nobody.set()
        self.joined = asyncio.Event()
        """Set when a stream opens; whoever waits for it clears it."""
        self.closing = False

    @property
    def users(self) -> list[uuid.UUID]:
        """Whose streams are open."""
        return list(self._by_user)

    def languages(self, user_id: uuid.UUID) -> set[str]:
        """In which languages a user listens."""
        return {subscriber.language for subscriber in self._by_user.get(user_id, ())}

    @contextmanager
    def subscribed(self, subscriber: Subscriber) -> Iterator[None]:
        """Tell this stream of changes inside the `with` block."""
        self._by_user.setdefault(subscriber.user_id, set()).add(subscriber)
        self._metrics.streams.inc()
        self.nobody.clear()
        self.somebody.set()
        self.joined.set()
        try:
            yield
        finally:
            self._metrics.streams.dec()
            others = self._by_user[subscriber.user_id]
            others.discard(subscriber)
            if not others:
                del self._by_user[subscriber.user_id]
            if not self._by_user:
                self._told.clear()
                self.somebody.clear()
                self.nobody.set()

    def tell(
        self,
        user_id: uuid.UUID,
        video_id: uuid.UUID,
        event: str,
        data: Mapping[str, str],
        event_id: int | None,
    ) -> None:
        """Tell a user's streams of a video, unless this very state was the last they were told.

        Args:
            user_id: Whose video it is.
            video_id: Which.
            event: The event's name on the wire.
            data: JSON by language.
            event_id: Largest event row that it reflects; None when none tells of it.
        """
        state = hash((event, tuple(sorted(data.items()))))
        if self._told.get(video_id) == state:
            return
        if len(self._told) >= _MOST_REMEMBERED:
            self._told.clear()  # costs a few states said twice
        self._told[video_id] = state
        frames = {
            language: format_sse_event(
                event=event, data_str=text, id=None if event_id is None else str(event_id)
            )
            for language, text in data.items()
        }
        for subscriber in self._by_user.get(user_id, ()):
            if (frame := frames.get(subscriber.language)) is not None:
                self._metrics.frames.inc()
                if subscriber.offer(video_id, frame):
                    self._metrics.collapsed.inc()

    def close(self) -> None:
        """End every stream, so that the server can stop; new ones end at once."""
        self.closing = True
        for subscriber in self._everybody():
            subscriber.wake()

    def _everybody(self) -> Iterable[Subscriber]:
        return [subscriber for group in self._by_user.values() for subscriber in group]
