from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from traceback import TracebackException
from urllib.parse import parse_qs

import httpx2
import pytest
from pydantic import SecretStr

from subiteya.domain.errors import (
    SubiteyaError,
    TikTokOutcomeUnknown,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)
from subiteya.tiktok.endpoints import Endpoints, UploadHosts
from subiteya.tiktok.oauth import OAuthClient, Pkce, challenge_of, is_desktop, new_verifier
from subiteya.tiktok.wire import new_http_client

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)
ENDPOINTS = Endpoints("https://open.example", "https://www.example/v2/auth/authorize/", UploadHosts())
WEB = "https://subiteya.example/api/accounts/callback"
DESKTOP = "http://127.0.0.1:3001/api/accounts/callback"
OLD = SecretStr("rft.very-secret")
ANSWER = {
    "access_token": "act.new",
    "expires_in": 7200,
    "refresh_token": "rft.new",
    "refresh_expires_in": 15_552_000,
    "open_id": "-000YSS_x",
    "scope": "user.info.basic,video.publish",
    "token_type": "Bearer",
}


def oauth(
    *,
    status: int = 200,
    body: object = None,
    raw: bytes | None = None,
    error: Exception | None = None,
    seen: list[httpx2.Request] | None = None,
    web_pkce: Pkce = Pkce.NONE,
) -> OAuthClient:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        if error is not None:
            raise error
        return httpx2.Response(status, content=raw if raw is not None else json.dumps(body).encode())

    http = new_http_client(httpx2.MockTransport(handler))
    return OAuthClient(ENDPOINTS, "ck", SecretStr("cs-secret"), http, web_pkce=web_pkce, now=lambda: NOW)


def form(request: httpx2.Request) -> dict[str, str]:
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return {
        name: values[0] for name, values in parse_qs(request.content.decode(), strict_parsing=True).items()
    }


def query(url: str) -> dict[str, str]:
    return dict(httpx2.URL(url).params)


