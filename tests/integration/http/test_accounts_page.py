from __future__ import annotations

import re
import uuid

import httpx2
import pytest

from fixtures.rows import Rows
from subiteya.db.models import Account, User
from subiteya.domain.pattern import PatternSpec
from subiteya.services import access
from subiteya.services.list_accounts import list_accounts
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import create_pattern

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def browser(anonymous: httpx2.AsyncClient, resources: Resources, user: User) -> httpx2.AsyncClient:
    """A signed-in browser."""
    link = await access.create_login_link(resources, user_id=user.id)
    await anonymous.post(f"/login/{link.rsplit('/', 1)[1]}", headers=SAME_ORIGIN)
    return anonymous


@pytest.fixture
async def account(rows: Rows, user: User) -> Account:
    return await rows.account(user, username="luz", nickname="Luz <b>")


async def pattern_of(resources: Resources, user: User) -> uuid.UUID | None:
    [account] = await list_accounts(resources, user_id=user.id)
    return account.pattern_id


async def test_an_account_gets_its_default_pattern_on_the_page(
    browser: httpx2.AsyncClient, resources: Resources, user: User, account: Account
) -> None:
    mine = await create_pattern(resources, user_id=user.id, name="Mía", spec=PatternSpec())
    form = f"/accounts/{account.id}/pattern"

    for chosen in (str(mine.id), ""):
        sent = await browser.post(form, data={"pattern_id": chosen}, headers=SAME_ORIGIN)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/accounts?saved={account.id}")
        assert await pattern_of(resources, user) == (mine.id if chosen else None)
        shown = (await browser.get(sent.headers["location"])).text
        assert "Guardado" in shown
        selected = re.findall(r'<option value="([^"]*)" selected>', shown)
        assert selected == ([chosen] if chosen else [])
    assert "Luz &lt;b&gt;" in shown
    assert "Guardado" not in (await browser.get("/accounts")).text


async def test_nobody_else_chooses(
    browser: httpx2.AsyncClient, resources: Resources, user: User, account: Account, rows: Rows
) -> None:
    mine = await create_pattern(resources, user_id=user.id, name="Mía", spec=PatternSpec())
    theirs = await rows.account(await rows.user("Ben"), username="ben")
    sent = {"pattern_id": str(mine.id)}
    form = f"/accounts/{account.id}/pattern"

    other_site = await browser.post(form, data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert other_site.status_code == 403
    other_account = await browser.post(f"/accounts/{theirs.id}/pattern", data=sent, headers=SAME_ORIGIN)
    assert other_account.status_code == 404
    strange = await browser.post(form, data={"pattern_id": "x"}, headers=SAME_ORIGIN)
    assert strange.status_code == 422
    browser.cookies.clear()
    stranger = await browser.post(form, data=sent, headers=SAME_ORIGIN)
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/")
    assert "subiteya login-link" in (await browser.get("/accounts")).text
    assert await pattern_of(resources, user) is None


async def test_who_has_no_account_reads_how_to_connect_one(browser: httpx2.AsyncClient) -> None:
    page = (await browser.get("/accounts")).text
    assert "Todavía no hay ninguna cuenta conectada" in page
    assert "/api/accounts/connect" in page
