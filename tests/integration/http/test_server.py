from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from fixtures.server import open_stream
from subiteya.config import Settings
from subiteya.domain.errors import ConfigurationError
from subiteya.http.server import serve
from subiteya.services.access import ensure_owner
from subiteya.services.resources import open_resources

SERVE = """
import asyncio
from subiteya.config import Settings
from subiteya.http.server import serve
from subiteya.observe.logs import configure_logs
settings = Settings()
configure_logs(settings.observe)
asyncio.run(serve(settings))
"""


@pytest.fixture
async def key(settings: Settings) -> str:
    async with open_resources(settings) as resources:
        return (await ensure_owner(resources)).api_key or ""


@pytest.fixture
async def process(process_environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The api in a process of its own, on a port that the system chooses."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE),
        env={**os.environ, **process_environment, "PORT": "0"},
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    yield started
    if started.returncode is None:
        started.kill()
    await started.wait()


async def port_of(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while line := (await process.stderr.readline()).decode():
            _, found, port = line.partition("[Server] Starting on port ")
            if found:
                return int(port)
    raise AssertionError("the server did not say where it listens")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_ends_well_with_streams_open(
    process: asyncio.subprocess.Process, key: str, stop: signal.Signals
) -> None:
    address = f"http://127.0.0.1:{await port_of(process)}"
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx2.AsyncHTTPTransport(retries=5)  # it says so just before it listens
    async with httpx2.AsyncClient(base_url=address, headers=headers, transport=transport) as client:
        async with open_stream(client) as stream:
            await stream.snapshot()
            process.send_signal(stop)
            await stream.rest()
        async with asyncio.timeout(10):
            assert await process.wait() == 0


async def test_a_port_in_use_is_said_plainly(settings: Settings) -> None:
    taken = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        http = settings.http.model_copy(update={"port": port})
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}: it is in use"):
            await serve(settings.model_copy(update={"http": http}))
