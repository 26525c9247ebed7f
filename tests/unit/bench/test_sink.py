from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx2
import pytest

SINK = Path(__file__).parents[3] / "bench" / "_sink.py"


@pytest.mark.parametrize(
    ("place", "status", "range_"),
    [("bytes 0-4/10", 206, "bytes 0-4/10"), ("bytes 5-9/10", 201, "bytes 0-9/10"), (None, 201, None)],
)
async def test_the_sink_answers_as_an_upload_address_does(
    place: str | None, status: int, range_: str | None
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SINK), "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.wait_for(process.stdout.readline(), 20))
        async with httpx2.AsyncClient(trust_env=False) as client:
            headers = {"Content-Range": place} if place else {}
            answer = await client.put(f"http://127.0.0.1:{port}/video", content=b"12345", headers=headers)
        assert answer.status_code == status
        assert answer.headers.get("Content-Range") == range_
    finally:
        process.kill()
        await process.wait()
