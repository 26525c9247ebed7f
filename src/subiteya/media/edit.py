"""The edit of one clip on local files: prepare the assets, compile, run."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subiteya.domain.errors import NotAVideo
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import (
    SHAKE_FILE,
    Assets,
    Canvas,
    EditPlan,
    Loudness,
    compile_edit,
    compile_loudness_measure,
    compile_shake_measure,
    plan_canvas,
)
from subiteya.media.ingredients import Ingredients, prepare_assets, prepare_segment
from subiteya.media.runner import Finished, Progress, run_ffmpeg, time_limit

__all__ = ["Editor", "Ingredients", "plan_edit", "run_edit", "shown_command"]


@dataclass(frozen=True, slots=True)
class Editor:
    """What all edits of a process share."""

    ffmpeg: Path
    fonts: FontLibrary
    threads: int = 0
    """Threads of one FFmpeg; 0 lets it choose."""


async def plan_edit(editor: Editor, ingredients: Ingredients, work: Path) -> EditPlan:
    """Writes the assets into `work`, measures what the pattern needs measured, and compiles the command.

    Loudness is measured on the sound alone, in a small part of the edit's time. Only steadying reads the
    picture for its measure, which takes as long as decoding.

    Raises:
        NotAVideo: The probe, the intro or the outro has no picture.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: A measurement ended badly; another try may help.
    """
    spec, source = ingredients.spec, ingredients.probe
    canvas, assets = await prepare(editor, ingredients, work)
    loudness = await measure_loudness(editor, ingredients, assets, canvas, work)
    return compile_edit(spec, source, assets, work, loudness=loudness, threads=editor.threads)


async def prepare(editor: Editor, ingredients: Ingredients, work: Path) -> tuple[Canvas, Assets]:
    """Writes the assets into `work`; follows the camera if it is to be steadied. Raises as `plan_edit`."""
    spec, source = ingredients.spec, ingredients.probe
    if source.video is None:
        raise NotAVideo(why="it has no picture")
    canvas = plan_canvas(source.video, spec)
    assets = await asyncio.to_thread(prepare_assets, editor.fonts, ingredients, canvas, work)
    intro, outro = [
        await prepare_segment(
            ingredients.files.get(f"time.{name}_key"), spec.time.image_s, canvas, work, name
        )
        for name in ("intro", "outro")
    ]
    assets = replace(assets, intro=intro, outro=outro)
    if spec.effects.stabilise:
        command = compile_shake_measure(spec, source, assets, threads=editor.threads)
        await _measure(editor, command, ingredients, canvas, work)
        assets = replace(assets, shake=SHAKE_FILE)
    return canvas, assets


async def measure_loudness(
    editor: Editor, ingredients: Ingredients, assets: Assets, canvas: Canvas, work: Path
) -> Loudness | None:
    """How loud the output would be; None when nobody wants to know, or it has no sound.

    Raises:
        EditFailed: The measurement ended badly; another try may help.
    """
    if not ingredients.spec.sound.normalise:
        return None
    listen = compile_loudness_measure(ingredients.spec, ingredients.probe, assets)
    if listen is None:
        return None
    return Loudness.parse((await _measure(editor, listen, ingredients, canvas, work)).log)


async def _measure(
    editor: Editor, command: Sequence[str], ingredients: Ingredients, canvas: Canvas, work: Path
) -> Finished:
    seconds = ingredients.probe.duration_s
    limit_s = time_limit(seconds, canvas.width * canvas.height)
    return await run_ffmpeg(
        editor.ffmpeg, command, work=work, duration_s=seconds, limit_s=limit_s, verbosity="info"
    )


async def run_edit(
    editor: Editor, plan: EditPlan, work: Path, on_progress: Callable[[Progress], None] | None = None
) -> float:
    """Runs the planned command; the wall seconds that it took. The result lies at `plan.output`.

    Raises:
        NotAVideo: FFmpeg cannot read the source, and never will.
        EditFailed: FFmpeg ended badly; another try may help.
    """
    finished = await run_ffmpeg(
        editor.ffmpeg,
        plan.arguments,
        work=work,
        duration_s=plan.duration_s,
        limit_s=time_limit(plan.duration_s, plan.canvas.width * plan.canvas.height),
        on_progress=on_progress,
    )
    return finished.wall_s


def shown_command(plan: EditPlan, work: Path) -> str:
    """The command for a person's eyes (the timeline): without the work folder's name."""
    return shlex.join(["ffmpeg", *plan.arguments]).replace(f"{work.resolve()}/", "").replace(f"{work}/", "")
