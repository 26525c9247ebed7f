"""`subiteya simulator`: TikTok's Content Posting API on this machine."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

import typer
import uvicorn

from subiteya.cli.processes import start_process
from subiteya.cli.running import fail
from subiteya.tiktok.simulator.app import create_app
from subiteya.tiktok.simulator.config import SimulatorConfig

_ANSWERS_END_S: Final = 3
"""Seconds that open answers get when it stops."""


def simulator(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; the one of TIKTOK_SIMULATOR_URL when missing.")
    ] = None,
) -> None:
    """Serve the TikTok simulator: the Content Posting API without TikTok, and a page of what was posted."""
    settings = start_process()
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
    uvicorn.run(
        create_app(config),
        host=address.hostname or "127.0.0.1",
        port=listen,
        log_config=None,  # our own set-up routes uvicorn's lines too
        timeout_graceful_shutdown=_ANSWERS_END_S,
        server_header=False,
        access_log=False,  # addresses may carry tokens; the simulator writes what may be known
    )
