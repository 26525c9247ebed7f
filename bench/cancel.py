"""From "call it off" to nothing left: how soon a running edit stops when its owner cancels it by API.

A whole app runs; one long video is edited, cancelled while FFmpeg is at work, and run again, over and over.
The clock runs from the request until FFmpeg's process and the worker's folder are gone. Promise: p95 below
2 s.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil
from imageio_ffmpeg import get_ffmpeg_exe
from rich.console import Console

from _bench import Bar, Options, percentile, run_bench, show_bars, show_table
from _measure import cost_of
from _stack import App, open_app, temporary_home
from subiteya.cli.api_client import ApiClient
from subiteya.cli.upload_file import upload_file

PROMISE_MS = 2_000
TIMES, QUICK_TIMES = 40, 10
_LIMIT_S = 30.0
_T = TypeVar("_T")
_SPEC = {"effects": {"look": "sepia", "vignette": 0.4}, "output": {"quality": "ultra"}}


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Edits and cancels; how long each took to stop."""
    times = QUICK_TIMES if options.quick else TIMES
    with tempfile.TemporaryDirectory() as name:
        clip = await _clip(Path(name))
        async with temporary_home() as home, open_app(home) as app, app.api() as api:
            key = await upload_file(api, clip, home.root, lambda _done, _all: None)
            video = (await api.post("/videos", {"key": key}))["id"]
            await api.post(f"/videos/{video}/confirm", {"spec": _SPEC})
            took = [await _cancel(app, api, video) for _ in range(times)]
    ordered = sorted(took)
    show_table(
        console,
        f"A running edit is called off, {times} times",
        ("", "median ms", "p95 ms", "longest ms"),
        [("FFmpeg and its folder are gone", percentile(took, 0.5), percentile(took, 0.95), ordered[-1])],
    )
    show_bars(console, [Bar("cancel to stopped, p95", percentile(took, 0.95), PROMISE_MS, "ms")])
    return {
        "cancel_ms_p50": round(percentile(took, 0.5)),
        "cancel_ms_p95": round(percentile(took, 0.95)),
        "cancel_ms_max": round(ordered[-1]),
        "cancels": times,
    }


async def _clip(folder: Path) -> Path:
    """Twenty seconds of 1080x1920, whose edit takes long enough to be cancelled."""
    command = (
        *(get_ffmpeg_exe(), "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1080x1920:r=30:d=20"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-pix_fmt", "yuv420p", "clip.mp4"),
    )
    await cost_of(command, folder=folder)
    return folder / "clip.mp4"


async def _cancel(app: App, api: ApiClient, video: str) -> float:
    """Milliseconds from the request until all is gone; the edit is queued anew afterwards."""
    worker, folders = psutil.Process(app.pids["edit"]), app.settings.home.work
    ffmpeg = await _seen(lambda: next((one for one in worker.children() if "ffmpeg" in one.name()), None))
    await asyncio.sleep(random.uniform(0.3, 1.5))  # noqa: S311 - anywhere between two looks at the row
    begun = time.perf_counter()
    await api.post(f"/videos/{video}/cancel")
    await _seen(lambda: not ffmpeg.is_running() and not [one for one in folders.iterdir() if one.is_dir()])
    took = (time.perf_counter() - begun) * 1000
    await api.post(f"/videos/{video}/retry")
    return took


async def _seen(look: Callable[[], _T | None]) -> _T:
    async with asyncio.timeout(_LIMIT_S):
        while not (found := look()):  # noqa: ASYNC110 - other processes tell us nothing
            await asyncio.sleep(0.01)
    return found


if __name__ == "__main__":
    run_bench(__doc__, measure)
