"""The edit of one clip on local files: prepare the assets, compile, run."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from subiteya.domain.errors import NotAVideo
from subiteya.domain.pattern import Background, MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.ass import AssFile
from subiteya.media.captions import add_captions
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import (
    SHAKE_FILE,
    Assets,
    Canvas,
    EditPlan,
    compile_edit,
    compile_shake_measure,
    plan_canvas,
)
from subiteya.media.logo_image import prepare_background, prepare_logo
from subiteya.media.lut import prepare_lut
from subiteya.media.runner import Finished, Progress, run_ffmpeg, time_limit
from subiteya.media.texts import add_texts


@dataclass(frozen=True, slots=True)
class Editor:
    """What all edits of a process share."""

    ffmpeg: Path
    fonts: FontLibrary
    threads: int = 0
    """Threads of one FFmpeg; 0 lets it choose."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What one edit is made of."""

    spec: PatternSpec
    probe: Probe
    source: Path
    logo: bytes | None = None
    """The image of `spec.logo.key`."""
    cues: Sequence[Cue] = ()
    values: Mapping[MergeField, str] = field(default_factory=dict)
    """What the fields in the pattern's texts stand for."""
    background: bytes | None = None
    """The image of `spec.layout.background_key`."""
    lut: bytes | None = None
    """The file of `spec.effects.lut_key`."""


async def plan_edit(editor: Editor, ingredients: Ingredients, work: Path) -> EditPlan:
    """Writes the assets into `work`, measures what the pattern needs measured, and compiles the command.

    Only steadying reads the picture for its measure, which takes as long as decoding.

    Raises:
        NotAVideo: The probe has no picture.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: A measurement ended badly; another try may help.
    """
    video = ingredients.probe.video
    if video is None:
        raise NotAVideo(why="it has no picture")
    canvas = plan_canvas(video, ingredients.spec)
    assets = await asyncio.to_thread(_prepare, editor.fonts, ingredients, canvas, work)
    if ingredients.spec.effects.stabilise:
        measure = compile_shake_measure(ingredients.spec, ingredients.probe, assets, threads=editor.threads)
        await _measure(editor, measure, ingredients, canvas, work)
        assets = replace(assets, shake=SHAKE_FILE)
    return compile_edit(ingredients.spec, ingredients.probe, assets, work, threads=editor.threads)


async def _measure(
    editor: Editor, command: Sequence[str], ingredients: Ingredients, canvas: Canvas, work: Path
) -> Finished:
    seconds = ingredients.probe.duration_s
    limit_s = time_limit(seconds, canvas.width * canvas.height)
    return await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=seconds, limit_s=limit_s)


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


def _prepare(fonts: FontLibrary, ingredients: Ingredients, canvas: Canvas, work: Path) -> Assets:
    """Writes the files that the command reads. Blocking: for a thread."""
    spec = ingredients.spec
    logo, background = None, None
    if ingredients.logo is not None and spec.logo.is_shown:
        logo = prepare_logo(ingredients.logo, spec.logo, canvas, work)
    if ingredients.background is not None and spec.layout.background is Background.IMAGE:
        background = None if canvas.is_filled else prepare_background(ingredients.background, canvas, work)
    # Captions and texts in one file, so that one filter burns in both.
    texts = AssFile(canvas, fonts)
    add_captions(texts, ingredients.cues, spec)
    add_texts(texts, spec, ingredients.values)
    lut = None
    if ingredients.lut is not None and spec.effects.lut_key is not None:
        lut = prepare_lut(ingredients.lut, spec.effects.lut_strength, work)
    return Assets(ingredients.source.resolve(), logo, texts.write(work), background, lut)