def test_the_challenge_is_hex_and_not_what_the_rfc_says() -> None:
    verifier = SecretStr("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge_of(verifier) == "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"
    assert challenge_of(verifier, Pkce.BASE64URL) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_fresh_long_and_of_the_allowed_characters() -> None:
    verifiers = {new_verifier().get_secret_value() for _ in range(50)}
    assert len(verifiers) == 50
    assert all(43 <= len(v) <= 128 and v.replace("-", "").replace("_", "").isalnum() for v in verifiers)


@pytest.mark.parametrize(
    ("redirect_uri", "desktop"),
    [(DESKTOP, True), ("http://localhost:1/", True), (WEB, False), ("https://localhost.example/", False)],
)
def test_desktop_redirects_are_known_by_their_host(redirect_uri: str, *, desktop: bool) -> None:
    assert is_desktop(redirect_uri) is desktop


def test_a_web_login_asks_as_documented() -> None:
    authorization = oauth().authorize(
        redirect_uri=WEB, scopes=["user.info.basic", "video.publish"], state="s+/=&t"
    )
    assert authorization.url.startswith("https://www.example/v2/auth/authorize/?")
    assert query(authorization.url) == {
        "client_key": "ck",
        "response_type": "code",
        "scope": "user.info.basic,video.publish",
        "redirect_uri": WEB,
        "state": "s+/=&t",
    }
    assert authorization.verifier is None


def test_a_desktop_login_brings_a_challenge_in_hex() -> None:
    authorization = oauth().authorize(redirect_uri=DESKTOP, scopes=["video.publish"], state="s")
    assert authorization.verifier is not None
    sent = query(authorization.url)
    assert sent["code_challenge"] == challenge_of(authorization.verifier)
    assert sent["code_challenge_method"] == "S256"
    assert authorization.verifier.get_secret_value() not in repr(authorization)


@pytest.mark.parametrize("pkce", [Pkce.HEX, Pkce.BASE64URL])
def test_a_web_login_brings_a_challenge_when_the_switch_says_so(pkce: Pkce) -> None:
    authorization = oauth(web_pkce=pkce).authorize(redirect_uri=WEB, scopes=["video.publish"], state="s")
    assert authorization.verifier is not None
    assert query(authorization.url)["code_challenge"] == challenge_of(authorization.verifier, pkce)


def test_adding_another_account_always_shows_the_consent_page() -> None:
    authorization = oauth().authorize(redirect_uri=WEB, scopes=["a"], state="s", another_account=True)
    assert query(authorization.url)["disable_auto_auth"] == "1"


async def test_a_code_is_exchanged_and_lifetimes_come_from_the_answer() -> None:
    seen: list[httpx2.Request] = []
    pair = await oauth(body=ANSWER, seen=seen).exchange(
        SecretStr("code*1!"), redirect_uri=DESKTOP, verifier=SecretStr("v" * 43)
    )
    assert str(seen[0].url) == "https://open.example/v2/oauth/token/"
    assert form(seen[0]) == {
        "client_key": "ck",
        "client_secret": "cs-secret",
        "grant_type": "authorization_code",
        "code": "code*1!",
        "redirect_uri": DESKTOP,
        "code_verifier": "v" * 43,
    }
    assert pair.access_token == SecretStr("act.new")
    assert pair.access_expires_at == NOW + timedelta(hours=2)
    assert pair.refresh_expires_at == NOW + timedelta(days=180)
    assert pair.open_id == "-000YSS_x"
    assert pair.scopes == {"user.info.basic", "video.publish"}


async def test_other_lifetimes_are_believed_too() -> None:
    body = ANSWER | {"expires_in": 86_400, "refresh_expires_in": "31536000", "scope": ""}
    pair = await oauth(body=body).exchange(SecretStr("c"), redirect_uri=WEB)
    assert pair.access_expires_at == NOW + timedelta(days=1)
    assert pair.refresh_expires_at == NOW + timedelta(days=365)
    assert pair.scopes == frozenset()


async def test_a_refresh_brings_a_whole_new_pair() -> None:
    seen: list[httpx2.Request] = []
    pair = await oauth(body=ANSWER, seen=seen).refresh(SecretStr("rft.old"))
    assert form(seen[0]) == {
        "client_key": "ck",
        "client_secret": "cs-secret",
        "grant_type": "refresh_token",
        "refresh_token": "rft.old",
    }
    assert pair.refresh_token == SecretStr("rft.new")
    assert "act." not in repr(pair)
    assert "rft." not in repr(pair)


@pytest.mark.parametrize("raw", [b"", b"{}"])
async def test_access_is_given_back(raw: bytes) -> None:
    seen: list[httpx2.Request] = []
    await oauth(raw=raw, seen=seen).revoke(SecretStr("act.old"))
    assert seen[0].url.path == "/v2/oauth/revoke/"
    assert form(seen[0])["token"] == "act.old"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", ["invalid_client", "invalid_request", "access_denied"])
async def test_an_error_is_told_by_the_body_whatever_the_status(status: int, code: str) -> None:
    body = {"error": code, "error_description": "Code verifier or code challenge is invalid.", "log_id": "L"}
    client = oauth(status=status, body=body)
    for call in (
        client.exchange(SecretStr("c"), redirect_uri=WEB),
        client.refresh(SecretStr("r")),
        client.revoke(SecretStr("a")),
    ):
        with pytest.raises(TikTokRefused) as refused:
            await call
        assert refused.value.tiktok_code == code
        assert refused.value.log_id == "L"
        assert not isinstance(refused.value, TikTokTokenRejected)


async def test_a_grant_that_ended_is_told_apart_because_only_reconnecting_helps() -> None:
    with pytest.raises(TikTokTokenRejected) as rejected:
        await oauth(body={"error": "invalid_grant", "error_description": "x"}).refresh(SecretStr("r"))
    assert rejected.value.tiktok_code == "invalid_grant"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"error": "server_error"}),
        (503, {"error": "temporarily_unavailable"}),
        (429, "slow down"),
        (500, {"error": {"code": "internal_error", "message": "m", "log_id": "L"}}),
    ],
)
async def test_a_problem_of_tiktoks_own_does_not_cost_an_account_its_connection(
    status: int, body: object
) -> None:
    with pytest.raises(TikTokUnavailable):
        await oauth(status=status, body=body).refresh(SecretStr("r"))


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (200, b""),
        (502, b"<html>"),
        (200, b"{}"),
        (200, json.dumps(ANSWER | {"refresh_token": ""}).encode()),
        (200, json.dumps({k: v for k, v in ANSWER.items() if k != "expires_in"}).encode()),
        (200, json.dumps(ANSWER | {"expires_in": 0}).encode()),
    ],
)
async def test_an_unreadable_answer_to_a_refresh_is_in_doubt(status: int, raw: bytes) -> None:
    with pytest.raises(TikTokOutcomeUnknown) as unknown:
        await oauth(status=status, raw=raw).refresh(SecretStr("r"))
    assert "act.new" not in str(unknown.value.context)


@pytest.mark.parametrize(("status", "raw"), [(200, b"<html>"), (502, b""), (500, b"{}")])
async def test_an_unreadable_answer_to_a_revoke_is_in_doubt(status: int, raw: bytes) -> None:
    with pytest.raises(TikTokOutcomeUnknown):
        await oauth(status=status, raw=raw).revoke(SecretStr("a"))


async def test_a_refresh_that_never_left_is_told_apart_from_one_in_doubt() -> None:
    with pytest.raises(TikTokUnavailable):
        await oauth(error=httpx2.ConnectError("x")).refresh(SecretStr("r"))
    with pytest.raises(TikTokOutcomeUnknown):
        await oauth(error=httpx2.ReadTimeout("x")).refresh(SecretStr("r"))


@pytest.mark.parametrize(
    "client",
    [
        oauth(error=httpx2.ReadTimeout("x")),
        oauth(error=httpx2.ConnectError("x")),
        oauth(body={"error": "invalid_client"}),
        oauth(body={"error": "invalid_grant"}),
        oauth(body=ANSWER | {"expires_in": 0, "access_token": "act.very-secret"}),
    ],
)
async def test_no_secret_shows_in_a_traceback_not_even_in_its_locals(client: OAuthClient) -> None:
    with pytest.raises(SubiteyaError) as raised:
        await client.refresh(OLD)
    shown = "".join(TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "refresh" in shown
    assert "very-secret" not in f"{raised.value!r} {raised.value.context} {shown}"
    assert "cs-secret" not in shown
