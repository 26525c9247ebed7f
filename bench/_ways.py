"""The ways to fulfil the reference's wish, each with what it costs; and how good their pictures are."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from _measure import Cost, cost_of
from _original import three_passes, without_loss
from _reference import CLIP, FFMPEG, LOGO, PATTERN, SUBTITLES, ffmpeg
from subiteya.domain.pattern import Font, PatternSpec
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import EditPlan
from subiteya.media.probe import probe
from subiteya.media.subtitles import parse_subtitles

_LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p", "-y")
_ROUNDS = 2  # wall times of a busy machine: the better of so many


@dataclass(frozen=True, slots=True)
class Way:
    """One way to edit, measured.

    Attributes:
        what: For people.
        cost: Of all its programs.
        vmaf: Of its result against the same picture without loss; None when it makes none.
        size: Bytes of its result.
    """

    what: str
    cost: Cost
    vmaf: float | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class OnePass:
    """Our edit, planned: what its command is, and how much the worker adds to the bare command."""

    plan: EditPlan
    wall_ratio: float

    @property
    def graph(self) -> Sequence[str]:
        """The command up to where its outputs begin."""
        return self.plan.arguments[: self.plan.arguments.index("-map")]


async def one_pass(folder: Path, fonts: FontLibrary) -> tuple[OnePass, Way]:
    """Our edit as the worker runs it (its wall time), and its command alone (its cost), by turns."""
    work, editor = folder / "work", Editor(Path(FFMPEG), fonts)
    work.mkdir()
    walls, costs = [], []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        plan = await plan_edit(editor, await _ingredients(folder), work)
        await run_edit(editor, plan, work)
        walls.append(time.perf_counter() - begun)
        cost, _said = await cost_of([FFMPEG, "-v", "error", *plan.arguments], folder=work)
        costs.append(cost)
    best = min(costs, key=lambda cost: cost.cpu_s)
    ours = OnePass(plan, min(walls) / min(cost.wall_s for cost in costs))
    quality = await vmaf(folder, plan.output, await without_encoder(folder, ours))
    return ours, Way("one pass", best, quality, plan.output.stat().st_size)


async def planned(folder: Path, fonts: FontLibrary) -> OnePass:
    """Our edit, not run."""
    work = folder / "work"
    work.mkdir()
    plan = await plan_edit(Editor(Path(FFMPEG), fonts), await _ingredients(folder), work)
    return OnePass(plan, 1.0)


async def _ingredients(folder: Path) -> Ingredients:
    clip, cues = folder / CLIP, parse_subtitles((folder / SUBTITLES).read_bytes())
    files = {"logo.key": folder / LOGO}
    return Ingredients(PatternSpec.parse(PATTERN), await probe(clip), clip, cues, files=files)


async def without_encoder(folder: Path, ours: OnePass) -> Path:
    """The picture of our graph without loss."""
    target = folder / "lossless.mkv"
    if not target.exists():
        outputs = ("-map", "[v]", *_LOSSLESS, str(target), "-map", "[a]", "-f", "null", "-")
        await cost_of([FFMPEG, "-v", "error", *ours.graph, *outputs], folder=folder / "work")
    return target


async def original(folder: Path) -> Way:
    """The original's three passes."""
    whole, clip, logo = Cost(0.0, 0.0, 0), folder / CLIP, folder / LOGO
    passes = three_passes(clip, logo)
    for command, _ in passes:
        cost, _said = await cost_of([FFMPEG, "-v", "error", *command], folder=folder)
        whole += cost
    lossless, made = folder / "lossless-original.mkv", folder / passes[-1][1]
    await ffmpeg(folder, *without_loss(clip, logo, lossless))
    quality = await vmaf(folder, made, lossless)
    lossless.unlink()
    return Way("three passes, as the original", whole, quality, made.stat().st_size)


async def floor(folder: Path, ours: OnePass) -> Way:
    """Decoding and our graph, without encoding: what no encoder setting can save."""
    nothing = ("-map", "[v]", "-f", "null", "-", "-map", "[a]", "-f", "null", "-")
    cost, _ = await cost_of([FFMPEG, "-v", "error", *ours.graph, *nothing], folder=folder / "work")
    return Way("decoding and the graph, nothing encoded", cost)


async def moviepy(folder: Path, fonts: FontLibrary, console: Console) -> Way | None:
    """MoviePy in a Python path of its own: it wants another Pillow than we do."""
    packages, uv = folder / "moviepy", Path(sys.executable).with_name("uv")
    program = str(uv) if uv.exists() else "uv"
    install = [program, "pip", "install", "-q", "--target", str(packages), "moviepy==2.2.1"]
    try:
        await cost_of(install, folder=folder)
    except (RuntimeError, FileNotFoundError) as error:
        console.print(f"MoviePy is left out: {str(error).splitlines()[0]}", style="yellow")
        return None
    script, font = Path(__file__).with_name("_moviepy.py"), fonts.faces[Font.MANROPE].path
    command: list[str | Path] = [sys.executable, "-S", script, CLIP, LOGO, font, "moviepy.mp4"]
    cost, _ = await cost_of(command, folder=folder, env={"PYTHONPATH": str(packages)})
    return Way("MoviePy: logo and one text only", cost, None, (folder / "moviepy.mp4").stat().st_size)


async def vmaf(folder: Path, made: Path, wanted: Path) -> float:
    """Mean VMAF of a clip against another: 0 to 100."""
    compare = "libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=2:n_subsample=3"
    graph = f"[0:v]setpts=PTS-STARTPTS[a];[1:v]setpts=PTS-STARTPTS[b];[a][b]{compare}"
    await ffmpeg(folder, "-i", str(made), "-i", str(wanted), "-lavfi", graph, "-f", "null", "-")
    return float(json.loads((folder / "vmaf.json").read_text())["pooled_metrics"]["vmaf"]["mean"])
