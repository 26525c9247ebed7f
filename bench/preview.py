"""How long a preview takes: a frame of a new second, another pattern on a kept one, three seconds with sound.

A new second is measured both ways: out of the small copy that the first look at a clip sets going, and out of
the source until that copy is there.

The source is busy 1080x1920 footage at 30 frames a second with a key frame every two seconds, probed and on
the disk; the pattern has a logo, a look, adjustments and subtitles. Every frame is another second, or another
pattern, so that nothing is answered out of the cache of finished previews.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from imageio_ffmpeg import get_ffmpeg_exe
from rich.console import Console

from _bench import Bar, Options, percentile, run_bench, show_bars, show_table
from _measure import cost_of
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media import preview
from subiteya.media.edit import Editor, Ingredients
from subiteya.media.fonts import FontLibrary, bundled_fonts
from subiteya.media.probe import probe
from subiteya.media.sample import draw_logo
from subiteya.media.small_copy import make_small_copy, take_still

FFMPEG = Path(get_ffmpeg_exe())
USER = "00000000-0000-4000-8000-000000000001"
PATTERN = {
    "logo": {"key": f"assets/{USER}/{USER}.png", "anchor": "bottom_right", "opacity": 0.8},
    "effects": {"brightness": 0.05, "contrast": 0.1, "saturation": 0.2, "look": "vintage", "vignette": 0.5},
}
FRAME_BAR_MS = 300.0
_GOLDEN = 0.618_034  # its multiples, without the whole part, are spread evenly and never come again


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Draws frames of seconds all over the clip, then patterns on one of them, then clips."""
    seconds, frames, clips = (6, 15, 1) if options.quick else (30, 60, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        editor = Editor(FFMPEG, bundled_fonts())
        ingredients = await _prepare(folder, editor.fonts, seconds)
        moments = [seconds * (number * _GOLDEN % 1) for number in range(1, frames + 1)]
        cut = [await _fresh(editor, ingredients, second, folder, None) for second in moments[: frames // 4]]
        begun, small = time.perf_counter(), folder / "small.nut"
        plan = await preview.plan_preview(ingredients, folder)
        await make_small_copy(editor, ingredients.source, plan.video, small)
        copying_s = time.perf_counter() - begun
        fresh = [await _fresh(editor, ingredients, second, folder, small) for second in moments]
        kept = await _kept(editor, ingredients, frames, folder)
        made = [await _clip(editor, ingredients, second, folder) for second in moments[:clips]]
    rows = [
        (what, percentile(times, 0.5) * 1000, percentile(times, 0.95) * 1000, len(times))
        for what, times in (
            ("a frame of a new second", fresh),
            ("another pattern on the same frame", kept),
            ("a frame of a new second, before the copy is there", cut),
            ("three seconds with sound", made),
        )
    ]
    show_table(
        console, "A preview of 1080x1920 at 30 frames a second", ("", "median ms", "p95 ms", "of"), rows
    )
    fresh_ms, kept_ms = (round(percentile(times, 0.95) * 1000, 1) for times in (fresh, kept))
    show_bars(
        console,
        [
            Bar("p95 of a frame of a new second", fresh_ms, FRAME_BAR_MS, "ms"),
            Bar("p95 of another pattern on the same frame", kept_ms, FRAME_BAR_MS, "ms"),
        ],
    )
    return {
        "p95_ms": fresh_ms,
        "p95_ms_cached": kept_ms,
        "p95_ms_before_copy": round(percentile(cut, 0.95) * 1000, 1),
        "copy_s": round(copying_s, 2),
        "clip_s": round(percentile(made, 0.5), 2),
        "frames": frames,
        "clip_seconds": seconds,
    }


async def _prepare(folder: Path, fonts: FontLibrary, seconds: int) -> Ingredients:
    clip, logo = folder / "clip.mp4", folder / "logo.png"
    still = ("-f", "lavfi", "-i", "mandelbrot=s=1620x2880:start_scale=0.7", "-frames:v", "1", "still.png")
    wander = "crop=1080:1920:x='270+250*sin(t*1.3)':y='480+450*cos(t*0.9)'"
    moving = (
        *("-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", "still.png"),
        *("-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}"),
        *("-vf", f"{wander},noise=alls=7:allf=t,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-b:v", "16M", "-g", "60", "-c:a", "aac", "clip.mp4"),
    )
    for command in (still, moving):
        await cost_of([FFMPEG, "-nostdin", "-v", "error", "-y", *command], folder=folder)
    logo.write_bytes(draw_logo(fonts))
    cues = tuple(
        Cue(at * 1000, at * 1000 + 1000, f"La línea número {at + 1}, ¿qué tal?") for at in range(seconds)
    )
    return Ingredients(PatternSpec.parse(PATTERN), await probe(clip), clip, cues, files={"logo.key": logo})


async def _fresh(
    editor: Editor, ingredients: Ingredients, second: float, folder: Path, copy: Path | None
) -> float:
    """Seconds for a frame whose still must be made first, out of the small copy or of the source."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        plan = await preview.plan_preview(ingredients, work)
        moment = preview.moment_at(plan, second)
        if copy is None:
            await preview.cut_still(editor, plan, moment, work / "still.mkv")
        else:
            await take_still(copy, moment.source_s, plan.canvas.fps, work / "still.mkv")
        await preview.draw_still(editor, plan, moment, work / "still.mkv", work, kind="jpeg")
    return time.perf_counter() - begun


async def _kept(editor: Editor, ingredients: Ingredients, frames: int, folder: Path) -> list[float]:
    """Seconds for each of many patterns on a still that is there."""
    plan = await preview.plan_preview(ingredients, folder)
    moment, still, took = preview.moment_at(plan, 1.5), folder / "still.mkv", []
    await preview.cut_still(editor, plan, moment, still)
    for number in range(frames):
        begun = time.perf_counter()
        changed = PatternSpec.merge(PATTERN, {"effects": {"exposure": number / frames}})
        with tempfile.TemporaryDirectory(dir=folder) as name:
            work = Path(name)
            plan = await preview.plan_preview(replace(ingredients, spec=changed), work)
            await preview.draw_still(editor, plan, moment, still, work, kind="jpeg")
        took.append(time.perf_counter() - begun)
    return took


async def _clip(editor: Editor, ingredients: Ingredients, second: float, folder: Path) -> float:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        plan = await preview.plan_preview(ingredients, work)
        await preview.draw_clip(editor, plan, second, work)
    return time.perf_counter() - begun


if __name__ == "__main__":
    run_bench(__doc__, measure)
