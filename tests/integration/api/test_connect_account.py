"""Connecting a TikTok account, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from fixtures.rows import Rows
from subiteya.config import Settings
from subiteya.db.models import Account
from subiteya.domain.errors import TikTokTokenRejected
from subiteya.services.connect_account import AccountTaken, ScopeMissing, connect_with_code
from subiteya.services.resources import Resources, open_resources
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.simulator import CreatorSpec, SimulatorConfig, Switches, create_app
from subiteya.tiktok.wire import new_http_client

REDIRECT = "http://127.0.0.1:3001/callback"
ALL = ("user.info.basic", "user.info.profile", "video.publish", "video.upload")


@dataclass(frozen=True, slots=True)
class TikTok:
    """A simulator in this process, and our engines that talk to it."""

    resources: Resources
    http: httpx2.AsyncClient
    base: str

    async def code(self, username: str = "ana.cocina", scopes: tuple[str, ...] = ALL) -> SecretStr:
        """What the consent page would give for this creator."""
        creators = await self._knob("GET", "/creators")
        open_id = next(one["open_id"] for one in creators if one["username"] == username)
        granted = await self._knob("POST", f"/creators/{open_id}/authorize", {"scopes": scopes})
        return SecretStr(granted["code"])

    async def _knob(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{self.base}/simulator{path}", json=body)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
async def tiktok(settings: Settings, tmp_path: Path) -> AsyncIterator[TikTok]:
    base = settings.tiktok.api_url
    config = SimulatorConfig(
        data_dir=tmp_path / "simulator",
        public_url=base,
        switches=Switches(check_media=False),
        creators=(
            CreatorSpec(username="ana.cocina", nickname="Ana en la cocina"),
            CreatorSpec(username="taller.norte", nickname="Taller Norte", private=True),
        ),
    )
    app = create_app(config)
    async with (
        app.running(),
        new_http_client(httpx2.ASGITransport(app)) as http,
        open_resources(settings) as resources,
    ):
        ours = replace(resources, tiktok=TikTokClient(base, http), tiktok_http=http)
        yield TikTok(ours, http, base)


async def accounts(resources: Resources) -> list[Account]:
    async with resources.db.begin() as session:
        return list(await session.scalars(select(Account)))


async def test_a_code_becomes_an_account_with_sealed_tokens(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()

    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    assert (account.user_id, account.username, account.nickname) == (
        ana.id,
        "ana.cocina",
        "Ana en la cocina",
    )
    assert (account.status, set(account.scopes.split(","))) == ("connected", set(ALL))
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(account.access_token, f"account:{account.id}:access"))
    assert (await tiktok.resources.tiktok.creator_info(token)).username == "ana.cocina"
    assert sealer.open(account.refresh_token, f"account:{account.id}:refresh").startswith("rft.")


async def test_without_the_profile_scope_the_creators_own_call_tells_the_name(
    tiktok: TikTok, rows: Rows
) -> None:
    ana = await rows.user()
    code = await tiktok.code("taller.norte", ("user.info.basic", "video.publish"))

    account = await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)

    assert (account.username, account.nickname) == ("taller.norte", "Taller Norte")


async def test_connecting_again_renews_the_tokens_and_keeps_the_account(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    first = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    second = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    assert second.id == first.id
    assert second.access_token != first.access_token
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(second.access_token, f"account:{first.id}:access"))
    assert (await tiktok.resources.tiktok.creator_info(token)).username == "ana.cocina"
    assert len(await accounts(tiktok.resources)) == 1


async def test_another_users_account_is_never_taken_over(tiktok: TikTok, rows: Rows) -> None:
    ana, ben = await rows.user("Ana"), await rows.user("Ben")
    hers = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    with pytest.raises(AccountTaken):
        await connect_with_code(tiktok.resources, ben.id, await tiktok.code(), REDIRECT)

    kept = await accounts(tiktok.resources)
    assert [(one.id, one.user_id, one.access_token) for one in kept] == [(hers.id, ana.id, hers.access_token)]


async def test_an_account_that_may_not_post_is_not_connected(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()

    with pytest.raises(ScopeMissing):
        await connect_with_code(tiktok.resources, ana.id, await tiktok.code(scopes=ALL[:2]), REDIRECT)

    assert await accounts(tiktok.resources) == []


async def test_a_code_works_once(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    code = await tiktok.code()
    await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)

    with pytest.raises(TikTokTokenRejected):
        await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)
