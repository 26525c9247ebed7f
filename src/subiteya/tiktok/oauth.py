"""Login Kit: the way to TikTok's consent page, and tokens: got, renewed, given back.

Two peculiarities of TikTok (its desktop Login Kit page, and recorded answers): the PKCE challenge is the
*hexadecimal* SHA-256 although the method is called S256, and errors come with HTTP 200, so that only the body
decides. Lifetimes are taken from the answer alone: they changed from 24 h to 2 h in November 2026.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import httpx2
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from subiteya.domain.errors import SubiteyaError, TikTokRefused, TikTokTokenRejected, TikTokUnavailable
from subiteya.tiktok.endpoints import Endpoints
from subiteya.tiktok.wire import Question, Reply, ask, unreadable

LOGIN_SECONDS: Final = 12.0
"""Longest that one call may take: the account's row is locked meanwhile, and others wait 30 s for it."""

_DESKTOP_HOSTS: Final = frozenset({"localhost", "127.0.0.1"})
_VERIFIER_BYTES: Final = 48
_PASSING: Final = frozenset(
    {"server_error", "temporarily_unavailable", "rate_limit_exceeded", "internal_error"}
)
"""Refusals that say nothing about the grant: an account must not lose its connection over them."""


class Pkce(StrEnum):
    """How the code challenge is written."""

    NONE = "none"
    """None at all: what TikTok documents for web."""
    HEX = "hex"
    """Lowercase hex of the SHA-256: what TikTok demands of desktop apps."""
    BASE64URL = "base64url"
    """As RFC 7636 has it; some report that TikTok's web login wants it."""


def new_verifier() -> SecretStr:
    """A fresh PKCE verifier: 64 characters that the specification allows."""
    return SecretStr(secrets.token_urlsafe(_VERIFIER_BYTES))


def challenge_of(verifier: SecretStr, pkce: Pkce = Pkce.HEX) -> str:
    """The challenge that TikTok compares with the verifier later."""
    digest = hashlib.sha256(verifier.get_secret_value().encode("ascii"))
    if pkce is Pkce.BASE64URL:
        return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    return digest.hexdigest()


def is_desktop(redirect_uri: str) -> bool:
    """Whether TikTok treats this redirect address as a desktop app's, which must use PKCE."""
    return httpx2.URL(redirect_uri).host in _DESKTOP_HOSTS


