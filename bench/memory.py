"""Memory of our processes against the size of the file: upload, edit (a stream copy) and posting.

Files of 50 MB, 500 MB and 2 GB go through `subiteya publish` on a stack of their own, one after another
through the same processes; one more by the form of `POST /api/videos`, and two side by side. Peaks of
resident memory are looked at twenty times a second. Promise: no Python process above 200 MB, and flat in the
file's size.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from _bench import MB, Bar, Options, run_bench, show_bars, show_table
from _clips import make_clip, make_segment
from _resident import FFMPEG, watching
from _stack import App, open_app, temporary_home

SIZES_MB = (50, 500, 2_000)
QUICK_SIZES_MB = (50, 200)
MORE_MB, QUICK_MORE_MB = 500, 100
"""By the form, and two side by side."""
PROMISE_MB = 200
FLAT_MB = 40
"""How much more than for the smallest file a process may take and still count as flat."""
OURS = ("api", "edit", "upload")
COMMAND = "command line"
ROLES = (*OURS, "simulator", COMMAND, "probe", FFMPEG)
LIMIT_S = 1_500
DISK_FACTOR = 8
"""Times the largest file: as a file, uploaded, being edited, edited, at the simulator, and what is deleted
and not yet given back."""

Peaks = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured.

    Attributes:
        idle: Peaks before the first file.
        sizes_mb: Sizes of the files.
        peaks: For each size, the peaks of its whole journey.
        more_mb: Size of the files of the last two.
        form: Peaks while a file comes in by the form.
        pair: Peaks while two files make the journey side by side, as an edit worker does by default.
    """

    idle: Peaks
    sizes_mb: tuple[int, ...]
    peaks: tuple[Peaks, ...]
    more_mb: int
    form: Peaks
    pair: Peaks

    @property
    def of_ours(self) -> list[float]:
        """For each size the largest of our server processes."""
        return [max(peaks[role] for role in OURS) for peaks in self.peaks]

    @property
    def largest(self) -> float:
        """The largest of all our Python processes in all runs."""
        runs = (*self.peaks, self.form, self.pair)
        return max(value for peaks in runs for role, value in peaks.items() if role != FFMPEG)

    @property
    def growth(self) -> float:
        """The largest difference that the size makes to one of our processes, from the smallest file on."""
        python = [role for role in ROLES if role != FFMPEG]
        first = self.peaks[0]
        return max(
            peaks[role] - first[role]
            for peaks in self.peaks
            for role in python
            if role in peaks and role in first
        )


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Run it all and print the curve."""
    sizes = QUICK_SIZES_MB if options.quick else SIZES_MB
    async with temporary_home() as home:
        _check_disk(home.root, max(sizes))
        segment = await make_segment(home.root)
        async with open_app(home) as app:
            curve = await _curve(app, segment, sizes, QUICK_MORE_MB if options.quick else MORE_MB)
    _show(console, curve)
    return {
        "sizes_mb": list(curve.sizes_mb),
        "peak_rss_mb": [round(peak, 1) for peak in curve.of_ours],
        "promise_mb": PROMISE_MB,
        "largest_mb": round(curve.largest, 1),
        "growth_mb": round(curve.growth, 1),
        "idle": _rounded(curve.idle),
        "processes": [_rounded(peaks) for peaks in curve.peaks],
        "form": {"size_mb": curve.more_mb, **_rounded(curve.form)},
        "pair": {"size_mb": curve.more_mb, **_rounded(curve.pair)},
    }


async def _curve(app: App, segment: Path, sizes: tuple[int, ...], more: int) -> Curve:
    roles = {pid: role for role, pid in app.pids.items()}
    with watching(roles) as idle:
        await asyncio.sleep(1)
    peaks = []
    for size in sizes:
        clip = await make_clip(segment, size)
        with watching(roles) as seen:
            await _publish(app, clip, roles)
        peaks.append(seen)
        clip.unlink()
    clip = await make_clip(segment, more)
    with watching(roles) as form:
        await _send_form(app, clip)
    with watching(roles) as pair:
        await asyncio.gather(_publish(app, clip, roles), _publish(app, clip, roles))
    return Curve(idle, sizes, tuple(peaks), more, form, pair)


async def _publish(app: App, clip: Path, roles: dict[int, str]) -> None:
    """One clip through `subiteya publish`, to the end; then its files are removed."""
    process = await asyncio.create_subprocess_exec(
        *app.command("publish", str(clip), "--json"),
        env=app.client_environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    roles[process.pid] = COMMAND
    said, complained = await asyncio.wait_for(process.communicate(), LIMIT_S)
    del roles[process.pid]
    if process.returncode:
        raise RuntimeError(f"publish failed: {complained.decode(errors='replace')}")
    answer = json.loads(said)
    if not any(event["reason"] == "ffmpeg" and event["detail"]["copy"] for event in answer["events"]):
        raise RuntimeError("the edit was no stream copy")
    async with app.api() as api:
        await api.ask("DELETE", f"/videos/{answer['video']['id']}")


async def _send_form(app: App, clip: Path) -> None:
    """One clip through the form."""
    headers = {"Authorization": f"Bearer {app.key}"}
    timeout = httpx2.Timeout(LIMIT_S)
    async with httpx2.AsyncClient(base_url=app.stack.url, headers=headers, timeout=timeout) as http:
        with clip.open("rb") as file:
            answer = await http.post("/api/videos", files={"file": (clip.name, file, "video/mp4")})
    answer.raise_for_status()


def _check_disk(folder: Path, largest_mb: int) -> None:
    free_mb = shutil.disk_usage(folder).free // MB
    if free_mb < DISK_FACTOR * largest_mb:
        raise SystemExit(f"{folder} has {free_mb} MB left; {DISK_FACTOR * largest_mb} MB are needed")


def _show(console: Console, curve: Curve) -> None:
    rows = [("idle", *_figures(curve.idle))]
    for size, peaks in zip(curve.sizes_mb, curve.peaks, strict=True):
        rows.append((f"{size} MB", *_figures(peaks)))
    rows.append((f"{curve.more_mb} MB by form", *_figures(curve.form)))
    rows.append((f"{curve.more_mb} MB twice at once", *_figures(curve.pair)))
    show_table(console, "Peak resident memory in MB", ("file", *ROLES), rows)
    show_bars(
        console,
        [
            Bar("largest Python process", curve.largest, PROMISE_MB, "MB"),
            Bar("growth from the smallest to the largest file", curve.growth, FLAT_MB, "MB"),
        ],
    )


def _figures(peaks: Peaks) -> list[object]:
    return [round(peaks[role]) if role in peaks else "" for role in ROLES]


def _rounded(peaks: Peaks) -> dict[str, float]:
    return {role: round(value, 1) for role, value in peaks.items()}


if __name__ == "__main__":
    run_bench(__doc__, measure)
