"""`subiteya worker edit`: a module of its own, so that no worker carries the other one's libraries."""

from __future__ import annotations

from subiteya.cli.processes import start_process
from subiteya.cli.running import run
from subiteya.workers.edit import run_edit_worker


def worker_edit() -> None:
    """Brand videos with FFmpeg."""
    run(run_edit_worker(start_process()))
