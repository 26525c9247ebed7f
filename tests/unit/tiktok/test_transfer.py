from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from pydantic import SecretStr

from subiteya.domain.chunks import Chunk, ChunkPlan
from subiteya.domain.errors import StorageUnavailable
from subiteya.tiktok.endpoints import UploadHosts
from subiteya.tiktok.error_table import row_of
from subiteya.tiktok.transfer import (
    Acknowledged,
    ChunkSender,
    Expired,
    Gone,
    Refused,
    Resync,
    Retryable,
    Sent,
    Unreachable,
)

URL = SecretStr("https://open-upload.tiktokapis.com/video/?upload_id=7&upload_token=Xza%2F%3D")
PLAN = ChunkPlan(size=250, chunk_size=100, count=2)
FIRST, LAST = PLAN


async def blocks(size: int, block: int = 30) -> AsyncGenerator[bytes]:
    while size > 0:
        yield b"x" * min(block, size)
        size -= block


class Receiver(httpx2.AsyncBaseTransport):
    """Hands each request over with its body still streaming, which MockTransport does not."""

    def __init__(self, handle: Callable[[httpx2.Request], Awaitable[httpx2.Response]]) -> None:
        self._handle = handle

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._handle(request)


class Server:
    """Answers each PUT with one status, and remembers what arrived."""

    def __init__(self, status: int, content_range: str | None = None) -> None:
        self.status = status
        self.headers = {} if content_range is None else {"Content-Range": content_range}
        self.requests: list[httpx2.Request] = []
        self.body = b""

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.body = b"".join([block async for block in request.stream])  # type: ignore[union-attr]  # it is async
        return httpx2.Response(self.status, headers=self.headers)

    async def put(self, chunk: Chunk = FIRST, body: AsyncIterator[bytes] | None = None) -> Sent:
        sender = ChunkSender(Receiver(self), UploadHosts())
        return await sender.send(URL, PLAN, chunk, body or blocks(chunk.size))


async def test_a_chunk_is_put_as_documented_and_without_a_token_of_ours() -> None:
    server = Server(206)
    await server.put()
    request = server.requests[0]
    assert request.method == "PUT"
    assert str(request.url) == URL.get_secret_value()
    assert request.headers["Content-Type"] == "video/mp4"
    assert request.headers["Content-Length"] == "100"
    assert request.headers["Content-Range"] == "bytes 0-99/250"
    assert "Transfer-Encoding" not in request.headers
    assert "Authorization" not in request.headers
    assert server.body == b"x" * 100


@pytest.mark.parametrize("status", [200, 201, 206])
@pytest.mark.parametrize(("chunk", "end", "complete"), [(FIRST, 100, False), (LAST, 250, True)])
async def test_a_stored_chunk_is_acknowledged(status: int, chunk: Chunk, end: int, *, complete: bool) -> None:
    assert await Server(status).put(chunk) == Acknowledged(end, complete=complete)


@pytest.mark.parametrize(
    "header",
    [
        "bytes 0-99/250",
        "bytes 0-100/250",
        "bytes=0-99/250",
        "0-99/250",
        "BYTES 0-99/*",
        "bytes */250",
        "nonsense",
        "",
    ],
)
async def test_progress_is_read_in_every_shape(header: str) -> None:
    assert await Server(206, header).put() == Acknowledged(100, complete=False)


async def test_progress_of_another_file_says_nothing() -> None:
    assert await Server(206, "bytes 0-7/9").put() == Acknowledged(100, complete=False)


async def test_progress_that_contradicts_the_status_is_believed() -> None:
    assert await Server(206, "bytes 0-249/250").put() == Resync(250)
    assert await Server(201, "bytes 0-99/250").put(LAST) == Resync(100)


