"""What people see, in a real browser: signing in, a direct upload, the live list, the simulator's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import func, update

from fixtures.browser import DESKTOP, PHONE, Chromium
from fixtures.processes import House
from journeys.test_chain import api_of
from subiteya.db.models import Video
from subiteya.domain.states import VideoStatus
from subiteya.services.access import create_login_link
from subiteya.services.announce_change import announce_change

pytestmark = pytest.mark.browser

UPLOAD = """
async (bytes) => {
  const body = new Uint8Array(bytes);
  const told = {filename: 'clip.mp4', content_type: 'video/mp4', size_bytes: body.length};
  const json = {'content-type': 'application/json'};
  const post = (path, what) => fetch(path, {method: 'POST', headers: json, body: JSON.stringify(what)});
  const place = await (await post('/api/videos/upload-url', told)).json();
  const sent = await fetch(place.url, {method: 'PUT', headers: place.headers, body});
  const made = await post('/api/videos', {key: place.key});
  return {sent: sent.status, made: made.status, video: await made.json()};
}
"""


async def sign_in(house: House, url: str, page: Any) -> None:
    link = await create_login_link(house.resources, user_id=house.account.user_id)
    await page.goto(url + "/login/" + link.rsplit("/", 1)[-1])
    await page.get_by_role("button").click()
    await page.wait_for_url(f"{url}/")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_browser_uploads_straight_to_the_storage_and_watches_it_happen(
    house: House, short_clip: Path, chromium: Chromium, size: tuple[int, int]
) -> None:
    url = await api_of(house)
    await house.resources.storage.set_up([url])
    await house.workers()
    async with chromium.window(size) as window:
        page = window.page
        await sign_in(house, url, page)
        done = await page.evaluate(UPLOAD, list(short_clip.read_bytes()))
        assert (done["sent"], done["made"]) == (200, 201)
        title = done["video"]["title"]
        await expect(page.get_by_role("heading", name=title)).to_be_visible()
        await house.confirm(done["video"]["id"])
        await expect(page.locator(".card > .chip")).to_contain_text("Edited")
        await house.queue_upload(done["video"]["id"])
        await expect(page.locator(".post").get_by_text("Posted")).to_be_visible()
        assert await window.fits()
        assert window.complaints == []


async def test_a_running_edit_shows_how_fast_it_is_and_when_it_will_be_done(
    house: House, short_clip: Path, chromium: Chromium
) -> None:
    url = await api_of(house)
    video_id = await house.draft(short_clip)
    async with chromium.window(PHONE) as window:
        await sign_in(house, url, window.page)
        async with house.resources.db.begin() as session:
            detail = {"speed": 1.84, "left_seconds": 71.2}
            running = {"status": VideoStatus.EDITING, "progress": 52, "progress_detail": detail}
            changed = {**running, "version": Video.version + 1, "updated_at": func.now()}
            await session.execute(update(Video).where(Video.id == video_id).values(**changed))
        await announce_change(house.resources, video_id)
        card = window.page.locator(".card")
        await expect(card.locator(".pace")).to_have_text("1.8x · 1:12 left")
        await expect(card.get_by_role("progressbar")).to_have_js_property("value", 52)
        assert await window.fits()
        assert window.complaints == []


async def test_what_is_said_is_asked_for_and_called_off_by_a_button(
    house: House, short_clip: Path, chromium: Chromium
) -> None:
    url = await api_of(house)
    await house.draft(short_clip)
    async with chromium.window(PHONE) as window:
        page = window.page
        await sign_in(house, url, page)
        listen, hush = page.locator(".card .listen"), page.locator(".card .hush")
        await listen.click()
        await expect(page.locator(".card .said")).to_have_text("What is said will be written down soon.")
        await expect(listen).to_be_hidden()
        await hush.click()
        await expect(listen).to_be_visible()
        await expect(page.locator(".card .said")).to_be_hidden()
        await expect(page.locator(".card > .chip")).to_contain_text("Draft")
        assert await window.fits()
        assert window.complaints == []


async def test_a_login_link_works_once(house: House, chromium: Chromium) -> None:
    url = await api_of(house)
    link = await create_login_link(house.resources, user_id=house.account.user_id)
    path = "/login/" + link.rsplit("/", 1)[-1]
    async with chromium.window() as window:
        await window.page.goto(url + path)
        await window.page.reload()  # a preview's look does not use it up
        await window.page.get_by_role("button").click()
        await window.page.wait_for_url(f"{url}/")
    async with chromium.window() as another:
        await another.page.goto(url + path)
        assert await another.page.get_by_role("button").count() == 0


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_simulators_page_plays_what_was_posted(
    house: House, short_clip: Path, chromium: Chromium, size: tuple[int, int]
) -> None:
    await house.workers()
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    await house.queue_upload(video_id)
    await house.reached(video_id, "POSTED")
    async with chromium.window(size) as window:
        page = window.page
        await page.goto(house.environment["TIKTOK_SIMULATOR_URL"])
        await expect(page.locator("video")).to_have_count(1)
        await page.wait_for_function("document.querySelector('video').readyState >= 1")
        length = await page.evaluate("document.querySelector('video').duration")
        assert length == pytest.approx(3, abs=0.2)
        await expect(page.get_by_text("Hola")).to_be_visible()
        assert await window.fits()
        assert window.complaints == []
