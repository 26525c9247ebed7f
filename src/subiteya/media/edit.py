"""The edit of one clip on local files: prepare the assets, compile, run."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.ass import AssFile
from subiteya.media.captions import add_captions
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import Assets, Canvas, EditPlan, LogoImage, compile_edit, plan_canvas
from subiteya.media.logo_image import prepare_logo
from subiteya.media.runner import Progress, run_ffmpeg, time_limit
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


async def plan_edit(editor: Editor, ingredients: Ingredients, work: Path) -> EditPlan:
    """Writes the assets into `work` and compiles the command.

    Raises:
        NotAVideo: The probe has no picture.
        BadImage: The logo cannot be used.
    """
    spec, probe = ingredients.spec, ingredients.probe
    logo, texts = None, None
    if probe.video is not None:
        canvas = plan_canvas(probe.video)
        logo = await asyncio.to_thread(_prepare_logo, ingredients, canvas, work)
        texts = await asyncio.to_thread(_write_texts, ingredients, canvas, editor.fonts, work)
    assets = Assets(ingredients.source.resolve(), logo, texts)
    return compile_edit(spec, probe, assets, work, threads=editor.threads)


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


def _prepare_logo(ingredients: Ingredients, canvas: Canvas, work: Path) -> LogoImage | None:
    if ingredients.logo is None or not ingredients.spec.logo.is_shown:
        return None
    return prepare_logo(ingredients.logo, ingredients.spec.logo, canvas, work)


def _write_texts(ingredients: Ingredients, canvas: Canvas, fonts: FontLibrary, work: Path) -> str | None:
    """Captions and texts in one file, so that one filter burns in both."""
    file = AssFile(canvas, fonts)
    add_captions(file, ingredients.cues, ingredients.spec)
    add_texts(file, ingredients.spec, ingredients.values)
    return file.write(work)
