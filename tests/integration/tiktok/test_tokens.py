from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx2
import pytest
from pydantic import SecretStr

from fixtures.rows import Rows
from subiteya.db.database import Database
from subiteya.db.models import Account
from subiteya.domain.errors import (
    NotFound,
    SubiteyaError,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)
from subiteya.domain.sealing import Sealer
from subiteya.tiktok.endpoints import Endpoints, UploadHosts
from subiteya.tiktok.oauth import OAuthClient, TokenPair
from subiteya.tiktok.tokens import CONNECTED, NEEDS_RECONNECT, Tokens, sealed_pair
from subiteya.tiktok.wire import new_http_client

SEALER = Sealer([bytes(range(32))])
SOON = timedelta(minutes=1)
LATER = timedelta(hours=2)


@dataclass
class Login:
    """Rotates as TikTok does: each refresh token works once."""

    alive: str = "rft.0"
    asked: list[str] = field(default_factory=list)
    trouble: Callable[[], httpx2.Response] | None = None

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        token = parse_qs(request.content.decode())["refresh_token"][0]
        self.asked.append(token)
        await asyncio.sleep(0.02)  # long enough for others to want one too
        if self.trouble is not None:
            return self.trouble()
        if token != self.alive:
            return httpx2.Response(200, json={"error": "invalid_grant", "error_description": "gone"})
        number = len(self.asked)
        self.alive = f"rft.{number}"
        body = {"access_token": f"act.{number}", "expires_in": 7200, "refresh_token": self.alive}
        more = {"refresh_expires_in": 15_552_000, "open_id": "x", "scope": "video.publish"}
        return httpx2.Response(200, content=json.dumps(body | more).encode())


@pytest.fixture
def login() -> Login:
    return Login()


@pytest.fixture
async def tokens(db: Database, login: Login) -> AsyncIterator[Tokens]:
    endpoints = Endpoints("https://open.example", "https://www.example/", UploadHosts())
    async with new_http_client(httpx2.MockTransport(login)) as http:
        yield Tokens(db, SEALER, OAuthClient(endpoints, "ck", SecretStr("cs"), http))


Make = Callable[[timedelta], Awaitable[uuid.UUID]]


@pytest.fixture
def connected(rows: Rows, db: Database) -> Make:
    """Makes an account whose access token lives for so long."""

    async def make(life: timedelta) -> uuid.UUID:
        account = await rows.account(await rows.user())
        now = datetime.now(UTC)
        pair = TokenPair(
            SecretStr("act.0"), now + life, SecretStr("rft.0"), now + LATER, "x", frozenset({"video.publish"})
        )
        async with db.begin() as session:
            row = await session.get_one(Account, account.id)
            for column, value in sealed_pair(SEALER, account.id, pair).items():
                setattr(row, column, value)
        return account.id

    return make


async def row_of(db: Database, account_id: uuid.UUID) -> Account:
    async with db.begin() as session:
        return await session.get_one(Account, account_id)


async def test_a_token_that_lives_is_handed_out_as_it_is(
    tokens: Tokens, login: Login, connected: Make
) -> None:
    account_id = await connected(LATER)
    assert await tokens.access(account_id) == SecretStr("act.0")
    assert login.asked == []


async def test_many_who_want_a_dying_token_cause_one_renewal(
    tokens: Tokens, login: Login, connected: Make
) -> None:
    account_id = await connected(SOON)
    got = await asyncio.gather(*(tokens.access(account_id) for _ in range(4)))
    assert got == [SecretStr("act.1")] * 4
    assert login.asked == ["rft.0"]


async def test_a_new_pair_is_stored_sealed_before_it_is_handed_out(
    tokens: Tokens, db: Database, connected: Make
) -> None:
    account_id = await connected(SOON)
    await tokens.access(account_id)
    row = await row_of(db, account_id)
    assert "act.1" not in row.access_token
    assert SEALER.open(row.access_token, f"account:{account_id}:access") == "act.1"
    assert SEALER.open(row.refresh_token, f"account:{account_id}:refresh") == "rft.1"
    assert row.access_expires_at > datetime.now(UTC) + timedelta(hours=1)


async def test_a_rejected_token_is_renewed_once_whoever_complains(
    tokens: Tokens, login: Login, connected: Make
) -> None:
    account_id = await connected(LATER)
    rejected = SecretStr("act.0")
    got = await asyncio.gather(*(tokens.access(account_id, rejected=rejected) for _ in range(3)))
    assert got == [SecretStr("act.1")] * 3
    assert login.asked == ["rft.0"]


async def test_a_grant_that_ended_asks_its_owner_to_connect_again(
    tokens: Tokens, login: Login, db: Database, connected: Make
) -> None:
    account_id = await connected(SOON)
    login.alive = "rft.of-somebody-else"
    with pytest.raises(TikTokTokenRejected) as rejected:
        await tokens.access(account_id)
    assert rejected.value.context["account_id"] == str(account_id)
    assert (await row_of(db, account_id)).status == NEEDS_RECONNECT


def outage() -> httpx2.Response:
    raise httpx2.ReadTimeout("no answer")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (outage, TikTokUnavailable),
        (lambda: httpx2.Response(502, content=b"<html>"), TikTokUnavailable),
        (lambda: httpx2.Response(200, json={"error": "server_error"}), TikTokUnavailable),
        (lambda: httpx2.Response(200, json={"error": "invalid_client"}), TikTokRefused),
        (lambda: httpx2.Response(403, content=b"<html>"), TikTokRefused),
    ],
)
async def test_trouble_that_says_nothing_about_the_grant_costs_no_connection(
    tokens: Tokens,
    login: Login,
    connected: Make,
    *,
    db: Database,
    trouble: Callable[[], httpx2.Response],
    error: type[SubiteyaError],
) -> None:
    account_id = await connected(SOON)
    login.trouble = trouble
    with pytest.raises(error) as raised:
        await tokens.access(account_id)
    assert type(raised.value) is error
    assert (await row_of(db, account_id)).status == CONNECTED
    login.trouble = None
    assert (await tokens.access(account_id)).get_secret_value().startswith("act.")


async def test_a_lost_answer_is_asked_for_once_more_and_tells_that_the_grant_ended(
    tokens: Tokens, login: Login, db: Database, connected: Make
) -> None:
    account_id = await connected(SOON)

    def lost() -> httpx2.Response:
        # TikTok acted, and the answer was lost: from now on the old token is dead.
        login.alive, login.trouble = "rft.lost", None
        raise httpx2.ReadError("cut")

    login.trouble = lost
    with pytest.raises(TikTokTokenRejected):
        await tokens.access(account_id)
    assert login.asked == ["rft.0", "rft.0"]
    assert (await row_of(db, account_id)).status == NEEDS_RECONNECT


async def test_an_unknown_account_has_no_tokens(tokens: Tokens) -> None:
    with pytest.raises(NotFound):
        await tokens.access(uuid.uuid4())
