"""Whose preview is drawn when: a few at a time, so that the process can answer everybody else meanwhile."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subiteya.domain.errors import SubiteyaError


class TooManyPreviews(SubiteyaError):
    """More previews are asked for at once than are drawn or may wait."""

    code = "too_many_previews"
    status = 429
    retryable = True
    message = "Too many previews are being drawn at once. Wait a moment, then ask again."


class Turns:
    """Hands out turns in the order of asking.

    Args:
        at_once: Previews that are drawn at a time.
        of_one: Most that one user has in hand, drawn or waiting.
        of_all: Most that all users have in hand.
    """

    def __init__(self, at_once: int, *, of_one: int, of_all: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._of_one, self._of_all = of_one, of_all
        self._in_hand: Counter[uuid.UUID] = Counter()

    @asynccontextmanager
    async def take(self, user_id: uuid.UUID) -> AsyncIterator[None]:
        """Waits for a turn and holds it.

        Raises:
            TooManyPreviews: too many wait already.
        """
        if self._in_hand[user_id] >= self._of_one or self._in_hand.total() >= self._of_all:
            raise TooManyPreviews
        self._in_hand[user_id] += 1
        try:
            async with self._free:
                yield
        finally:
            self._in_hand[user_id] -= 1
            self._in_hand += Counter()  # forgets who has none
