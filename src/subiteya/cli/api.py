"""`subiteya api`: the web process."""

from __future__ import annotations

from subiteya.cli.processes import start_process
from subiteya.cli.running import run
from subiteya.http.server import serve


def api() -> None:
    """Serve the JSON API, the live events and the pages."""
    run(serve(start_process()))
