"""Connecting TikTok accounts in a real browser, over the simulator's consent page."""

from __future__ import annotations

import httpx2
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from fixtures.browser import Chromium
from fixtures.processes import House
from journeys.test_browser import sign_in
from journeys.test_chain import api_of
from subiteya.db.models import Account

pytestmark = pytest.mark.browser


async def accounts(house: House) -> list[Account]:
    async with house.resources.db.begin() as session:
        return list(await session.scalars(select(Account).order_by(Account.created_at)))


async def test_a_second_account_is_connected_and_the_first_stays(house: House, chromium: Chromium) -> None:
    url = await api_of(house)
    async with chromium.window() as window:
        page = window.page
        await sign_in(house, url, page)
        await page.goto(f"{url}/api/accounts/connect")
        assert page.url.startswith(house.environment["TIKTOK_SIMULATOR_URL"])
        await page.locator("input[name=open_id]").nth(1).check()
        await page.locator("button[value=allow]").click()
        await page.wait_for_url(f"{url}/")
        cookies = {cookie.get("name") for cookie in await page.context.cookies(url + "/api/accounts")}
    assert "subiteya_connect" not in cookies
    known = await accounts(house)
    assert len({one.open_id for one in known}) == 2
    assert {one.status for one in known} == {"connected"}
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {house.key}"}) as http:
        gone = await http.delete(f"/api/accounts/{known[1].id}")
        listed = (await http.get("/api/accounts")).json()["accounts"]
    assert gone.status_code == 204, gone.text
    assert [one["id"] for one in listed] == [str(known[0].id)]


async def test_connecting_the_same_account_again_keeps_it(house: House, chromium: Chromium) -> None:
    url = await api_of(house)
    async with chromium.window() as window:
        page = window.page
        await sign_in(house, url, page)
        await page.goto(f"{url}/api/accounts/connect?another=false")
        await page.locator("button[value=allow]").click()
        await page.wait_for_url(f"{url}/")
        await page.goto(f"{url}/api/accounts/connect?another=false")
        # The browser is signed in at TikTok now, which sends it straight back.
        await page.wait_for_url(f"{url}/")
    known = await accounts(house)
    assert [one.id for one in known] == [house.account.id]
    assert known[0].access_token != house.account.access_token


async def test_a_refusal_and_a_missing_permission_are_said_in_words(house: House, chromium: Chromium) -> None:
    url = await api_of(house)
    async with chromium.window() as window:
        page = window.page
        await sign_in(house, url, page)
        await page.goto(f"{url}/api/accounts/connect")
        await page.locator("button[value=cancel]").click()
        await expect(page.get_by_role("heading")).to_contain_text("it was not allowed on TikTok's page")
        await page.goto(f"{url}/api/accounts/connect")
        await page.locator("input[name=scopes][value='video.publish']").uncheck()
        await page.locator("button[value=allow]").click()
        await expect(page.get_by_role("heading")).to_contain_text("video.publish")
    assert len(await accounts(house)) == 1
