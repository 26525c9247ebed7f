"""A clip through `subiteya publish`, as its owner would send it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from _stack import App

LIMIT_S = 120
SPEC = {"effects": {"look": "vibrant", "contrast": 0.05}}
"""A pattern that needs an edit, and a short one."""


async def publish(app: App, clip: Path, spec: Path) -> None:
    """Upload, edit and post it.

    Raises:
        RuntimeError: It was not posted.
    """
    process = await asyncio.create_subprocess_exec(
        *app.command("publish", str(clip), "--spec", str(spec), "--json"),
        env=app.client_environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complained = await asyncio.wait_for(process.communicate(), LIMIT_S)
    if process.returncode:
        raise RuntimeError(f"publish failed: {complained.decode(errors='replace')}")
