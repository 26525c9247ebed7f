"""The API as the command line uses it: over HTTP, with its own sentences for what goes wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from subiteya.domain.errors import SubiteyaError, Unavailable

PATIENCE: Final = httpx2.Timeout(60.0, connect=5.0)


class ServerUnreachable(Unavailable):
    """No SubiteYa answers at the address."""

    code = "server_unreachable"
    message = "No SubiteYa answers at {url}. Is it running? Start it with: subiteya up"


class ServerRefused(SubiteyaError):
    """The server said no; its own sentence says why."""

    code = "server_refused"
    message = "{why}"

    @property
    def status_code(self) -> int:
        """The answer's HTTP status."""
        return int(str(self.context.get("http_status", 0)))


class ApiClient:
    """Talks to one server with one key.

    Args:
        http: A client whose base address and headers are set, see `open_api`.
    """

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, **query: Any) -> Any:
        """GET as JSON."""
        return await self.ask("GET", path, params=query or None)

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """POST JSON, answer as JSON."""
        return await self.ask("POST", path, json=body if body is not None else {}, params=query or None)

    async def ask(self, method: str, path: str, **how: Any) -> Any:
        """One request below `/api`.

        Raises:
            ServerUnreachable: nobody answers there.
            ServerRefused: the answer is a problem document, or no JSON at all.
        """
        try:
            response = await self._http.request(method, f"/api{path}", **how)
        except httpx2.TransportError:
            raise ServerUnreachable(url=str(self._http.base_url).rstrip("/")) from None
        if response.is_success:
            return response.json() if response.content else None
        raise _refusal(response)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """The live events: pairs of event name and data, until the server ends the stream.

        Raises:
            ServerUnreachable: nobody answers there, or the connection broke.
            ServerRefused: not allowed.
        """
        timeout = httpx2.Timeout(5.0, read=45.0)  # the server gives a sign of life every 15 s
        try:
            async with self._http.stream("GET", "/api/events", timeout=timeout) as response:
                if not response.is_success:
                    await response.aread()
                    raise _refusal(response)
                yield _parsed(response)
        except httpx2.TransportError:
            raise ServerUnreachable(url=str(self._http.base_url).rstrip("/")) from None


@asynccontextmanager
async def open_api(url: str, key: str, language: str) -> AsyncIterator[ApiClient]:
    """A client for the server at `url`."""
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}
    async with httpx2.AsyncClient(
        base_url=url.rstrip("/"), headers=headers, timeout=PATIENCE, trust_env=not _is_local(url)
    ) as http:
        yield ApiClient(http)


def _is_local(url: str) -> bool:
    return httpx2.URL(url).host in {"127.0.0.1", "localhost", "::1"}


def _refusal(response: httpx2.Response) -> ServerRefused:
    try:
        problem = response.json()
        why = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        problem, why = {}, f"HTTP {response.status_code}"
    return ServerRefused(why=why, http_status=response.status_code, server_code=problem.get("code"))


async def _parsed(response: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    """Server-sent events, as the HTML standard has them: fields by line, an empty line ends an event."""
    event = "message"
    data: list[str] = []
    async for line in response.aiter_lines():
        if not line:
            if data:
                yield event, json.loads("\n".join(data))
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
