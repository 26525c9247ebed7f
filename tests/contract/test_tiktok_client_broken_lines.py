"""The client on lines that break: refused, silent, dripping and cut connections, on a bare socket server."""

from __future__ import annotations

import asyncio
import logging
import socket
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
from pydantic import SecretStr

from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import TikTokOutcomeUnknown, TikTokRefused, TikTokUnavailable
from subiteya.domain.privacy import PrivacyLevel
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.endpoints import UploadHosts
from subiteya.tiktok.requests import PostInfo
from subiteya.tiktok.transfer import (
    Acknowledged,
    ChunkSender,
    Expired,
    Retryable,
    Sent,
    Unreachable,
    new_upload_transport,
)
from subiteya.tiktok.wire import new_http_client

TOKEN = SecretStr("act.very-secret")
POST = PostInfo(PrivacyLevel.SELF_ONLY)
SMALL = ChunkPlan.for_size(1000)
LARGE = ChunkPlan(size=48_000_000, chunk_size=24_000_000, count=2)
STORED = b"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Line:
    """What a script may do with one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> tuple[str, bytes]:
        """Read one request: its head, and as much of its body as its length says."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        return head, await self.reader.readexactly(int(lines.get("content-length", "0")))

    async def say(self, text: bytes) -> None:
        self.writer.write(text)
        await self.writer.drain()

    def cut(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Line], Awaitable[None]]


