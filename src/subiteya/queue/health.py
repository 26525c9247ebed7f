"""Does Redis answer, over the connection that is really used?"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from subiteya.domain.errors import QueueUnavailable
from subiteya.queue.connection import prove
from subiteya.queue.queues import Queues

PING_SECONDS: Final = 2.0


async def ping(queues: Queues, limit_s: float = PING_SECONDS) -> float:
    """Seconds that one PING took.

    Raises:
        QueueUnavailable: No answer within `limit_s` seconds.
    """
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(limit_s):
            await queues.bounded(prove(queues.client))
    except TimeoutError as error:
        raise QueueUnavailable from error
    return time.perf_counter() - begun
