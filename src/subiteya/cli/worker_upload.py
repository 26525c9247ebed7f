"""`subiteya worker upload`: a module of its own, so that no worker carries the other one's libraries."""

from __future__ import annotations

from subiteya.cli.processes import start_process
from subiteya.cli.running import run
from subiteya.workers.upload import run_upload_worker


def worker_upload() -> None:
    """Post videos to TikTok and wait for its word."""
    run(run_upload_worker(start_process()))
