"""The application on the test's own engines, asked without a network in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest
import structlog
from fastapi import FastAPI

from fixtures.server import RunningServer, run_app, run_server
from subiteya.config import Settings
from subiteya.db.models import User
from subiteya.services.access import Owner, ensure_owner
from subiteya.services.resources import Resources

HERE = "http://testserver"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with run_app(settings) as app:
        yield app


@pytest.fixture
def resources(app: FastAPI) -> Resources:
    found = app.state.resources
    assert isinstance(found, Resources)
    return found


@pytest.fixture
async def owner(resources: Resources) -> Owner:
    return await ensure_owner(resources)


@pytest.fixture
def user(owner: Owner) -> User:
    return owner.user


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without key or session."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=HERE) as client:
        yield client


@pytest.fixture
async def client(app: FastAPI, owner: Owner) -> AsyncIterator[httpx2.AsyncClient]:
    """The owner's program, with its key."""
    async with AsyncExitStack() as stack:
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url=HERE,
            headers={"Authorization": f"Bearer {owner.api_key}"},
        )
        yield await stack.enter_async_context(client)


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[RunningServer]:
    """The application behind a real socket, for streams and for what only a connection shows."""
    async with run_server(settings) as server:
        yield server


@pytest.fixture(autouse=True, scope="session")
def _plain_tracebacks() -> None:
    """Without a set-up, structlog prints each variable of each frame, which takes seconds."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.stdlib.add_log_level, renderer])
