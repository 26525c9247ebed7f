"""Watch one video live, over the server's event stream; a broken stream is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from subiteya.cli.api_client import ApiClient, ServerUnreachable

LONGEST_SILENCE_S: Final = 40.0
GIVE_UP_AFTER_S: Final = 120.0
"""How long a server may be away before watching ends."""


async def follow(api: ApiClient, video_id: str) -> AsyncIterator[dict[str, Any]]:
    """The video's row, now and at each change, for ever.

    Raises:
        ServerUnreachable: the server stayed away.
    """
    loop = asyncio.get_running_loop()
    last_heard = loop.time()
    while True:
        try:
            yield await api.get(f"/videos/{video_id}")
            last_heard = loop.time()
            async with api.events() as events:
                async for event, data in events:
                    last_heard = loop.time()
                    for video in _videos(event, data):
                        if video["id"] == video_id:
                            yield video
        except ServerUnreachable:
            if loop.time() - last_heard > GIVE_UP_AFTER_S:
                raise
        await asyncio.sleep(0.5)


def _videos(event: str, data: Any) -> list[dict[str, Any]]:
    if event == "snapshot":
        return list(data["videos"])
    return [data] if event == "video" else []
