from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import func, select, update

from subiteya.db.models import ApiKey, LoginLink, Session, User
from subiteya.http.security import SESSION_COOKIE
from subiteya.services import access
from subiteya.services.access import Owner
from subiteya.services.resources import Resources

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def token_of(link: str) -> str:
    return link.rsplit("/", 1)[1]


@pytest.fixture
async def token(resources: Resources, user: User) -> str:
    return token_of(await access.create_login_link(resources, user_id=user.id))


async def test_the_owner_is_made_once_however_many_processes_start(resources: Resources) -> None:
    owners = await asyncio.gather(*(access.ensure_owner(resources) for _ in range(5)))
    assert len({owner.user.id for owner in owners}) == 1
    assert sum(owner.api_key is not None for owner in owners) == 1


async def test_the_first_key_signs_in_and_is_stored_as_a_hash_only(
    resources: Resources, owner: Owner
) -> None:
    assert owner.api_key is not None
    found = await access.check_api_key(resources, owner.api_key)
    assert found is not None
    assert found.id == owner.user.id
    async with resources.db.begin() as session:
        stored = await session.scalar(select(ApiKey))
    assert stored is not None
    assert owner.api_key not in repr(vars(stored))
    assert owner.api_key not in repr(owner)


async def test_an_unknown_revoked_or_expired_key_signs_nobody_in(resources: Resources, user: User) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    expired = await access.create_api_key(resources, user_id=user.id, name="old", expires_at=past)
    revoked = await access.create_api_key(resources, user_id=user.id, name="revoked")
    async with resources.db.begin() as session:
        await session.execute(update(ApiKey).where(ApiKey.name == "revoked").values(revoked_at=func.now()))
    for key in (expired, revoked, expired[:-1] + "x", "sk_", "", "sk_\x00"):
        assert await access.check_api_key(resources, key) is None


async def test_a_key_that_expires_later_is_good_until_then(resources: Resources, user: User) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    key = await access.create_api_key(resources, user_id=user.id, name="short", expires_at=later)
    assert await access.check_api_key(resources, key) is not None


async def test_looking_at_a_link_uses_nothing_up(anonymous: httpx2.AsyncClient, token: str) -> None:
    for _ in range(3):
        shown = await anonymous.get(f"/login/{token}")
        assert shown.status_code == 200
        assert "set-cookie" not in shown.headers
    used = await anonymous.post(f"/login/{token}", headers=SAME_ORIGIN)
    assert used.status_code == 303


async def test_the_button_signs_the_browser_in(anonymous: httpx2.AsyncClient, token: str) -> None:
    assert (await anonymous.get("/api/metrics")).status_code == 401
    used = await anonymous.post(f"/login/{token}", headers=SAME_ORIGIN)
    assert used.headers["location"] == "/"
    cookie = used.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await anonymous.get("/api/metrics")).status_code == 200


async def test_a_link_works_once_also_for_two_at_the_same_moment(
    anonymous: httpx2.AsyncClient, token: str
) -> None:
    tries = [anonymous.post(f"/login/{token}", headers=SAME_ORIGIN) for _ in range(6)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*tries))
    assert statuses == [303, *[410] * 5]
    assert (await anonymous.get(f"/login/{token}")).status_code == 410


async def test_a_link_ends_after_fifteen_minutes(resources: Resources, token: str) -> None:
    async with resources.db.begin() as session:
        link = await session.scalar(select(LoginLink))
        assert link is not None
        assert link.expires_at - link.created_at < timedelta(minutes=15, seconds=5)
        await session.execute(update(LoginLink).values(expires_at=func.now()))
    assert not await access.login_link_is_good(resources, token)
    with pytest.raises(access.LoginLinkSpent):
        await access.use_login_link(resources, token)


async def test_another_site_cannot_use_a_link_in_somebodys_browser(
    anonymous: httpx2.AsyncClient, token: str
) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert (await anonymous.post(f"/login/{token}", headers=headers)).status_code == 403
    old_browser = await anonymous.post(f"/login/{token}", headers={"Origin": "http://testserver"})
    assert old_browser.status_code == 303


async def test_signing_out_ends_the_session_in_every_copy_of_the_cookie(
    anonymous: httpx2.AsyncClient, resources: Resources, token: str
) -> None:
    session = await access.use_login_link(resources, token)
    cookie = {"Cookie": f"{SESSION_COOKIE}={session.token}"}
    assert (await anonymous.get("/api/metrics", headers=cookie)).status_code == 200
    out = await anonymous.post("/logout", headers=cookie | SAME_ORIGIN)
    assert out.status_code == 303
    assert (await anonymous.get("/api/metrics", headers=cookie)).status_code == 401


async def test_an_expired_session_is_worth_nothing(resources: Resources, token: str) -> None:
    opened = await access.use_login_link(resources, token)
    assert await access.check_session(resources, opened.token) is not None
    async with resources.db.begin() as session:
        await session.execute(update(Session).values(expires_at=func.now()))
    assert await access.check_session(resources, opened.token) is None


async def test_old_links_and_sessions_are_swept_away_by_new_ones(resources: Resources, user: User) -> None:
    first = token_of(await access.create_login_link(resources, user_id=user.id))
    await access.use_login_link(resources, first)
    async with resources.db.begin() as session:
        long_ago = func.now() - timedelta(days=3)
        await session.execute(update(LoginLink).values(expires_at=long_ago))
        await session.execute(update(Session).values(expires_at=long_ago))
    second = token_of(await access.create_login_link(resources, user_id=user.id))
    await access.use_login_link(resources, second)
    async with resources.db.begin() as session:
        assert await session.scalar(select(func.count()).select_from(LoginLink)) == 1
        assert await session.scalar(select(func.count()).select_from(Session)) == 1
