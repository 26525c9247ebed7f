"""The queue dashboard in a real browser: bull-board's own page, on our API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from fixtures.browser import DESKTOP, PHONE, Chromium
from fixtures.ended import fail_edit
from fixtures.processes import until
from fixtures.rows import Rows
from fixtures.server import RunningServer, run_server
from subiteya.config import Settings
from subiteya.db.models import Job, User
from subiteya.domain.roles import Role
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.services.access import create_login_link, ensure_owner
from subiteya.services.confirm_video import confirm_video
from subiteya.services.users import add_user

pytestmark = pytest.mark.browser

PRESS = """
async (path) => (await fetch('/admin/queues/api/queues/' + path, {method: 'PUT'})).status
"""


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[RunningServer]:
    async with run_server(settings) as server:
        yield server


@pytest.fixture
async def failed(server: RunningServer, rows: Rows) -> str:
    """A failed job beside one that waits."""
    owner = (await ensure_owner(server.resources)).user
    for _ in range(2):
        video = await rows.video(owner)
        await confirm_video(server.resources, user_id=owner.id, video_id=video.id)
    return await fail_edit(server.resources, video)


async def sign_in(server: RunningServer, role: Role, page: Page) -> User:
    """Sign somebody of a role in; the page speaks Spanish then."""
    user = await add_user(server.resources, name="Luz", email=None, role=role, locale="es")
    link = await create_login_link(server.resources, user_id=user.id)
    await page.goto(server.base_url + "/login/" + link.rsplit("/", 1)[-1])
    await page.get_by_role("button").click()
    await page.wait_for_url(f"{server.base_url}/")
    return user


async def choose(page: Page, word: str) -> None:
    """Choose from a queue's menu, and confirm."""
    await page.locator("main [aria-haspopup=menu]").last.click()
    await page.get_by_role("menuitem", name=word, exact=True).click()
    await page.get_by_role("button", name="Confirmar").click()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_an_admin_finds_a_failed_job_and_runs_it_again(
    server: RunningServer, failed: str, chromium: Chromium, size: tuple[int, int]
) -> None:
    async with chromium.window(size) as window:
        page = window.page
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        await sign_in(server, Role.ADMIN, page)
        await page.goto(f"{server.base_url}/admin/queues")
        main = page.locator("main")
        await expect(main).to_contain_text("2 Tareas")
        await expect(main).to_contain_text("0 Tareas")
        assert await window.fits()
        await main.get_by_role("link", name="Fallidas 1", exact=True).click()
        await main.get_by_role("link", name=failed).first.click()
        await page.wait_for_url(f"**/{failed}?*")
        await expect(page.get_by_role("tabpanel", name="Error")).to_contain_text("Error: last")
        assert await window.fits()
        await main.get_by_role("listitem").get_by_role("button").first.click()
        await expect(page.get_by_text("¿Estás seguro de que quieres reintentar esta tarea?")).to_be_visible()
        await page.get_by_role("button", name="Confirmar").click()

        async def queued() -> bool:
            async with server.resources.db.begin() as session:
                return (await session.get_one(Job, failed)).status is JobStatus.QUEUED

        await until(queued)
        assert [one for one in addresses if not one.startswith((server.base_url, "data:", "blob:"))] == []
        assert window.complaints == []


async def test_an_admin_pauses_a_queue_and_lets_it_go_on(server: RunningServer, chromium: Chromium) -> None:
    queues = server.resources.queues
    async with chromium.window() as window:
        page = window.page
        await sign_in(server, Role.ADMIN, page)
        await page.goto(f"{server.base_url}/admin/queues/queue/video-upload")
        await choose(page, "Pausar")
        await until(lambda: queues.is_paused(QueueName.UPLOAD))
        await page.reload()
        await choose(page, "Reanudar")
        await until(lambda: _runs(server, QueueName.UPLOAD))
        assert window.complaints == []


async def _runs(server: RunningServer, queue: QueueName) -> bool:
    return not await server.resources.queues.is_paused(queue)


async def test_who_may_only_look_sees_it_and_is_refused(
    server: RunningServer, failed: str, chromium: Chromium
) -> None:
    async with chromium.window() as window:
        page = window.page
        await sign_in(server, Role.VIEWER, page)
        await page.goto(f"{server.base_url}/admin/queues/queue/video-edit/{failed}")
        await expect(page.get_by_role("tabpanel", name="Error")).to_contain_text("Error: last")
        await expect(page.get_by_text("solo lectura")).to_be_visible()
        await expect(page.locator("main").get_by_role("listitem").get_by_role("button")).to_have_count(0)
        assert await page.evaluate(PRESS, "video-edit/pause") == 403
        assert await page.evaluate(PRESS, f"video-edit/{failed}/retry") == 403
    assert not await server.resources.queues.is_paused(QueueName.EDIT)
    async with server.resources.db.begin() as session:
        assert (await session.get_one(Job, failed)).status is JobStatus.FAILED