@pytest.mark.parametrize(
    ("header", "chunk", "expected"),
    [
        ("bytes 0-100/250", FIRST, Resync(100)),
        ("bytes 0-99/250", FIRST, Resync(100)),
        ("bytes 0-0/250", LAST, Resync(0)),
        ("bytes 0-250/250", LAST, Resync(250)),
        ("bytes 0-249/250", LAST, Resync(250)),
        ("bytes */250", LAST, Resync(None)),
        (None, LAST, Resync(None)),
        ("bytes 0-99/250", LAST, Retryable("upload_position_unexpected")),
    ],
)
async def test_an_unexpected_position_says_where_to_go_on(
    header: str | None, chunk: Chunk, expected: Sent
) -> None:
    assert await Server(416, header).put(chunk) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused("upload_headers_refused", "HTTP 400")),
        (403, Expired()),
        (404, Gone()),
        (408, Retryable("upload_server_error", "HTTP 408")),
        (429, Retryable("upload_server_error", "HTTP 429")),
        (500, Retryable("upload_server_error", "HTTP 500")),
        (503, Retryable("upload_server_error", "HTTP 503")),
        (302, Refused("upload_answer_unexpected", "HTTP 302")),
        (413, Refused("upload_answer_unexpected", "HTTP 413")),
        (204, Refused("upload_answer_unexpected", "HTTP 204")),
    ],
)
async def test_every_status_says_what_the_ledger_may_do(status: int, expected: Sent) -> None:
    assert await Server(status).put() == expected
    if isinstance(expected, Retryable | Refused):
        assert row_of(expected.code).error_code == f"tiktok_{expected.code}"


async def test_a_body_that_ends_early_is_retryable_and_one_that_goes_on_is_not() -> None:
    assert await Server(206).put(body=blocks(99)) == Retryable("source_ended_early")
    assert await Server(206).put(body=blocks(101)) == Refused("source_too_long")


async def test_not_a_byte_more_than_promised_is_sent() -> None:
    passed = 0

    async def swallow(request: httpx2.Request) -> httpx2.Response:
        nonlocal passed
        async for block in request.stream:  # type: ignore[union-attr]  # it is async
            passed += len(block)
        return httpx2.Response(206)

    sender = ChunkSender(Receiver(swallow), UploadHosts())
    await sender.send(URL, PLAN, FIRST, blocks(1000))
    assert 0 < passed <= 100


@pytest.mark.parametrize("size", [99, 100, 101])
async def test_the_source_is_closed_however_sending_ends(size: int) -> None:
    closed = []

    async def source() -> AsyncGenerator[bytes]:
        try:
            async for block in blocks(size):
                yield block
        finally:
            closed.append(True)

    await Server(206).put(body=source())
    assert closed == [True]


async def test_the_source_is_closed_when_tiktok_answers_before_it_has_everything() -> None:
    closed = []

    async def source() -> AsyncGenerator[bytes]:
        try:
            async for block in blocks(100):
                yield block
        finally:
            closed.append(True)

    async def hasty(request: httpx2.Request) -> httpx2.Response:
        async for _ in request.stream:  # type: ignore[union-attr]  # it is async
            break
        return httpx2.Response(403)

    sender = ChunkSender(Receiver(hasty), UploadHosts())
    assert await sender.send(URL, PLAN, FIRST, source()) == Expired()
    assert closed == [True]


async def test_what_the_source_raises_is_passed_on() -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"x"
        raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        await Server(206).put(body=broken())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("x"), Unreachable("ConnectError")),
        (httpx2.ConnectTimeout("x"), Unreachable("ConnectTimeout")),
        (httpx2.WriteTimeout("x"), Retryable("upload_interrupted", "WriteTimeout")),
        (httpx2.RemoteProtocolError("x"), Retryable("upload_interrupted", "RemoteProtocolError")),
    ],
)
async def test_a_cut_connection_is_told_from_one_that_never_was(error: Exception, kind: Sent) -> None:
    async def cut(_: httpx2.Request) -> httpx2.Response:
        raise error

    sender = ChunkSender(Receiver(cut), UploadHosts())
    assert await sender.send(URL, PLAN, FIRST, blocks(100)) == kind


async def test_nothing_is_sent_to_a_host_that_is_not_tiktoks() -> None:
    server = Server(206)
    sender = ChunkSender(Receiver(server), UploadHosts())
    url = SecretStr("https://eviltiktokapis.com/?upload_token=1")
    assert await sender.send(url, PLAN, FIRST, blocks(100)) == Refused("upload_host_not_allowed")
    assert server.requests == []


async def test_a_type_that_tiktok_does_not_take_is_a_mistake_of_the_caller() -> None:
    sender = ChunkSender(Receiver(Server(206)), UploadHosts())
    with pytest.raises(ValueError, match="video/avi"):
        await sender.send(URL, PLAN, FIRST, blocks(100), content_type="video/avi")


async def test_the_upload_token_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await Server(206).put()
    assert "Xza" not in caplog.text