@dataclass(frozen=True, slots=True)
class Authorization:
    """Where to send the user, and what to keep until they come back.

    Attributes:
        url: TikTok's consent page.
        verifier: To be handed to `exchange`; None without PKCE.
    """

    url: str
    verifier: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A user's tokens. Both must be stored before either is used: the pair before them is dead.

    Attributes:
        access_token: For the API.
        access_expires_at: When it ends.
        refresh_token: For the next pair.
        refresh_expires_at: When it ends; then the user must connect again.
        open_id: The user, as this app knows them.
        scopes: What was really granted: users may untick.
    """

    access_token: SecretStr = field(repr=False)
    access_expires_at: datetime
    refresh_token: SecretStr = field(repr=False)
    refresh_expires_at: datetime
    open_id: str
    scopes: frozenset[str]


class OAuthClient:
    """Talks to Login Kit.

    `exchange`, `refresh` and `revoke` raise `TikTokTokenRejected` when the code or token is no longer good
    (`invalid_grant`: only connecting again helps), `TikTokRefused` with another category for what this
    installation must correct (`invalid_client`, …), `TikTokUnavailable` when the request never left or TikTok
    has a problem of its own, and `TikTokOutcomeUnknown` when it left and was not answered. After an unknown
    `refresh` the old token may be dead; asking once more with it tells.

    Args:
        endpoints: Where TikTok is.
        client_key: The app's key.
        client_secret: The app's secret.
        http: Client to send with, see `wire.new_http_client`; the caller closes it.
        web_pkce: Whether a web redirect brings a challenge; desktop redirects always do, in hex.
        now: The clock.
        deadline_seconds: Longest that one call may take.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        client_key: str,
        client_secret: SecretStr,
        http: httpx2.AsyncClient,
        *,
        web_pkce: Pkce = Pkce.NONE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        deadline_seconds: float = LOGIN_SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._client_key = client_key
        self._client_secret = client_secret
        self._http = http
        self._web_pkce = web_pkce
        self._now = now
        self._deadline_seconds = deadline_seconds

    def authorize(
        self, *, redirect_uri: str, scopes: Iterable[str], state: str, another_account: bool = False
    ) -> Authorization:
        """Where to send the user.

        Args:
            redirect_uri: One that is registered with TikTok, to the letter.
            scopes: What to ask for.
            state: Comes back unchanged; must be bound to this browser.
            another_account: Show the consent page even when the browser is signed in, so that another
                account can be chosen instead of the same one linked again.
        """
        pkce = Pkce.HEX if is_desktop(redirect_uri) else self._web_pkce
        parameters = {
            "client_key": self._client_key,
            "response_type": "code",
            "scope": ",".join(scopes),
            "redirect_uri": redirect_uri,
            "state": state,
        }
        verifier = None
        if pkce is not Pkce.NONE:
            verifier = new_verifier()
            parameters |= {"code_challenge": challenge_of(verifier, pkce), "code_challenge_method": "S256"}
        if another_account:
            parameters["disable_auto_auth"] = "1"
        return Authorization(f"{self._endpoints.authorize}?{httpx2.QueryParams(parameters)}", verifier)

    async def exchange(
        self, code: SecretStr, *, redirect_uri: str, verifier: SecretStr | None = None
    ) -> TokenPair:
        """The tokens for a code, which works once and for a short time.

        Args:
            code: From the callback, already URL-decoded.
            redirect_uri: The same as for `authorize`.
            verifier: From `authorize`.
        """
        form = {"code": code, "redirect_uri": SecretStr(redirect_uri)}
        if verifier is not None:
            form["code_verifier"] = verifier
        return await self._tokens("oauth_exchange", "authorization_code", form)

    async def refresh(self, refresh_token: SecretStr) -> TokenPair:
        """A new pair; the old refresh token stops working at once, so hold the account's lock."""
        return await self._tokens("oauth_refresh", "refresh_token", {"refresh_token": refresh_token})

    async def revoke(self, access_token: SecretStr) -> None:
        """Give the access back. An expired token is refused and leaves the grant alive: refresh first."""
        question = self._question("oauth_revoke", "/v2/oauth/revoke/", {"token": access_token})
        reply = await ask(self._http, question, deadline_seconds=self._deadline_seconds)
        if reply.body is not None:
            _raise_if_refused(question, reply)
        if not httpx2.codes.is_success(reply.http_status) or (reply.body is None and not reply.empty):
            raise _judged(unreadable(question, reply))

    async def _tokens(self, name: str, grant: str, form: dict[str, SecretStr]) -> TokenPair:
        question = self._question(name, "/v2/oauth/token/", {"grant_type": SecretStr(grant), **form})
        asked_at = self._now()
        reply = await ask(self._http, question, deadline_seconds=self._deadline_seconds)
        _raise_if_refused(question, reply)
        if reply.body is None:
            raise _judged(unreadable(question, reply))
        try:
            return _TokenAnswer.model_validate(reply.body.without_nulls()).pair(asked_at)
        except ValidationError as error:
            fields = sorted({str(part["loc"][0]) for part in error.errors(include_input=False)})
            raise question.no_answer(f"unusable answer: {', '.join(fields)}") from None

    def _question(self, name: str, path: str, form: dict[str, SecretStr]) -> Question:
        app = {"client_key": SecretStr(self._client_key), "client_secret": self._client_secret}
        return Question(name, "POST", f"{self._endpoints.api}{path}", acts=True, form=app | form)


class _TokenAnswer(BaseModel):
    """The token endpoint's flat answer."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: Annotated[SecretStr, Field(min_length=1)]
    refresh_token: Annotated[SecretStr, Field(min_length=1)]
    expires_in: int = Field(gt=0)
    refresh_expires_in: int = Field(gt=0)
    open_id: str = Field(min_length=1)
    scope: str

    def pair(self, asked_at: datetime) -> TokenPair:
        """The pair; counted from before the question, so that no lifetime is believed longer than it is."""
        return TokenPair(
            access_token=self.access_token,
            access_expires_at=asked_at + timedelta(seconds=self.expires_in),
            refresh_token=self.refresh_token,
            refresh_expires_at=asked_at + timedelta(seconds=self.refresh_expires_in),
            open_id=self.open_id,
            scopes=frozenset(scope.strip() for scope in self.scope.split(",") if scope.strip()),
        )


def _raise_if_refused(question: Question, reply: Reply) -> None:
    """OAuth errors are flat: `error` (a category), `error_description`, `log_id`, whatever the status."""
    body: Any = reply.body or {}
    error = body.get("error")
    if isinstance(error, dict):  # a gateway's envelope, as outside OAuth
        code, said, log_id = error.get("code"), error.get("message"), error.get("log_id")
    else:
        code, said, log_id = error, body.get("error_description"), body.get("log_id")
    if not isinstance(code, str) or code in {"", "ok"}:
        return
    raise _judged(question.refused(code, http_status=reply.http_status, said=said, log_id=log_id))


def _judged(error: SubiteyaError) -> SubiteyaError:
    """A refusal as the kind of error it really is."""
    if isinstance(error, TikTokRefused) and error.tiktok_code in _PASSING:
        return TikTokUnavailable(**error.context)
    if isinstance(error, TikTokRefused) and error.tiktok_code == "invalid_grant":
        return TikTokTokenRejected(**error.context)
    return error
