"""What an edit will show, without the edit: one frame of it, or a few seconds with their sound.

The compiler that makes the edit makes the preview too, on a canvas whose shorter side has 540 pixels. Most
frames are drawn on a still: a small picture of one frame of the source, kept without loss, which depends on
the source and the second only, so that whoever keeps it can try any pattern on it without decoding the clip
again. A still is cut out of the source, or taken out of a small copy of it, which is coded nearly without
loss. What one frame alone cannot show (a cross-fade, steadying, noise reduction) is made out of the source,
sought before it is decoded.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from subiteya.domain.errors import BadInput, EditFailed, NotAVideo
from subiteya.domain.pattern import PatternSpec, TimeSpec
from subiteya.domain.probe import VideoTrack
from subiteya.media.edit import Editor
from subiteya.media.graph import (
    SHAKE_FILE,
    Assets,
    Canvas,
    Loudness,
    Timeline,
    compile_excerpt,
    compile_loudness_measure,
    compile_proxy,
    compile_shake_measure,
    compile_still,
    excerpt,
    plan_canvas,
    plan_timeline,
    window,
)
from subiteya.media.ingredients import Ingredients, prepare_assets, prepare_segment
from subiteya.media.runner import Finished, run_ffmpeg

CLIP_SECONDS: Final = 3.0
"""Length of a clip."""

# Enough for a 4K source on two cores; an edit may take four times as much.
_MEMORY = 3 * 1024**3
_FRAME_LIMIT_S, _CLIP_LIMIT_S = 30.0, 90.0

ImageFormat = Literal["jpeg", "png"]


@dataclass(frozen=True, slots=True)
class Plan:
    """An edit, as far as it must be known before a piece of it is shown."""

    ingredients: Ingredients
    video: VideoTrack
    canvas: Canvas
    """The edit's."""
    drawn: Canvas
    """On which stretches are drawn: a small one, unless noise or shaking, which are of pixels, are undone."""
    assets: Assets
    """Intro and outro for `drawn`; nothing else yet."""
    timeline: Timeline

    @property
    def spec(self) -> PatternSpec:
        """The pattern."""
        return self.ingredients.spec


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame of the output."""

    second: float
    """When it is shown."""
    own_s: float | None
    """The same in the clip's own part, if the frame is made of one frame of the source."""
    source_s: float
    """Where that one stands in the source."""


async def plan_preview(ingredients: Ingredients, work: Path) -> Plan:
    """Measures intro and outro, and plans sizes and times.

    Args:
        ingredients: What the edit would be made of; the source need not be there yet.
        work: An existing folder.

    Raises:
        NotAVideo: The probe, the intro or the outro has no picture.
        BadImage: An image for intro or outro cannot be used.
    """
    spec, probe = ingredients.spec, ingredients.probe
    if probe.video is None:
        raise NotAVideo(why="it has no picture")
    canvas = plan_canvas(probe.video, spec)
    drawn = canvas if spec.effects.denoise > 0 or spec.effects.stabilise else excerpt.small_canvas(canvas)
    intro, outro = [
        await prepare_segment(ingredients.files.get(f"time.{name}_key"), spec.time.image_s, drawn, work, name)
        for name in ("intro", "outro")
    ]
    assets = Assets(ingredients.source.absolute(), intro=intro, outro=outro)
    timeline = plan_timeline(spec.time, assets, probe.duration_s, canvas.fps)
    return Plan(ingredients, probe.video, canvas, drawn, assets, timeline)


def moment_at(plan: Plan, second: float) -> Moment:
    """The frame that is on the screen at a second of the output; the last one when that is past the end."""
    fps, time, video = plan.canvas.fps, plan.spec.time, plan.video
    shown = min(window.on_grid(second, fps), window.last_moment(plan.timeline, fps))
    own = window.own_moment(plan.timeline, shown, fps)
    if own is None or not _is_seen_on_a_still(plan):
        return Moment(shown, None, 0.0)
    at = time.source(own)
    if video.is_constant_rate:
        # Cut between two frames, the clip begins with the second of them.
        first = math.ceil(time.trim_start_s * video.rate - window.HAIR_OF_A_FRAME) / video.rate
        at = max(at, float(first))
        if video.rate == fps and time.speed == 1:  # the edit takes each frame; all stand as late as the first
            at = float(math.ceil(at * fps - window.HAIR_OF_A_FRAME) / fps)
    return Moment(shown, own, at)


def _is_seen_on_a_still(plan: Plan) -> bool:
    """Whether one small frame of the source has all that the edit shows at a time."""
    effects, video = plan.spec.effects, plan.video
    if effects.stabilise or effects.denoise > 0:
        return False
    is_closer = plan.canvas.crop is not None and plan.spec.layout.zoom > 1
    return not is_closer or excerpt.still_size(video) == (video.width, video.height)


async def cut_still(editor: Editor, plan: Plan, moment: Moment, target: Path) -> None:
    """Writes the source's frame for a moment into a small lossless file; needs no more than source and rate.

    Raises:
        NotAVideo: FFmpeg cannot read the source.
        BadInput: There is no picture at that time.
        EditFailed: FFmpeg ended badly or took too long.
    """
    command = compile_proxy(
        plan.assets.source, plan.video, moment.source_s, plan.canvas.fps, target, threads=editor.threads
    )
    await _run(editor, command, target.parent, limit_s=_FRAME_LIMIT_S)


