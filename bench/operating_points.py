"""Which preset and CRF of x264 our one pass should run at: each tried on the reference, beside the original.

What is looked for: at least the picture that the original's three passes leave (VMAF), in no larger file, for
the least processor time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from _bench import Options, Switch, run_bench, show_table
from _measure import cost_of
from _plot import Curve, curves_svg
from _reference import FFMPEG, prepare
from _ways import OnePass, Way, original, planned, vmaf, without_encoder
from subiteya.domain.pattern import Quality
from subiteya.media.fonts import bundled_fonts
from subiteya.media.graph.encode import POINTS

TRIED = (
    ("superfast", 22), ("superfast", 25), ("veryfast", 20), ("veryfast", 22), ("veryfast", 24),
    ("faster", 22), ("fast", 22),
)  # fmt: skip
SECONDS = 2
SWITCHES = (
    Switch("--clip", "FILE", "real footage instead of the drawn"),
    Switch("--picture", "FILE", "write the plot there, as SVG"),
)
Point = tuple[str, int]
"""Preset and CRF."""


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Tries every point."""
    tried = (("veryfast", 22),) if options.quick else TRIED
    with tempfile.TemporaryDirectory() as name:
        folder, fonts = Path(name), bundled_fonts()
        await prepare(folder, fonts, SECONDS, options.path("clip"))
        first = await original(folder)
        ours = await planned(folder, fonts)
        found = {point: await _at(folder, ours, *point) for point in tried}
    show_table(
        console,
        "One pass beside the original's three",
        ("preset / CRF", "CPU", "VMAF", "size", "good enough"),
        [(*_row(f"{preset} / {crf}", way, first), _mark(way, first)) for (preset, crf), way in found.items()]
        + [_row(f"{first.what}, fast / 23", first, first)],
    )
    if (target := options.path("picture")) is not None:
        target.write_text(_picture(found, first), encoding="utf-8")
    return {
        "cpu_ratio_vs_original": _each(found, lambda way: way.cost.cpu_s / first.cost.cpu_s),
        "vmaf": _each(found, lambda way: way.vmaf or 0.0),
        "size_ratio_vs_original": _each(found, lambda way: way.size / first.size),
        "vmaf_original": round(first.vmaf or 0.0, 2),
    }


async def _at(folder: Path, ours: OnePass, preset: str, crf: int) -> Way:
    """Our very command with another preset and CRF."""
    words, made = list(ours.plan.arguments), ours.plan.output
    for option, value in (("-preset", preset), ("-crf", str(crf))):
        words[words.index(option) + 1] = value
    cost, _ = await cost_of([FFMPEG, "-v", "error", *words], folder=folder / "work")
    quality = await vmaf(folder, made, await without_encoder(folder, ours))
    return Way(f"{preset} / {crf}", cost, quality, made.stat().st_size)


def _row(what: str, way: Way, first: Way) -> tuple[object, ...]:
    cpu, size = way.cost.cpu_s / first.cost.cpu_s, way.size / first.size
    return what, f"{cpu:.2f} x", f"{way.vmaf:.1f}", f"{size:.2f} x"


def _mark(way: Way, first: Way) -> str:
    better = (way.vmaf or 0.0) >= (first.vmaf or 0.0)
    return "✓" if better and way.size <= first.size else ""


def _each(found: Mapping[Point, Way], figure: Callable[[Way], float]) -> dict[str, float]:
    return {f"{preset}/{crf}": round(figure(way), 3) for (preset, crf), way in found.items()}


def _picture(found: Mapping[Point, Way], first: Way) -> str:
    def at(way: Way) -> tuple[float, float]:
        return way.cost.cpu_s / first.cost.cpu_s, way.vmaf or 0.0

    curves = [
        Curve(preset, [(*at(way), str(crf)) for (own, crf), way in found.items() if own == preset])
        for preset in dict.fromkeys(preset for preset, _ in found)
    ]
    high = POINTS[Quality.HIGH]
    return curves_svg(
        "Picture kept against processor time, one pass at each preset and CRF",
        ("processor time, original = 1", "VMAF"),
        [*curves, Curve("the original's three passes", [(*at(first), "fast / 23")])],
        chosen=(high.preset, str(high.crf)),
    )


if __name__ == "__main__":
    run_bench(__doc__, measure, SWITCHES)
