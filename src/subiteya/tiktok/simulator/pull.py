"""PULL_FROM_URL: fetch a video from the app's own server, streamed to disk, redirects refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2

from subiteya.tiktok.simulator.rules import MAX_VIDEO_BYTES

DOWNLOAD_SECONDS = 3_600.0
_PIECE_BYTES = 1024**2


class PullError(Exception):
    """The video could not be fetched; the message says why, for the simulator's own log."""


async def download(
    client: httpx2.AsyncClient, url: str, path: Path, progress: Callable[[int], Awaitable[None]]
) -> str:
    """Fetch `url` into `path` and return its media type; `progress` hears the bytes so far.

    Raises:
        PullError: for anything but 200, a broken transfer, more than 4 GB or more than an hour.
    """
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS):
            return await _stream(client, url, path, progress)
    except TimeoutError as error:
        raise PullError("not there within an hour") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise PullError(type(error).__name__) from error


async def _stream(
    client: httpx2.AsyncClient, url: str, path: Path, progress: Callable[[int], Awaitable[None]]
) -> str:
    received = 0
    async with client.stream("GET", url, follow_redirects=False) as response:
        if response.status_code != httpx2.codes.OK:
            raise PullError(f"HTTP {response.status_code}")
        file = await asyncio.to_thread(path.open, "wb")
        try:
            async for piece in response.aiter_bytes(_PIECE_BYTES):
                received += len(piece)
                if received > MAX_VIDEO_BYTES:
                    raise PullError("more than 4 GB")
                await asyncio.to_thread(file.write, piece)
                await progress(received)
        finally:
            await asyncio.to_thread(file.close)
        content_type: str = response.headers.get("content-type", "video/mp4")
    return content_type.partition(";")[0]
