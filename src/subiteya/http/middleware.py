"""Around every request: an id, bound log lines, safe headers, a count, and the log of what nobody foresaw.

Plain ASGI, so that streams pass through without a task or a buffer of their own.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subiteya.http import problems
from subiteya.observe.context import about
from subiteya.observe.metrics import HttpMetrics

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_QUIET: Final = ("/api/health", "/api/ready", "/api/metrics", "/static/")
_NO_ROUTE: Final = "(none)"
_log = structlog.get_logger("subiteya.http")


class AroundRequest:
    """The outermost layer, around the framework's own guards too.

    Args:
        app: What answers.
        metrics: Where answers are counted.
        headers: Set on each answer that does not set them itself.
    """

    def __init__(self, app: ASGIApp, *, metrics: HttpMetrics, headers: Mapping[str, str]) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, {**self._headers, "X-Request-ID": request_id})
        begun = time.perf_counter()
        with about(request_id=request_id):
            try:
                await self._app(scope, receive, answer.send)
                if answer.refused_by_guard:
                    refusal = problems.answer(Request(scope), problems.BodyTooLarge())
                    await refusal(scope, receive, answer.send)
            except Exception:
                _log.exception("an error that nobody foresaw")
                if not answer.complete:
                    raise  # half an answer is out: only closing the connection tells the truth
            finally:
                self._count(scope, answer.status, time.perf_counter() - begun)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        route = _route_of(scope)
        self._metrics.requests.labels(method, route, str(status or "broken")).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        say = _log.debug if path.startswith(_QUIET) else _log.info
        say("answered", method=method, path=path, status=status or "broken", ms=round(seconds * 1000))


class _Answer:
    """Watches one answer on its way out, and completes its headers."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0
        self.complete = False
        self.refused_by_guard = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            # The framework's guard of body sizes answers in its own plain words: a problem takes their place.
            self.refused_by_guard = message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and headers.get(
                "content-type", ""
            ).startswith("text/plain")
            self.status = message["status"]
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self.complete = not message.get("more_body", False)
        if not self.refused_by_guard:
            await self._send(message)


def _route_of(scope: Scope) -> str:
    """The route's template and not the path: paths hold ids, and one of them a login token."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return _NO_ROUTE
    # Included routers know their paths without the prefix that they are included with.
    return f"/api{path}" if scope["path"].startswith("/api/") and not path.startswith("/api/") else path


def _request_id(scope: Scope) -> str:
    """The caller's own id if it has a harmless shape, so that a proxy's logs meet ours; else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
