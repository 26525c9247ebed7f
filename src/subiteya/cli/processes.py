"""The processes that a stack consists of, each as a command of its own."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
import uvicorn

from subiteya.cli.running import fail, read_settings, run
from subiteya.config import Settings
from subiteya.http.app import create_app
from subiteya.observe.logs import configure_logs
from subiteya.tiktok.simulator.app import create_app as create_simulator
from subiteya.tiktok.simulator.config import SimulatorConfig
from subiteya.workers.edit import run_edit_worker
from subiteya.workers.upload import run_upload_worker

_STREAMS_CLOSE_S = 3
"""Seconds that open responses get when a server stops; live streams end by themselves at once."""


def api() -> None:
    """Serve the JSON API, the live events and the pages."""
    settings = _settings()
    _serve(create_app(settings), settings.http.host, settings.http.port)


def simulator(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; the one of TIKTOK_SIMULATOR_URL when missing.")
    ] = None,
) -> None:
    """Serve the TikTok simulator: the Content Posting API without TikTok, and a page of what was posted."""
    settings = _settings()
    address = urlsplit(settings.tiktok.simulator_url)
    listen = port or address.port
    if listen is None:
        fail("TIKTOK_SIMULATOR_URL names no port; give one with --port.")
    public = settings.tiktok.simulator_url if port is None else f"http://{address.hostname}:{listen}"
    config = SimulatorConfig(
        data_dir=settings.home.home / "simulator",
        public_url=public.rstrip("/"),
        client_key=settings.tiktok.client_key,
        client_secret=settings.tiktok.client_secret.get_secret_value(),
    )
    _serve(create_simulator(config), address.hostname or "127.0.0.1", listen)


def worker_edit() -> None:
    """Brand videos with FFmpeg."""
    _work(run_edit_worker)


def worker_upload() -> None:
    """Post videos to TikTok and wait for its word."""
    _work(run_upload_worker)


def _settings() -> Settings:
    async def read() -> Settings:
        return read_settings()

    settings = run(read())
    configure_logs(settings.observe)
    return settings


def _work(worker: Any) -> None:
    settings = _settings()
    job: Coroutine[Any, Any, None] = worker(settings)
    run(job)


def _serve(app: Any, host: str, port: int) -> None:
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,  # our own set-up routes uvicorn's lines too
        timeout_graceful_shutdown=_STREAMS_CLOSE_S,
        server_header=False,
        access_log=False,  # addresses may carry tokens; each app writes what may be known
    )
