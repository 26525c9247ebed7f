"""One pass against three: processor, time, memory, size and picture quality of the same wish.

The wish is the reference pattern (`_reference.py`) on busy 1080x1920 footage at 30 frames a second. Quality
is VMAF against a lossless render of the same picture, each against its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from _bench import MB, Bar, Options, Switch, run_bench, show_bars, show_table
from _colour import ColourCosts, colour_costs
from _plot import Strip, strips_svg
from _reference import prepare
from _ways import Way, floor, moviepy, one_pass, original
from subiteya.media.fonts import bundled_fonts

CPU_BAR, WALL_BAR = 0.30, 1.05
SWITCHES = (
    Switch("--clip", "FILE", "real footage instead of the drawn"),
    Switch("--picture", "FILE", "write the plot there, as SVG"),
)


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Makes or takes a clip, then edits it in every way."""
    seconds = 2 if options.quick else 12
    with tempfile.TemporaryDirectory() as name:
        folder, fonts = Path(name), bundled_fonts()
        await prepare(folder, fonts, seconds, options.path("clip"))
        first = await original(folder)
        plan, ours = await one_pass(folder, fonts)
        bare = await floor(folder, plan)
        guest = await moviepy(folder, fonts, console)
        colours = await colour_costs(folder)
    ways = [first, ours, bare, *([guest] if guest is not None else [])]
    _show(console, ways, seconds)
    result = figures(first, ours, bare, guest, wall_ratio=plan.wall_ratio, colours=colours)
    show_bars(console, promises(result))
    if (target := options.path("picture")) is not None:
        target.write_text(picture(ways), encoding="utf-8")
    return result | {"clip_seconds": seconds}


def figures(
    first: Way, ours: Way, bare: Way, guest: Way | None, *, wall_ratio: float, colours: ColourCosts
) -> dict[str, Any]:
    """What the bench found, by name."""
    return {
        "cpu_ratio_vs_original": round(ours.cost.cpu_s / first.cost.cpu_s, 3),
        "vmaf": round(ours.vmaf or 0.0, 2),
        "vmaf_original": round(first.vmaf or 0.0, 2),
        "size_ratio_vs_original": round(ours.size / first.size, 3),
        "wall_ratio_vs_bare": round(wall_ratio, 3),
        "moviepy_cpu_ratio": None if guest is None else round(ours.cost.cpu_s / guest.cost.cpu_s, 3),
        "colour_cpu_ratio": round(colours.folded / colours.each, 3),
        "floor_share": round(bare.cost.cpu_s / ours.cost.cpu_s, 3),
        "cpu_seconds": {"original": first.cost.cpu_s, "ours": ours.cost.cpu_s, "floor": bare.cost.cpu_s},
        "peak_mb": round(ours.cost.peak_bytes / MB),
        "bytes": {"ours": ours.size, "original": first.size},
    }


def promises(result: Mapping[str, Any]) -> list[Bar]:
    """What was promised beside what came out."""
    lost = max(0.0, result["vmaf_original"] - result["vmaf"])
    return [
        Bar("processor time against the original", result["cpu_ratio_vs_original"], CPU_BAR, "x"),
        Bar("picture quality that the original has and we lack", lost, 0, "VMAF"),
        Bar("file size against the original", result["size_ratio_vs_original"], 1, "x"),
        Bar("wall time against the bare command", result["wall_ratio_vs_bare"], WALL_BAR, "x"),
    ]


def picture(ways: Sequence[Way]) -> str:
    """The plot: processor time of each way, the first being 1."""
    whole = ways[0].cost.cpu_s
    return strips_svg(
        "Processor time for the same wish, the original's three passes being 1",
        [Strip(way.what, way.cost.cpu_s / whole, _note(way, whole)) for way in ways],
    )


def _note(way: Way, whole: float) -> str:
    quality = "" if way.vmaf is None else f"   VMAF {way.vmaf:.1f}"
    return f"{way.cost.cpu_s / whole:.2f} x{quality}"


def _show(console: Console, ways: Sequence[Way], seconds: int) -> None:
    show_table(
        console,
        f"The reference pattern on {seconds} s of 1080x1920 at 30 frames a second",
        ("", "CPU s", "wall s", "peak MB", "VMAF", "MB"),
        [
            (
                way.what,
                way.cost.cpu_s,
                way.cost.wall_s,
                way.cost.peak_bytes / MB,
                "" if way.vmaf is None else way.vmaf,
                way.size / MB if way.size else "",
            )
            for way in ways
        ],
    )
    plot, most = Table.grid(padding=(0, 1)), max(way.cost.cpu_s for way in ways)
    for way in ways:
        bar = ProgressBar(total=most, completed=way.cost.cpu_s, width=min(60, console.width // 2))
        plot.add_row(way.what, bar, f"{way.cost.cpu_s:.1f} s")
    console.print(plot)


if __name__ == "__main__":
    run_bench(__doc__, measure, SWITCHES)
