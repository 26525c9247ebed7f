"""The simulator as an ASGI app: every part built, joined and run within its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from subiteya.tiktok.simulator import (
    account,
    consent,
    creator_knobs,
    creators,
    knobs,
    oauth,
    pages,
    publish,
    publish_knobs,
    upload,
)
from subiteya.tiktok.simulator.background import Background
from subiteya.tiktok.simulator.clock import Clock, MovableClock, real_time
from subiteya.tiktok.simulator.config import SimulatorConfig
from subiteya.tiktok.simulator.engine import Engine
from subiteya.tiktok.simulator.guard import CUT_SCOPE_KEY
from subiteya.tiktok.simulator.parts import Parts
from subiteya.tiktok.simulator.store import Store
from subiteya.tiktok.simulator.switchboard import Switchboard
from subiteya.tiktok.simulator.views import FOLDER, Views
from subiteya.tiktok.simulator.webhooks import Courier


class ConnectionCutError(ConnectionResetError):
    """A scripted cut under a server whose connections cannot be dropped (an in-process transport)."""


class Simulator(FastAPI):
    """The app; `running()` is its lifespan for those who call it without a server."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, giving scripted faults a way to drop the connection."""
        if scope["type"] == "http":
            scope[CUT_SCOPE_KEY] = partial(_drop, send)
        await super().__call__(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the background work while the caller talks to the app in-process."""
        async with self.router.lifespan_context(self):
            yield


def create_app(
    config: SimulatorConfig,
    *,
    clock: Clock = real_time,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Simulator:
    """Return the simulator.

    Args:
        config: What it is started with.
        clock: Returns the present moment, aware; tests bring their own.
        transport: What carries webhooks and pulls; the network when None.
    """
    app = Simulator(
        title="TikTok simulator",
        description="Answers like TikTok's Login Kit and Content Posting API (v2). Nothing reaches TikTok.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/simulator/openapi.json",
        lifespan=partial(_lifespan, config=config, clock=clock, transport=transport),
    )
    app.state.views = Views()
    app.add_exception_handler(404, _not_found)
    for router in (
        consent.router,
        upload.router,
        knobs.router,
        creator_knobs.router,
        publish_knobs.router,
        pages.router,
    ):
        app.include_router(router)
    app.router.routes.extend([*oauth.ROUTES, *account.ROUTES, *publish.ROUTES])
    app.mount("/simulator/static", StaticFiles(directory=FOLDER / "static"))
    return app


async def _not_found(request: Request, error: Exception) -> Response:
    """Show people a page and machines JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return pages.nothing(request)
    return JSONResponse({"detail": getattr(error, "detail", "Not Found")}, status_code=404)


@asynccontextmanager
async def _lifespan(
    app: FastAPI, *, config: SimulatorConfig, clock: Clock, transport: httpx2.AsyncBaseTransport | None
) -> AsyncIterator[None]:
    await asyncio.to_thread(config.videos_dir.mkdir, parents=True, exist_ok=True)
    store = Store(config.data_dir)
    movable = MovableClock(clock)
    switchboard = Switchboard(store, movable, config.switches)
    async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=30) as outgoing:
        engine = Engine(store, movable, switchboard, config.videos_dir, outgoing)
        courier = Courier(config, store, movable, switchboard, outgoing)
        courier_loop = Background("courier", courier.deliver_due)

        async def work() -> float:
            pause = await engine.work()
            courier_loop.wake()  # outcomes are news
            return pause

        parts = Parts(
            config=config,
            store=store,
            clock=movable,
            switchboard=switchboard,
            engine=engine,
            courier=courier,
            engine_loop=Background("engine", work),
            courier_loop=courier_loop,
        )
        await store.open()
        try:
            await switchboard.load()
            await store.run(lambda db: creators.make_first(db, config.creators, movable.epoch()))
            app.state.parts = parts
            parts.engine_loop.start()
            parts.courier_loop.start()
            yield
        finally:
            await parts.courier_loop.stop()
            await parts.engine_loop.stop()
            await engine.stop()
            await store.close()


async def _drop(send: Send) -> None:
    """Drop the connection at once, as a broken network does.

    ASGI has no word for it: uvicorn's `send` is a method of an object that holds the transport. Without such
    an object (in-process) the caller sees the exception.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionCutError("the simulator was told to cut the connection")
    transport.abort()
    await asyncio.sleep(0.01)  # lets the server notice, so that the answer goes nowhere
