"""Send one chunk of a video to TikTok: streamed, of exactly the promised length, to TikTok's hosts only.

The answer is a value that says what the ledger may do next. Nothing here repeats anything: a chunk may be
sent twice without harm, but when and how often is the caller's policy.

Source: TikTok's media transfer guide (statuses, Content-Range) and what clients were seen to receive.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

import httpx2
from pydantic import SecretStr

from subiteya.domain.chunks import Chunk, ChunkPlan
from subiteya.tiktok.endpoints import UploadHosts
from subiteya.tiktok.wire import CONNECT_SECONDS, NEVER_LEFT, USER_AGENT

CONTENT_TYPES: Final = frozenset({"video/mp4", "video/quicktime", "video/webm"})
IDLE_SECONDS: Final = 60.0
"""Longest silence of the connection while a chunk is under way, in seconds."""
CHUNK_SECONDS: Final = 1800.0
"""Longest that one chunk may take, in seconds; the upload address lives for an hour."""

_PROGRESS = re.compile(r"^\s*(?:bytes[\s=]+)?\d+\s*-\s*(\d+)\s*/\s*(\d+|\*)\s*$", re.IGNORECASE)
_STORED: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.PARTIAL_CONTENT})
_PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """TikTok has the chunk.

    Attributes:
        bytes_acknowledged: Bytes of the file that it has now.
        complete: Whether that is all of them; then it begins to process.
    """

    bytes_acknowledged: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Resync:
    """TikTok expects another byte than the chunk's first.

    Attributes:
        acknowledged: Bytes that it has, or None when it did not say: then `fetch_status` may tell.
    """

    acknowledged: int | None


@dataclass(frozen=True, slots=True)
class Expired:
    """The upload address is no longer valid. Ask for the status; a new `init` only if bytes were missing."""


@dataclass(frozen=True, slots=True)
class Gone:
    """TikTok knows no upload at this address, perhaps because it is complete: ask for the status."""


@dataclass(frozen=True, slots=True)
class Retryable:
    """It may work when the same chunk is sent again; `code` is a key of the error table."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The chunk never left: nobody there takes a connection."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not work however often it is tried; `code` is a key of the error table."""

    code: str
    detail: str = ""


Sent: TypeAlias = Acknowledged | Resync | Expired | Gone | Retryable | Unreachable | Refused
"""What became of a chunk."""


def new_upload_transport() -> httpx2.AsyncHTTPTransport:
    """A transport fit for chunks: the connection is kept from one chunk to the next.

    Chunks go through a bare transport and not through a client, because a client logs each address, and this
    one carries the upload token; nor does a transport follow redirects, keep cookies or add credentials.
    Proxies named in the environment are not used.
    """
    return httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20))


class ChunkSender:
    """Sends chunks.

    Args:
        transport: What to send with, see `new_upload_transport`; the caller closes it.
        hosts: Where videos may be sent.
        idle_seconds: Longest silence of the connection.
        chunk_seconds: Longest that one chunk may take.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport,
        hosts: UploadHosts,
        *,
        idle_seconds: float = IDLE_SECONDS,
        chunk_seconds: float = CHUNK_SECONDS,
    ) -> None:
        self._transport = transport
        self._hosts = hosts
        self._timeout = httpx2.Timeout(idle_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        self._chunk_seconds = chunk_seconds

    async def send(
        self,
        upload_url: SecretStr,
        plan: ChunkPlan,
        chunk: Chunk,
        body: AsyncIterable[bytes],
        *,
        content_type: str = "video/mp4",
    ) -> Sent:
        """Send one chunk.

        Args:
            upload_url: From `init`; used as it is, query included.
            plan: The plan that `init` was told.
            chunk: The part to send.
            body: Its bytes, in blocks; a generator is closed when sending ends, however it ends. What it
                raises is passed on.
            content_type: One of `CONTENT_TYPES`.
        """
        if content_type not in CONTENT_TYPES:
            raise ValueError(f"TikTok takes no {content_type}")
        if not self._hosts.allows(upload_url.get_secret_value()):
            return Refused("upload_host_not_allowed")
        try:
            async with asyncio.timeout(self._chunk_seconds):
                response = await self._put(upload_url, chunk, _exactly(body, chunk.size), content_type)
        except _WrongLengthError as error:
            # Too few bytes is a source that broke off; too many is one that sent another part of the file.
            return Refused("source_too_long") if error.too_long else Retryable("source_ended_early")
        except NEVER_LEFT as error:
            return Unreachable(type(error).__name__)
        except (httpx2.HTTPError, TimeoutError) as error:
            return Retryable("upload_interrupted", type(error).__name__)
        return _meaning(response.status_code, response.headers.get("Content-Range"), plan, chunk)

    async def _put(
        self, upload_url: SecretStr, chunk: Chunk, body: AsyncGenerator[bytes], content_type: str
    ) -> httpx2.Response:
        request = httpx2.Request(
            "PUT",
            upload_url.get_secret_value(),
            headers={
                "User-Agent": USER_AGENT,
                "Content-Type": content_type,
                "Content-Length": str(chunk.size),
                "Content-Range": chunk.content_range,
            },
            content=body,
            extensions={"timeout": self._timeout.as_dict()},
        )
        try:
            response = await self._transport.handle_async_request(request)
            await response.aread()
        finally:
            await body.aclose()
        return response


class _WrongLengthError(Exception):
    """The body is not as long as the chunk."""

    def __init__(self, *, too_long: bool) -> None:
        self.too_long = too_long
        super().__init__()


async def _exactly(body: AsyncIterable[bytes], size: int) -> AsyncGenerator[bytes]:
    """Pass blocks on, and raise instead of sending more or fewer bytes than were promised."""
    missing = size
    try:
        async for block in body:
            missing -= len(block)
            if missing < 0:
                raise _WrongLengthError(too_long=True)
            yield block
        if missing:
            raise _WrongLengthError(too_long=False)
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()


def _meaning(status: int, content_range: str | None, plan: ChunkPlan, chunk: Chunk) -> Sent:
    has = _progress(content_range, plan)
    answer: Sent
    if status in _STORED:
        # The status says that this chunk is stored; a progress that contradicts it is believed instead.
        agrees = has is None or has == chunk.end
        answer = Acknowledged(chunk.end, complete=chunk.is_last) if agrees else Resync(has)
    elif status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        # Refused where it says it stands: moving there again would go round in circles.
        stuck = has == chunk.first
        answer = Retryable("upload_position_unexpected") if stuck else Resync(has)
    elif status == HTTPStatus.FORBIDDEN:
        answer = Expired()
    elif status == HTTPStatus.NOT_FOUND:
        answer = Gone()
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        answer = Retryable("upload_server_error", f"HTTP {status}")
    elif status == HTTPStatus.BAD_REQUEST:
        answer = Refused("upload_headers_refused", f"HTTP {status}")
    else:
        answer = Refused("upload_answer_unexpected", f"HTTP {status}")
    return answer


def _progress(content_range: str | None, plan: ChunkPlan) -> int | None:
    """Bytes that TikTok has, from its progress header; None when it says nothing that can be read."""
    match = _PROGRESS.match(content_range or "")
    if match is None or match.group(2) not in {"*", str(plan.size)}:
        return None
    return plan.acknowledged(int(match.group(1)))
