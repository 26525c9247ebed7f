"""Pattern + probe + assets → one FFmpeg command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subiteya.domain.errors import NotAVideo
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe, VideoTrack
from subiteya.media.graph.assets import Assets
from subiteya.media.graph.canvas import Canvas, plan_canvas
from subiteya.media.graph.colour import grade
from subiteya.media.graph.copying import copy_arguments, copy_container
from subiteya.media.graph.encode import picture_arguments, sound_arguments
from subiteya.media.graph.filters import Graph, spell
from subiteya.media.graph.framing import frame_picture, surround_picture
from subiteya.media.graph.inputs import Inputs
from subiteya.media.graph.logo import overlay_logo
from subiteya.media.graph.signal import Signal, plan_signal
from subiteya.media.graph.stage import Stage
from subiteya.media.graph.texture import clean, finish, measure_shake

SHAKE_FILE = "shake.trf"
_CLEAN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact")
_CONTENT_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}


@dataclass(frozen=True, slots=True)
class EditPlan:
    """One FFmpeg command and what it will make."""

    arguments: tuple[str, ...]
    """Without the program's own name. FFmpeg must run in the work folder."""
    output: Path
    container: str
    """`mp4` or `webm`."""
    is_copy: bool
    """Whether the picture passes undecoded."""
    duration_s: float
    """Of the output, as far as the probe knows; 0 when it does not."""
    canvas: Canvas

    @property
    def content_type(self) -> str:
        """Media type of the output."""
        return _CONTENT_TYPES[self.container]


@dataclass(frozen=True, slots=True)
class _Edit:
    """Everything that the features look at."""

    spec: PatternSpec
    probe: Probe
    video: VideoTrack
    assets: Assets
    canvas: Canvas
    signal: Signal
    threads: int


def compile_edit(
    spec: PatternSpec, probe: Probe, assets: Assets, work: Path, *, threads: int = 0
) -> EditPlan:
    """The command that makes the branded clip in one pass.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared; what is absent is not drawn.
        work: Folder for the output, in which FFmpeg will run.
        threads: Threads for decoding and for encoding; 0 lets FFmpeg choose.

    Raises:
        NotAVideo: The probe has no picture.
    """
    video = probe.video
    if video is None:
        raise NotAVideo(why="it has no picture")
    edit = _Edit(spec, probe, video, assets, plan_canvas(video, spec), plan_signal(video), threads)
    copied = copy_container(probe) if _changes_nothing(edit) else None
    container = copied or "mp4"
    output = work / f"edited.{container}"
    arguments = [
        *(_copy(edit, copied) if copied else _encode(edit)),
        *_CLEAN,
        *(("-movflags", "+faststart") if container == "mp4" else ()),
        *("-f", container, "-y", f"file:{output}"),
    ]
    return EditPlan(
        arguments=tuple(arguments),
        output=output,
        container=container,
        is_copy=copied is not None,
        duration_s=probe.duration_s,
        canvas=edit.canvas,
    )


def compile_shake_measure(spec: PatternSpec, probe: Probe, assets: Assets, *, threads: int = 0) -> list[str]:
    """The command that follows the camera's way for steadying; it writes `SHAKE_FILE` into the work folder.

    Raises:
        NotAVideo: The probe has no picture.
    """
    video = probe.video
    if video is None:
        raise NotAVideo(why="it has no picture")
    inputs = Inputs(threads)
    graph = Graph(f"[{inputs.clip(assets.source)}:{video.index}]")
    stage = Stage(graph, plan_canvas(video, spec), plan_signal(video), inputs)
    frame_picture(stage, video)
    graph.pipe(*measure_shake(spec.effects, SHAKE_FILE))
    return [*inputs.arguments, "-filter_complex", graph.finish("[v]"), "-map", "[v]", "-f", "null", "-"]


def _changes_nothing(edit: _Edit) -> bool:
    spec, canvas, video = edit.spec, edit.canvas, edit.video
    return (
        edit.assets.logo is None
        and edit.assets.texts is None
        and spec.effects.is_neutral
        and spec.output.fps is None
        and spec.output.max_bitrate_kbps is None
        and (canvas.width, canvas.height) == (video.width, video.height)
    )


def _copy(edit: _Edit, container: str) -> list[str]:
    inputs = Inputs()
    inputs.clip(edit.assets.source)
    return [*inputs.arguments, *copy_arguments(edit.probe, container)]


def _encode(edit: _Edit) -> list[str]:
    spec, assets, audio = edit.spec, edit.assets, edit.probe.audio
    inputs = Inputs(edit.threads)
    graph = Graph(f"[{inputs.clip(assets.source)}:{edit.video.index}]")
    stage = Stage(graph, edit.canvas, edit.signal, inputs)
    frame_picture(stage, edit.video)
    graph.pipe(*clean(spec.effects, edit.canvas, assets.shake))
    surround_picture(stage, spec.layout, assets.background)
    graph.pipe(*grade(spec.effects, edit.signal, assets.lut))
    graph.pipe(*finish(spec.effects, edit.canvas))
    if assets.logo is not None:
        overlay_logo(stage, spec, assets.logo)
    if assets.texts is not None:
        graph.pipe(spell("ass", filename=assets.texts, fontsdir="fonts"))
    graph.pipe(edit.signal.label)
    return [
        *inputs.arguments,
        *("-filter_complex", graph.finish("[v]"), "-map", "[v]"),
        *picture_arguments(spec.output, edit.canvas.fps, edit.threads),
        *sound_arguments(audio[0] if audio else None, spec.output.quality),
    ]
