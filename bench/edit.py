"""One pass against three: processor, time, memory, size and picture quality of the same wish.

The wish is the reference pattern: logo 15 % wide at 80 % in the corner, brightness, contrast and saturation,
vintage with a vignette, burned subtitles, on busy 1080x1920 footage at 30 frames a second. Quality is VMAF
against a lossless render of the same picture, each against its own.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from _bench import Bar, Options, run_bench, show_bars, show_table
from _measure import Cost, cost_of
from _original import three_passes, without_loss
from subiteya.domain.pattern import Font, PatternSpec
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.fonts import FontLibrary, bundled_fonts
from subiteya.media.graph import EditPlan
from subiteya.media.probe import probe
from subiteya.media.sample import draw_logo
from subiteya.media.subtitles import parse_subtitles

FFMPEG = get_ffmpeg_exe()
USER = "00000000-0000-4000-8000-000000000001"
PATTERN = {
    "logo": {"key": f"assets/{USER}/{USER}.png", "anchor": "bottom_right", "opacity": 0.8},
    "effects": {"brightness": 0.05, "contrast": 0.1, "saturation": 0.2, "look": "vintage", "vignette": 0.5},
    "layout": {"safe_areas": False},
}
Row = tuple[str, Cost, float | None, int]
"""What, its cost, VMAF, bytes."""
CPU_BAR, WALL_BAR = 0.30, 1.05


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Renders the clip, then edits it in every way."""
    seconds = 2 if options.quick else 12
    with tempfile.TemporaryDirectory() as name:
        folder, fonts = Path(name), bundled_fonts()
        await _prepare(folder, fonts, seconds)
        plan, ours, wall = await _one_pass(folder, fonts)
        original = await _three_passes(folder)
        floor = await _floor(folder, plan)
        moviepy = await _moviepy(folder, fonts, console)
        vmaf = await _vmaf(folder, plan.output, folder / "lossless.mkv")
        vmaf_original = await _vmaf(folder, folder / "o3.mp4", folder / "lossless-original.mkv")
        sizes = {"ours": plan.output.stat().st_size, "original": (folder / "o3.mp4").stat().st_size}
    rows: list[Row] = [
        ("three passes, as the original", original, vmaf_original, sizes["original"]),
        ("one pass", ours, vmaf, sizes["ours"]),
        ("the graph alone, nothing encoded", floor, None, 0),
    ]
    if moviepy is not None:
        rows.append(("MoviePy: logo and text only", moviepy, None, 0))
    _show(console, rows, seconds)
    ratio = ours.cpu_s / original.cpu_s
    show_bars(
        console,
        [
            Bar("processor time against the original", ratio, CPU_BAR, "x"),
            Bar("wall time against the bare command", wall / ours.wall_s, WALL_BAR, "x"),
            Bar(
                "picture quality that the original has and we lack", max(0.0, vmaf_original - vmaf), 0, "VMAF"
            ),
        ],
    )
    return {
        "cpu_ratio_vs_original": round(ratio, 3),
        "vmaf": round(vmaf, 2),
        "vmaf_original": round(vmaf_original, 2),
        "wall_ratio_vs_bare": round(wall / ours.wall_s, 3),
        "moviepy_cpu_ratio": None if moviepy is None else round(ours.cpu_s / moviepy.cpu_s, 3),
        "cpu_seconds": {"original": original.cpu_s, "ours": ours.cpu_s, "floor": floor.cpu_s},
        "peak_mb": round(ours.peak_bytes / 1e6),
        "bytes": sizes,
        "clip_seconds": seconds,
    }


async def _prepare(folder: Path, fonts: FontLibrary, seconds: int) -> None:
    """Busy footage as a phone writes it (noise, 16 Mbit/s), with logo and subtitles."""
    await _ffmpeg(
        folder, "-f", "lavfi", "-i", "mandelbrot=s=1620x2880:start_scale=0.7", "-frames:v", "1", "still.png"
    )
    wander = "crop=1080:1920:x='270+250*sin(t*1.3)':y='480+450*cos(t*0.9)'"
    await _ffmpeg(
        folder, "-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", "still.png",
        "-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}",
        "-vf", f"{wander},noise=alls=7:allf=t,format=yuv420p",
        "-c:v", "libx264", "-preset", "veryfast", "-b:v", "16M", "-c:a", "aac", "clip.mp4",
    )  # fmt: skip
    (folder / "logo.png").write_bytes(draw_logo(fonts))
    cues = "".join(
        f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\nLa línea número {at + 1}, ¿qué tal?\n\n"
        for at in range(seconds)
    )
    (folder / "subtitles.srt").write_text(cues)
    (folder / "fonts").mkdir()
    fonts.faces[Font.MANROPE].write(folder / "fonts", cues)


