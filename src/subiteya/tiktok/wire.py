"""One question to TikTok: sent with limits on every wait, answered or not, and what "not" means.

The distinction that the ledger lives by is made here:

* `TikTokUnavailable`: the request certainly was not carried out (it never left, or asking again is harmless).
* `TikTokOutcomeUnknown`: it left, and no readable answer came back. It may have been carried out.
* an answer, in which TikTok may still refuse (`TikTokRefused`).
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import httpx2
from pydantic import SecretStr

from subiteya import __version__
from subiteya.domain.errors import (
    SubiteyaError,
    TikTokOutcomeUnknown,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)

USER_AGENT: Final = f"SubiteYa/{__version__}"
CONNECT_SECONDS: Final = 10.0
DEADLINE_SECONDS: Final = 45.0
"""Longest that a question may take altogether, in seconds."""

NEVER_LEFT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_SAID_CHARACTERS: Final = 300


def new_http_client(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """An HTTP client fit for TikTok's API.

    Connections are not kept: one that the server closes at the very moment we reuse it would leave an `init`
    in doubt for nothing. A new connection per question costs little, as a post needs about ten of them.
    """
    return httpx2.AsyncClient(
        transport=transport,
        verify=_tls(),
        limits=httpx2.Limits(max_connections=100, max_keepalive_connections=0),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        follow_redirects=False,
    )


@cache
def _tls() -> ssl.SSLContext:
    """One for the process: loading the certificates costs 0.05 s of CPU time."""
    return httpx2.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Question:
    """A request, with its secrets under cover.

    Attributes:
        name: What is asked, for errors and logs.
        method: HTTP method.
        url: Address; holds no secret.
        acts: Whether it changes something, so that asking twice is not harmless.
        token: Access token for the Authorization header.
        payload: JSON body.
        form: Form body; all of it is kept secret.
    """

    name: str
    method: str
    url: str
    acts: bool
    token: SecretStr | None = None
    payload: Mapping[str, Any] | None = None
    form: Mapping[str, SecretStr] | None = field(default=None, repr=False)

    def no_answer(self, why: str, *, http_status: int = 0) -> SubiteyaError:
        """The error for a question that left and was not answered."""
        kind = TikTokOutcomeUnknown if self.acts else TikTokUnavailable
        return kind(call=self.name, why=why, http_status=http_status)

    def refused(
        self, code: str, *, http_status: int, said: object = "", log_id: object = ""
    ) -> TikTokRefused:
        """The error for an answer that says no."""
        kind = TikTokTokenRejected if code == "access_token_invalid" else TikTokRefused
        return kind(
            call=self.name,
            tiktok_code=code,
            http_status=http_status,
            said=str(said or "")[:_SAID_CHARACTERS],
            log_id=str(log_id or ""),
        )


class Covered(dict[str, Any]):
    """A JSON object that may hold tokens or upload addresses: logs and tracebacks show none of it."""

    def __repr__(self) -> str:
        return "Covered(…)"

    def without_nulls(self) -> Covered:
        """The fields that hold something: TikTok sends null and leaves out as it likes."""
        return Covered({name: value for name, value in self.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the HTTP status, the JSON object if there is one, and whether there was nothing."""

    http_status: int
    body: Covered | None
    empty: bool = False


async def ask(
    http: httpx2.AsyncClient, question: Question, *, deadline_seconds: float = DEADLINE_SECONDS
) -> Reply:
    """Send a question and read the reply, whatever its status.

    Raises:
        TikTokUnavailable: It never left, or it is harmless and was not answered.
        TikTokOutcomeUnknown: It acts, it left, and it was not answered.
    """
    # Errors are raised `from None`: the frames below hold the token in plain text, and a logger that
    # prints the locals of a chained traceback would show it.
    timeout = httpx2.Timeout(deadline_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
    try:
        async with asyncio.timeout(deadline_seconds):
            response = await http.request(
                question.method,
                question.url,
                headers=_headers(question),
                content=_content(question),
                timeout=timeout,
                follow_redirects=False,
            )
    except NEVER_LEFT as error:
        raise TikTokUnavailable(call=question.name, why=type(error).__name__) from None
    except (httpx2.HTTPError, TimeoutError) as error:
        raise question.no_answer(type(error).__name__) from None
    return Reply(response.status_code, _json_object(response.content), empty=not response.content.strip())


def unreadable(question: Question, reply: Reply) -> SubiteyaError:
    """The error for a reply that is not in TikTok's own words: a gateway, a proxy, a cut body.

    A gateway that says 3xx or 4xx has refused the request before anything was carried out; anything else
    says nothing about what happened behind it.
    """
    status = reply.http_status
    if status == HTTPStatus.UNAUTHORIZED:
        return question.refused("access_token_invalid", http_status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return question.refused("rate_limit_exceeded", http_status=status)
    if 300 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT:  # noqa: PLR2004 - status classes
        return question.refused(f"http_{status}", http_status=status)
    return question.no_answer("unreadable answer", http_status=status)


def open_envelope(question: Question, reply: Reply) -> Covered:
    """The `data` of an answer outside OAuth, with `log_id` put into it.

    Success is `error.code == "ok"` and nothing else: TikTok sends some refusals with HTTP 200.

    Raises:
        TikTokRefused: TikTok said no.
        TikTokUnavailable: Unreadable, and the question is harmless.
        TikTokOutcomeUnknown: Unreadable, and the question acts.
    """
    body = reply.body or Covered()
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, str) or not code:
        raise unreadable(question, reply)
    # The tables of the documentation say `logid`, its samples and live answers `log_id`.
    log_id = str(error.get("log_id") or error.get("logid") or "")
    if code != "ok":
        raise question.refused(code, http_status=reply.http_status, said=error.get("message"), log_id=log_id)
    data = body.get("data")
    return Covered(data if isinstance(data, dict) else {}, log_id=log_id)


def _headers(question: Question) -> dict[str, str]:
    headers = {}
    if question.token is not None:
        headers["Authorization"] = f"Bearer {question.token.get_secret_value()}"
    if question.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif question.method == "POST":
        headers["Content-Type"] = "application/json; charset=UTF-8"
    return headers


def _content(question: Question) -> bytes | None:
    if question.form is not None:
        pairs = {name: value.get_secret_value() for name, value in question.form.items()}
        return str(httpx2.QueryParams(pairs)).encode()
    if question.payload is not None:
        return json.dumps(question.payload, ensure_ascii=False, allow_nan=False).encode()
    return None


def _json_object(content: bytes) -> Covered | None:
    """The JSON object, or None. Python's integers have no limit, so that 19-digit ids stay exact."""
    try:
        body = json.loads(content, object_hook=Covered)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, Covered) else None