async def draw_still(
    editor: Editor, plan: Plan, moment: Moment, still: Path, work: Path, *, kind: ImageFormat
) -> bytes:
    """What the pattern makes of a still, as an image file.

    Args:
        editor: FFmpeg and fonts.
        plan: The edit; its source is not read.
        moment: That of the still; with a second of the clip's own part.
        still: As `cut_still` wrote it.
        work: An empty folder.
        kind: Of the image.

    Raises:
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: FFmpeg ended badly or took too long.
    """
    if moment.own_s is None:
        raise ValueError("this frame is made of more than one of the source's")
    canvas = excerpt.still_canvas(plan.canvas, plan.video)
    small = excerpt.still_probe(plan.ingredients.probe, plan.video, canvas.fps)
    assets = await _prepared(editor, plan, canvas, work, still)
    spec = _sized(plan, canvas).model_copy(update={"time": TimeSpec()})
    image = work / _NAMES[kind]
    command = compile_still(spec, small, assets, image, canvas=canvas, second=moment.own_s)
    await _run(editor, command, work, limit_s=_FRAME_LIMIT_S)
    return await asyncio.to_thread(image.read_bytes)


async def draw_frame(editor: Editor, plan: Plan, moment: Moment, work: Path, *, kind: ImageFormat) -> bytes:
    """Any frame of the output as an image file, out of the source.

    Args:
        editor: FFmpeg and fonts.
        plan: The edit.
        moment: Which frame.
        work: An empty folder.
        kind: Of the image.

    Raises:
        NotAVideo: FFmpeg cannot read the source.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used, or there is no picture at that time.
        EditFailed: FFmpeg ended badly or took too long.
    """
    image = work / _NAMES[kind]
    await _draw(editor, plan, image, moment.second, float(1 / plan.canvas.fps), limit_s=_FRAME_LIMIT_S)
    return await asyncio.to_thread(image.read_bytes)


async def draw_clip(
    editor: Editor, plan: Plan, start: float, work: Path, *, seconds: float = CLIP_SECONDS
) -> Path:
    """A few seconds of the output with their sound, as MP4.

    Args:
        editor: FFmpeg and fonts.
        plan: The edit.
        start: Second of the output; earlier where it ends before the clip is as long as it should be.
        work: An empty folder.
        seconds: Length; less when the output is shorter.

    Raises:
        NotAVideo: FFmpeg cannot read the source.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: FFmpeg ended badly or took too long.
    """
    clip = work / "preview.mp4"
    begin = window.on_grid(start, plan.canvas.fps)
    await _draw(editor, plan, clip, begin, seconds, limit_s=_CLIP_LIMIT_S)
    return clip


_NAMES: Final = {"jpeg": "preview.jpg", "png": "preview.png"}


async def _draw(
    editor: Editor, plan: Plan, output: Path, start: float, seconds: float, *, limit_s: float
) -> None:
    """A stretch of the output, out of the source."""
    work, canvas = output.parent, plan.drawn
    spec, probe = _sized(plan, canvas), plan.ingredients.probe
    stretch = window.plan_window(plan.timeline, start, seconds, canvas.fps, spec.effects)
    assets = await _prepared(editor, plan, canvas, work, plan.ingredients.source)
    if spec.effects.stabilise and stretch.own is not None:
        command = compile_shake_measure(
            spec,
            probe,
            stretch.of(assets),
            threads=editor.threads,
            options=stretch.source_options(spec.time),
            canvas=canvas,
        )
        await _run(editor, command, work, limit_s=limit_s)
        assets = replace(assets, shake=SHAKE_FILE)
    loudness = None
    if output.suffix == ".mp4" and spec.sound.normalise:
        loudness = await _loudness(editor, plan, assets, work, limit_s)
    command = compile_excerpt(
        spec,
        probe,
        assets,
        output,
        canvas=canvas,
        shown=excerpt.small_canvas(plan.canvas).frame,
        window=stretch,
        loudness=loudness,
        threads=editor.threads,
    )
    await _run(editor, command, work, limit_s=limit_s)


async def _loudness(
    editor: Editor, plan: Plan, assets: Assets, work: Path, limit_s: float
) -> Loudness | None:
    """That of the whole output: a part of it may be louder."""
    command = compile_loudness_measure(plan.spec, plan.ingredients.probe, assets)
    if command is None:
        return None
    return Loudness.parse((await _run(editor, command, work, limit_s=limit_s, verbosity="info")).log)


async def _prepared(editor: Editor, plan: Plan, canvas: Canvas, work: Path, source: Path) -> Assets:
    """The edit's files in the size of a preview."""
    ingredients = replace(plan.ingredients, source=source)
    made = await asyncio.to_thread(
        prepare_assets, editor.fonts, ingredients, canvas, work, edited=plan.canvas
    )
    return replace(made, intro=plan.assets.intro, outro=plan.assets.outro)


def _sized(plan: Plan, canvas: Canvas) -> PatternSpec:
    """The pattern for a smaller canvas than the edit's."""
    effects = excerpt.for_size(plan.spec.effects, canvas.width / plan.canvas.width)
    return plan.spec.model_copy(update={"effects": effects})


async def _run(
    editor: Editor, command: Sequence[str], work: Path, *, limit_s: float, verbosity: str = "error"
) -> Finished:
    try:
        return await run_ffmpeg(
            editor.ffmpeg,
            command,
            work=work,
            duration_s=0,
            limit_s=limit_s,
            verbosity=verbosity,
            memory_bytes=_MEMORY,
        )
    except EditFailed as error:
        if "Output file is empty" in str(error.context.get("log")):
            raise BadInput(what="second", why="there is no picture at that time") from error
        raise