async def _one_pass(folder: Path, fonts: FontLibrary) -> tuple[EditPlan, Cost, float]:
    """Our edit: as the worker runs it (its wall time), and its command alone (its cost); lossless too."""
    clip, work = folder / "clip.mp4", folder / "work"
    work.mkdir()
    editor = Editor(Path(FFMPEG), fonts)
    cues = parse_subtitles((folder / "subtitles.srt").read_bytes())
    files = {"logo.key": folder / "logo.png"}
    ingredients = Ingredients(PatternSpec.parse(PATTERN), await probe(clip), clip, cues, files=files)
    begun = time.perf_counter()
    plan = await plan_edit(editor, ingredients, work)
    await run_edit(editor, plan, work)
    wall = time.perf_counter() - begun
    cost, _ = await cost_of([FFMPEG, "-v", "error", *plan.arguments], folder=work)
    graph = plan.arguments[: plan.arguments.index("-map")]
    lossless = (
        "-map",
        "[v]",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-qp",
        "0",
        "-y",
        folder / "lossless.mkv",
    )
    await cost_of([FFMPEG, "-v", "error", *graph, *lossless, "-map", "[a]", "-f", "null", "-"], folder=work)
    return plan, cost, wall


async def _three_passes(folder: Path) -> Cost:
    whole = Cost(0.0, 0.0, 0)
    clip, logo = folder / "clip.mp4", folder / "logo.png"
    for command, _ in three_passes(clip, logo):
        cost, _ = await cost_of([FFMPEG, "-v", "error", *command], folder=folder)
        whole += cost
    await cost_of(
        [FFMPEG, "-v", "error", *without_loss(clip, logo, folder / "lossless-original.mkv")], folder=folder
    )
    return whole


async def _floor(folder: Path, plan: EditPlan) -> Cost:
    """Decoding and our graph, without encoding: what no encoder setting can save."""
    graph = plan.arguments[: plan.arguments.index("-map")]
    nothing = ("-map", "[v]", "-f", "null", "-", "-map", "[a]", "-f", "null", "-")
    cost, _ = await cost_of([FFMPEG, "-v", "error", *graph, *nothing], folder=folder / "work")
    return cost


async def _moviepy(folder: Path, fonts: FontLibrary, console: Console) -> Cost | None:
    """MoviePy in a Python path of its own: it wants another Pillow than we do."""
    packages = folder / "moviepy"
    uv = Path(sys.executable).with_name("uv")
    install: list[str | Path] = [
        uv if uv.exists() else "uv",
        "pip",
        "install",
        "-q",
        "--target",
        packages,
        "moviepy==2.2.1",
    ]
    try:
        await cost_of(install, folder=folder)
    except (RuntimeError, FileNotFoundError) as error:
        console.print(f"MoviePy is left out: {str(error).splitlines()[0]}", style="yellow")
        return None
    script, font = Path(__file__).with_name("_moviepy.py"), fonts.faces[Font.MANROPE].path
    command: list[str | Path] = [sys.executable, "-S", script, "clip.mp4", "logo.png", font, "moviepy.mp4"]
    cost, _ = await cost_of(command, folder=folder, env={"PYTHONPATH": str(packages)})
    return cost


async def _vmaf(folder: Path, made: Path, wanted: Path) -> float:
    compare = "libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=2:n_subsample=3"
    graph = f"[0:v]setpts=PTS-STARTPTS[a];[1:v]setpts=PTS-STARTPTS[b];[a][b]{compare}"
    await _ffmpeg(folder, "-i", str(made), "-i", str(wanted), "-lavfi", graph, "-f", "null", "-")
    return float(json.loads((folder / "vmaf.json").read_text())["pooled_metrics"]["vmaf"]["mean"])


async def _ffmpeg(folder: Path, *arguments: str) -> None:
    await cost_of([FFMPEG, "-nostdin", "-v", "error", "-y", *arguments], folder=folder)


def _show(console: Console, rows: list[Row], seconds: int) -> None:
    heads = ("", "CPU s", "wall s", "peak MB", "VMAF", "MB")
    show_table(
        console,
        f"The reference pattern on {seconds} s of 1080x1920 at 30 frames a second",
        heads,
        [
            (what, cost.cpu_s, cost.wall_s, cost.peak_bytes / 1e6, vmaf or "", size / 1e6 if size else "")
            for what, cost, vmaf, size in rows
        ],
    )
    plot, most = Table.grid(padding=(0, 1)), max(cost.cpu_s for _, cost, _, _ in rows)
    for what, cost, _, _ in rows:
        bar = ProgressBar(
            total=most, completed=cost.cpu_s, width=min(60, shutil.get_terminal_size().columns // 2)
        )
        plot.add_row(what, bar, f"{cost.cpu_s:.1f} s")
    console.print(plot)


if __name__ == "__main__":
    run_bench(__doc__, measure)
