from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from subiteya import __version__
from subiteya.config import Settings
from subiteya.http.app import create_app

Changes = dict[str, dict[str, object]]


@asynccontextmanager
async def someone_like_tiktok() -> AsyncIterator[str]:
    """Something that answers HTTP, as the simulator would."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(settings: Settings, changes: Changes) -> httpx2.Response:
    """`GET /api/ready` of an application whose settings differ in this."""
    sections = {name: getattr(settings, name).model_copy(update=section) for name, section in changes.items()}
    app = create_app(settings.model_copy(update=sections))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://testserver") as client,
    ):
        return await client.get("/api/ready")


async def test_a_living_process_says_so_and_asks_nobody(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/api/health")
    assert answer.json() == {"status": "ok", "version": __version__}


async def test_ready_when_every_engine_answers(settings: Settings) -> None:
    async with someone_like_tiktok() as url:
        answer = await asked(settings, {"tiktok": {"simulator_url": url}})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["ready"] is True
    assert set(body["parts"]) == {"database", "queue", "storage", "tiktok"}
    assert all(part["ok"] and part["ms"] > 0 for part in body["parts"].values())


NOBODY = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("part", "code", "changes"),
    [
        (
            "database",
            "database_unavailable",
            {"database": {"url": SecretStr(f"postgresql://u:p@{NOBODY}/x")}},
        ),
        ("queue", "queue_unavailable", {"queue": {"url": SecretStr(f"redis://{NOBODY}/0")}}),
        ("storage", "storage_unavailable", {"storage": {"endpoint": f"http://{NOBODY}"}}),
        ("storage", "configuration", {"storage": {"bucket": "no-such-bucket"}}),
        ("tiktok", "tiktok_unavailable", {"tiktok": {"simulator_url": f"http://{NOBODY}"}}),
    ],
)
async def test_not_ready_when_one_does_not_answer_and_it_is_named(
    settings: Settings, part: str, code: str, changes: Changes
) -> None:
    async with someone_like_tiktok() as url:
        well: Changes = {"tiktok": {"simulator_url": url}}
        answer = await asked(settings, well | changes)
    assert answer.status_code == 503
    body = answer.json()
    assert body["ready"] is False
    found = {name: told["code"] for name, told in body["parts"].items() if not told["ok"]}
    assert set(found) == {part}
    assert found[part] in {code, "no_answer_in_time"}
    assert body["parts"][part]["detail"]


async def test_an_engine_that_hangs_is_given_up_on(settings: Settings) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server, asyncio.timeout(10), someone_like_tiktok() as url:
        silent = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        answer = await asked(settings, {"tiktok": {"simulator_url": url}, "storage": {"endpoint": silent}})
    assert answer.json()["parts"]["storage"]["code"] == "no_answer_in_time"


async def test_the_real_tiktok_is_not_asked(settings: Settings) -> None:
    answer = await asked(settings, {"tiktok": {"mode": "live", "client_key": "key"}})
    assert answer.status_code == 200
    assert "tiktok" not in answer.json()["parts"]


async def test_metrics_count_by_route_and_need_a_key(
    anonymous: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    assert (await anonymous.get("/api/metrics")).status_code == 401
    await anonymous.get("/api/health")
    text = (await client.get("/api/metrics")).text
    assert 'subiteya_http_requests_total{method="GET",route="/api/health",status="200"} 1.0' in text
    assert "subiteya_sse_streams 0.0" in text
