"""The web application: opens the engines, answers below `/api` and shows the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from subiteya import __version__
from subiteya.config import Settings
from subiteya.http import openapi, problems
from subiteya.http.admin import acting, looking
from subiteya.http.admin import page as dashboard
from subiteya.http.api import (
    accounts,
    assets,
    audit,
    costs,
    cues,
    events,
    health,
    me,
    metrics,
    pattern_files,
    patterns,
    posts,
    preflight,
    preview,
    s3_multipart,
    slots,
    uploads,
    videos,
    webhooks,
    words,
    work,
)
from subiteya.http.feed import Feed
from subiteya.http.headers import security_headers
from subiteya.http.live import Live
from subiteya.http.middleware import AroundRequest
from subiteya.http.pages import accounts as accounts_page
from subiteya.http.pages import home, sign_in
from subiteya.http.pages.assets import Assets
from subiteya.http.pages.render import problem_page
from subiteya.observe.metrics import HttpMetrics, new_registry
from subiteya.pipeline.work_folder import work_folder
from subiteya.queue.board_cache import BoardCache
from subiteya.services.measure_video import Measures
from subiteya.services.preview_pattern import Previews
from subiteya.services.resources import open_resources
from subiteya.services.sweep import Sweeper
from subiteya.watch.quotas import warn_of_quotas

JSON_BYTES: Final = 1024**2
"""Largest request body, in bytes, where a route does not set its own `max_body_size`."""

API_ROUTERS: tuple[APIRouter, ...] = (
    uploads.router,
    videos.router,
    cues.router,
    words.router,
    preflight.router,
    work.router,
    posts.router,
    s3_multipart.router,
    preview.router,  # before `patterns`: `/patterns/schema` is no pattern's id
    patterns.router,
    pattern_files.router,  # after `patterns`: any other word behind a pattern's id comes first
    assets.router,
    accounts.router,
    slots.router,
    me.router,
    events.router,
    health.router,
    metrics.router,
    webhooks.router,
    audit.router,
    costs.router,
)
"""Everything below `/api`; a new part is one line here."""

DASHBOARD_ROUTERS: tuple[APIRouter, ...] = (acting.router, looking.router)
"""What the queue dashboard's page asks for, below its own address; fixed words before what takes any."""

PAGE_ROUTERS: tuple[APIRouter, ...] = (home.router, accounts_page.router, sign_in.router, dashboard.router)
"""What people look at."""

_FEED_PAUSE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 10.0
_log = structlog.get_logger(__name__)


class Application(FastAPI):
    """FastAPI with our layer around all of it, its own guards included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put `AroundRequest` outermost; `add_middleware` would put it inside the guards."""
        headers = security_headers(self.state.settings)
        return AroundRequest(super().build_middleware_stack(), metrics=self.state.counts, headers=headers)


def create_app(settings: Settings) -> FastAPI:
    """Build the application; its lifespan opens the engines that `settings` name."""
    app = Application(
        title="SubiteYa",
        version=__version__,
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page needs assets from elsewhere, which our policy forbids
        redoc_url=None,
        lifespan=_lifespan,
        max_body_size=JSON_BYTES,
    )
    furnish(app, settings)
    problems.install(app, problem_page)
    openapi.install(app)
    for router in API_ROUTERS:
        app.include_router(router, prefix="/api")
    for router in (*DASHBOARD_ROUTERS, *PAGE_ROUTERS):
        app.include_router(router)
    app.mount(f"{dashboard.BASE}static", Assets(dashboard.FILES), name="dashboard")
    app.mount("/static", Assets(), name="static")
    return app


def furnish(app: FastAPI, settings: Settings) -> None:
    """Give an application that does not run its settings, and counts that begin at nothing."""
    app.state.settings = settings
    app.state.registry = new_registry()
    app.state.counts = HttpMetrics(app.state.registry)
    app.state.live = Live(app.state.counts)
    app.middleware_stack = None  # it holds on to both


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with (
        open_resources(app.state.settings) as resources,
        _previews(app.state.settings) as previews,
        _measures(previews) as measures,
    ):
        app.state.resources = resources
        app.state.board = BoardCache(resources.queues)
        app.state.previews = previews
        app.state.measures = measures
        feeding = asyncio.create_task(_keep_feeding(Feed(resources, app.state.live)))
        stop = asyncio.Event()
        warn = partial(warn_of_quotas, resources.db, resources.settings.costs)
        sweeping = asyncio.create_task(Sweeper(resources, [warn]).run(stop))
        try:
            yield
        finally:
            app.state.live.close()
            stop.set()
            feeding.cancel()
            await asyncio.wait([feeding, sweeping], timeout=_STOP_SECONDS)


@asynccontextmanager
async def _previews(settings: Settings) -> AsyncIterator[Previews]:
    root, edit = settings.home.work, settings.edit
    previews = Previews(
        lambda: work_folder(root, "preview"), ffmpeg=edit.ffmpeg_binary, threads=edit.ffmpeg_threads
    )
    try:
        yield previews
    finally:
        await previews.close()


@asynccontextmanager
async def _measures(previews: Previews) -> AsyncIterator[Measures]:
    measures = Measures(previews)
    try:
        yield measures
    finally:
        await measures.close()


async def _keep_feeding(feed: Feed) -> None:
    """Streams must not fall silent because of one error: say it and begin again."""
    while True:
        try:
            await feed.run()
        except Exception:  # noqa: BLE001 - the last net of a background task; logged with its traceback
            _log.exception("the live feed broke and begins again")
        await asyncio.sleep(_FEED_PAUSE_SECONDS)
