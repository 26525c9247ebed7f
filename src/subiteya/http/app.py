"""The web application: opens the engines, answers below `/api` and shows the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from subiteya import __version__
from subiteya.config import Settings
from subiteya.http import openapi, problems
from subiteya.http.api import health
from subiteya.services.resources import open_resources

JSON_BYTES = 1024**2
"""Largest request body, in bytes, where a route does not set its own `max_body_size`."""

API_ROUTERS: tuple[APIRouter, ...] = (health.router,)
"""Everything below `/api`; a new part is one line here."""


def create_app(settings: Settings) -> FastAPI:
    """Build the application; its lifespan opens the engines that `settings` name."""
    app = FastAPI(
        title="SubiteYa",
        version=__version__,
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        max_body_size=JSON_BYTES,
    )
    app.state.settings = settings
    problems.install(app)
    openapi.install(app)
    for router in API_ROUTERS:
        app.include_router(router, prefix="/api")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with open_resources(app.state.settings) as resources:
        app.state.resources = resources
        yield
