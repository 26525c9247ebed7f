"""One pass against segments: what a long edit gains when two workers share it, and from which length on.

Every worker has one core of its own: the one pass runs on the first, two segments run at once on both, and
the joining (sound, packets copied) on the first again. Told is the time of the longest way through, in
processor seconds: with a core of its own that is the wall time, and other programs here do not disturb it.
What travelling costs (a second download of the source, the segments to the storage and back) is left out.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe
from rich.console import Console

from _bench import Bar, Options, run_bench, show_bars, show_table
from _measure import Cost, cost_of
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.segments import plan_stretches
from subiteya.media.edit import Editor, Ingredients, plan_edit
from subiteya.media.fonts import FontLibrary, bundled_fonts
from subiteya.media.graph import EditPlan
from subiteya.media.probe import probe
from subiteya.media.segments import plan_join, plan_stretch

FFMPEG = get_ffmpeg_exe()
LENGTHS, QUICK_LENGTHS = (10, 30, 60, 180, 600), (5, 20)
"""Seconds of the clips."""
PAYS = 0.6
"""Of the one pass's time: two workers that need more than this for a clip do better on a clip each."""
OVERHEAD = 1.10
SPEC = PatternSpec.parse({"effects": {"look": "vintage", "vignette": 0.4}, "sound": {"volume": 0.8}})
_PICTURE = "testsrc2=s=270x480:r=30,noise=alls=9:allf=t,format=yuv420p"


@dataclass(frozen=True, slots=True)
class Pair:
    """A clip edited both ways."""

    seconds: int
    one: Cost
    segments: Sequence[Cost]
    join: Cost

    @property
    def ratio(self) -> float:
        """Time of the longest way through the segments to that of the one pass."""
        return (max(segment.cpu_s for segment in self.segments) + self.join.cpu_s) / self.one.cpu_s

    @property
    def work(self) -> float:
        """All that the segments cost to what the one pass costs."""
        return (sum(segment.cpu_s for segment in self.segments) + self.join.cpu_s) / self.one.cpu_s


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Edits clips of growing length both ways."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    fonts = bundled_fonts()
    pairs = []
    for seconds in QUICK_LENGTHS if options.quick else LENGTHS:
        with tempfile.TemporaryDirectory() as name:
            pairs.append(await _pair(Path(name), fonts, seconds, cores))
    show_table(
        console,
        "One pass on one core, two segments on two",
        ("clip", "one pass s", "longest segment s", "joining s", "time to one pass", "work to one pass"),
        [
            (
                f"{pair.seconds} s",
                pair.one.cpu_s,
                max(segment.cpu_s for segment in pair.segments),
                pair.join.cpu_s,
                pair.ratio,
                pair.work,
            )
            for pair in pairs
        ],
    )
    longest = pairs[-1]
    paying = [pair.seconds for pair in pairs if pair.ratio <= PAYS]
    show_bars(
        console,
        [
            Bar(f"time of the {longest.seconds} s clip", longest.ratio, PAYS, "x"),
            Bar(f"work of the {longest.seconds} s clip", longest.work, OVERHEAD, "x"),
        ],
    )
    return {
        "segments": 2,
        "time_ratio": {str(pair.seconds): round(pair.ratio, 3) for pair in pairs},
        "cpu_ratio": {str(pair.seconds): round(pair.work, 3) for pair in pairs},
        "join_share": {str(pair.seconds): round(pair.join.cpu_s / pair.one.cpu_s, 3) for pair in pairs},
        "break_even_seconds": min(paying) if paying else None,
    }


async def _pair(folder: Path, fonts: FontLibrary, seconds: int, cores: Sequence[int]) -> Pair:
    clip = await _clip(folder, seconds)
    editor = Editor(Path(FFMPEG), fonts, threads=1)
    ingredients = Ingredients(SPEC, await probe(clip), clip)
    works = [folder / name for name in ("one", "first", "second", "joined")]
    for work in works:
        work.mkdir()
    plan = await plan_edit(editor, ingredients, works[0])
    one = await _run(plan, works[0], cores[0])
    stretches = plan_stretches(plan.duration_s, plan.canvas.fps, 2)
    plans = [
        await plan_stretch(editor, ingredients, stretch, work)
        for stretch, work in zip(stretches, works[1:3], strict=True)
    ]
    at_once = [
        _run(part, work, core)
        for part, work, core in zip(plans, works[1:3], (cores[0], cores[-1]), strict=True)
    ]
    segments = await asyncio.gather(*at_once)
    joining = await plan_join(editor, ingredients, stretches, [part.output for part in plans], works[3])
    return Pair(seconds, one, segments, await _run(joining, works[3], cores[0]))


async def _run(plan: EditPlan, work: Path, core: int) -> Cost:
    (work / "fonts.conf").write_text("<fontconfig/>")
    command = ["taskset", "-c", str(core), FFMPEG, "-nostdin", "-v", "error", "-filter_threads", "1"]
    cost, _ = await cost_of([*command, *plan.arguments], folder=work)
    return cost


async def _clip(folder: Path, seconds: int) -> Path:
    """Busy footage with a key frame every two seconds, as phones write it: a part, joined to itself."""
    part = folder / "part.mp4"
    await _ffmpeg(
        folder, "-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", "sine=f=330:r=48000",
        "-t", "5", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "3M", "-g", "60", "-c:a", "aac",
        str(part),
    )  # fmt: skip
    (folder / "parts.txt").write_text(f"file '{part.name}'\n" * (seconds // 5))
    await _ffmpeg(folder, "-f", "concat", "-safe", "0", "-i", "parts.txt", "-c", "copy", "clip.mp4")
    return folder / "clip.mp4"


async def _ffmpeg(folder: Path, *arguments: str) -> None:
    await cost_of([FFMPEG, "-nostdin", "-v", "error", "-y", *arguments], folder=folder)


if __name__ == "__main__":
    run_bench(__doc__, measure)