@dataclass
class Server:
    """A server that does what its script says, on a port of its own."""

    url: str
    connections: list[asyncio.Task[None]] = field(default_factory=list)


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        try:
            await script(Line(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Server(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", served)
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


@asynccontextmanager
async def client_of(script: Script, *, deadline_seconds: float = 10) -> AsyncIterator[TikTokClient]:
    async with serving(script) as server, new_http_client() as http:
        yield TikTokClient(server.url, http, deadline_seconds=deadline_seconds)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def silence(line: Line) -> None:
    await line.request()
    await asyncio.sleep(600)


async def cut_after_request(line: Line) -> None:
    await line.request()
    line.cut()


async def cut_within_answer(line: Line) -> None:
    await line.request()
    await line.say(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"data":{"publish_id":"v~1"')
    line.cut()


async def drip(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await line.say(b" ")
        await asyncio.sleep(0.01)


async def nonsense(line: Line) -> None:
    await line.request()
    await line.say(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")


async def test_where_nobody_listens_nothing_was_asked() -> None:
    async with new_http_client() as http:
        client = TikTokClient(f"http://127.0.0.1:{free_port()}", http)
        with pytest.raises(TikTokUnavailable) as nobody:
            await client.init_video(TOKEN, POST, SMALL)
    assert nobody.value.context["why"] == "ConnectError"


@pytest.mark.parametrize("script", [cut_after_request, cut_within_answer, nonsense])
async def test_a_line_that_breaks_after_the_request_leaves_an_act_in_doubt(script: Script) -> None:
    async with client_of(script) as client:
        with pytest.raises(TikTokOutcomeUnknown):
            await client.init_video(TOKEN, POST, SMALL)
        with pytest.raises(TikTokUnavailable):
            await client.fetch_status(TOKEN, "v~1")


@pytest.mark.parametrize("script", [silence, drip])
async def test_no_server_can_hold_us_longer_than_the_deadline(script: Script) -> None:
    async with client_of(script, deadline_seconds=0.3) as client:
        with pytest.raises(TikTokOutcomeUnknown):
            async with asyncio.timeout(20):
                await client.init_video(TOKEN, POST, SMALL)


async def test_a_redirect_is_not_followed_so_that_the_token_goes_nowhere_else() -> None:
    async def trap(line: Line) -> None:
        reached.append((await line.request())[0])

    reached: list[str] = []
    async with serving(trap) as elsewhere:

        async def redirect(line: Line) -> None:
            await line.request()
            answer = (
                f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n"
            )
            await line.say(answer.encode())

        async with client_of(redirect) as client:
            with pytest.raises(TikTokRefused) as refused:
                await client.creator_info(TOKEN)
    assert refused.value.tiktok_code == "http_307"
    assert reached == []


async def test_every_question_has_a_connection_of_its_own_so_that_none_is_lost_in_a_stale_one() -> None:
    answer = b'{"data":{"status":"FAILED"},"error":{"code":"ok"}}'

    async def answering(line: Line) -> None:
        while True:
            await line.request()
            await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    async with serving(answering) as server, new_http_client() as http:
        for _ in range(3):
            await TikTokClient(server.url, http).fetch_status(TOKEN, "v~1")
        assert len(server.connections) == 3


async def blocks(size: int, block: int = 65_536) -> AsyncGenerator[bytes]:
    data = b"x" * block
    while size > 0:
        yield data[:size]
        size -= block


@dataclass
class Sending:
    """A sender, and the address to send to."""

    sender: ChunkSender
    url: SecretStr
    server: Server

    async def send(self, plan: ChunkPlan = LARGE, number: int = 0) -> Sent:
        chunk = [*plan][number]
        return await self.sender.send(self.url, plan, chunk, blocks(chunk.size))


@asynccontextmanager
async def sending_to(script: Script, *, idle: float = 10, whole: float = 60) -> AsyncIterator[Sending]:
    async with serving(script) as server, new_upload_transport() as transport:
        hosts = UploadHosts(server.url)
        sender = ChunkSender(transport, hosts, idle_seconds=idle, chunk_seconds=whole)
        yield Sending(sender, SecretStr(f"{server.url}/video/?upload_token=very-secret"), server)


async def test_a_chunk_on_the_wire_is_exactly_what_was_promised() -> None:
    heads: list[str] = []
    sizes: list[int] = []

    async def store(line: Line) -> None:
        while True:
            head, body = await line.request()
            heads.append(head)
            sizes.append(len(body))
            await line.say(STORED)

    async with sending_to(store) as sending:
        assert await sending.send(number=0) == Acknowledged(24_000_000, complete=False)
        assert await sending.send(number=1) == Acknowledged(48_000_000, complete=True)
        assert len(sending.server.connections) == 1, "chunks share a connection"
    assert sizes == [24_000_000, 24_000_000]
    first = heads[0].lower().split("\r\n")
    assert first[0] == "put /video/?upload_token=very-secret http/1.1"
    assert "content-length: 24000000" in first
    assert "content-range: bytes 0-23999999/48000000" in first
    assert not any(line.startswith(("authorization", "cookie", "transfer-encoding")) for line in first)


async def test_an_early_refusal_is_heard_although_the_chunk_was_not_through() -> None:
    async def hasty(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        await line.say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        while await line.reader.read(65_536):
            pass

    async with sending_to(hasty) as sending:
        assert await sending.send() == Expired()


async def test_a_line_that_breaks_within_a_chunk_is_retryable() -> None:
    async def breaking(line: Line) -> None:
        await line.reader.readexactly(1_000_000)
        line.cut()

    async with sending_to(breaking) as sending:
        sent = await sending.send()
    assert isinstance(sent, Retryable)
    assert sent.code == "upload_interrupted"


async def test_a_line_that_breaks_before_the_answer_is_retryable() -> None:
    async with sending_to(cut_after_request) as sending:
        assert await sending.send(SMALL) == Retryable("upload_interrupted", "RemoteProtocolError")


async def test_a_server_that_stops_reading_is_given_up() -> None:
    async def deaf(line: Line) -> None:
        line.reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has no public word
        await asyncio.sleep(600)

    async with sending_to(deaf, idle=0.3) as sending:
        assert await sending.send() == Retryable("upload_interrupted", "WriteTimeout")


@pytest.mark.parametrize("script", [silence, drip])
async def test_no_server_can_hold_a_chunk_longer_than_allowed(script: Script) -> None:
    async with sending_to(script, whole=0.3) as sending, asyncio.timeout(20):
        assert await sending.send(SMALL) == Retryable("upload_interrupted", "TimeoutError")


async def test_where_nobody_listens_no_chunk_has_left() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with new_upload_transport() as transport:
        sending = Sending(ChunkSender(transport, UploadHosts(url)), SecretStr(url), Server(url))
        assert await sending.send(SMALL) == Unreachable("ConnectError")


async def test_a_chunk_is_never_held_in_memory() -> None:
    async def swallow(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        missing = 24_000_000
        while missing:
            missing -= len(await line.reader.read(65_536))
        await line.say(STORED)

    async with sending_to(swallow) as sending:
        tracemalloc.start()
        try:
            await sending.send()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4_000_000


def hear_libraries(caplog: pytest.LogCaptureFixture) -> None:
    """Let every library log, whatever another test has set for it."""
    for name in (None, "httpcore2", "httpx2"):
        caplog.set_level(logging.DEBUG, logger=name)


async def test_the_upload_token_reaches_no_log_of_any_library(caplog: pytest.LogCaptureFixture) -> None:
    async def store(line: Line) -> None:
        await line.request()
        await line.say(STORED)

    hear_libraries(caplog)
    async with sending_to(store) as sending:
        await sending.send(SMALL)
    assert "receive_response_headers" in caplog.text, "the libraries did log"
    assert "very-secret" not in caplog.text


async def test_the_access_token_reaches_no_log_of_any_library(caplog: pytest.LogCaptureFixture) -> None:
    hear_libraries(caplog)
    async with client_of(cut_within_answer) as client:
        with pytest.raises(TikTokOutcomeUnknown):
            await client.init_video(TOKEN, POST, SMALL)
    assert "receive_response_headers" in caplog.text, "the libraries did log"
    assert "very-secret" not in caplog.text


async def test_what_the_source_raises_comes_through_a_real_connection() -> None:
    class SourceBrokeError(Exception):
        pass

    async def broken() -> AsyncGenerator[bytes]:
        yield b"x" * 100
        raise SourceBrokeError

    async with sending_to(silence) as sending:
        chunk = next(iter(SMALL))
        with pytest.raises(SourceBrokeError):
            await sending.sender.send(sending.url, SMALL, chunk, broken())


async def test_a_sending_that_is_called_off_closes_source_and_line_at_once() -> None:
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"x" * 65_536
        finally:
            closed.set()

    async def reading(line: Line) -> None:
        while await line.reader.read(65_536):
            begun.set()
        hung_up.set()

    begun, hung_up = asyncio.Event(), asyncio.Event()
    async with sending_to(reading) as sending:
        chunk = next(iter(LARGE))
        task = asyncio.create_task(sending.sender.send(sending.url, LARGE, chunk, source()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed.is_set()
        async with asyncio.timeout(20):
            await hung_up.wait()


def test_a_client_logs_addresses_which_is_why_chunks_go_without_one(caplog: pytest.LogCaptureFixture) -> None:
    hear_libraries(caplog)
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(206))) as http:
        http.put("https://open-upload.tiktokapis.com/video/?upload_token=s3cret")
    assert "s3cret" in caplog.text
