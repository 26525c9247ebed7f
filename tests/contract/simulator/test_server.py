"""The simulator behind a real server on a real socket, killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from contract.simulator.rig import CLIENT, data_of, file_source

CHUNK = 5_242_880
SERVE = """
import sys, uvicorn
from pathlib import Path
from subiteya.tiktok.simulator import SimulatorConfig, Switches, create_app
switches = Switches(check_media=False, processing_seconds=0)
app = create_app(SimulatorConfig(Path(sys.argv[1]), switches=switches))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(folder: Path, port: int, *, end: signal.Signals) -> AsyncIterator[httpx2.AsyncClient]:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(folder), str(port), start_new_session=True
    )
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            async with asyncio.timeout(30):
                await _until_it_answers(client)
            yield client
    finally:
        if server.returncode is None:
            os.killpg(server.pid, end)
        async with asyncio.timeout(10):
            await server.wait()


async def _until_it_answers(client: httpx2.AsyncClient) -> None:
    while True:
        try:
            await client.get("/simulator/state")
        except httpx2.TransportError:
            await asyncio.sleep(0.05)
        else:
            return


async def connect(client: httpx2.AsyncClient) -> dict[str, str]:
    first = (await client.get("/simulator/creators")).json()[0]["open_id"]
    minted = (await client.post(f"/simulator/creators/{first}/authorize", json={})).json()
    form = CLIENT | {"grant_type": "authorization_code", "code": minted["code"]}
    pair = (await client.post("/v2/oauth/token/", data=form)).json()
    return {"Authorization": f"Bearer {pair['access_token']}"}


def chunk_headers(first: int) -> dict[str, str]:
    return {
        "Content-Type": "video/mp4",
        "Content-Range": f"bytes {first}-{first + CHUNK - 1}/{2 * CHUNK}",
    }


async def test_a_killed_simulator_goes_on_where_it_stood(tmp_path: Path) -> None:
    port = free_port()
    body = {
        "post_info": {"privacy_level": "PUBLIC_TO_EVERYONE"},
        "source_info": file_source(2 * CHUNK, CHUNK),
    }
    async with serving(tmp_path, port, end=signal.SIGKILL) as client:
        bearer = await connect(client)
        await client.post(
            "/simulator/faults",
            json={"action": "cut", "endpoint": "upload", "chunk": 1, "after_bytes": 2_000_000},
        )
        made = data_of(await client.post("/v2/post/publish/video/init/", json=body, headers=bearer))
        url = made["upload_url"]
        assert url.startswith(f"http://127.0.0.1:{port}/video/?")
        with pytest.raises(httpx2.TransportError):
            await client.put(url, content=b"a" * CHUNK, headers=chunk_headers(0))
        refused = await client.put(url, content=b"b" * CHUNK, headers=chunk_headers(CHUNK))
        assert refused.status_code == 416
        stored = await client.put(url, content=b"a" * CHUNK, headers=chunk_headers(0))
        assert stored.status_code == 206
    async with serving(tmp_path, port, end=signal.SIGTERM) as client:
        stored = await client.put(url, content=b"b" * CHUNK, headers=chunk_headers(CHUNK))
        assert stored.status_code == 201
        question = {"publish_id": made["publish_id"]}
        status = data_of(await client.post("/v2/post/publish/status/fetch/", json=question, headers=bearer))
        assert status["status"] == "PUBLISH_COMPLETE"
        video = await client.get(
            f"/simulator/posts/{made['publish_id']}/video", headers={"Range": "bytes=5242878-5242881"}
        )
        assert (video.status_code, video.content) == (206, b"aabb")
