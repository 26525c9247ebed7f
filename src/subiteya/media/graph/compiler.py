"""Pattern + probe + assets → one FFmpeg command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subiteya.domain.errors import NotAVideo
from subiteya.domain.pattern import PatternSpec, TimeSpec
from subiteya.domain.probe import AudioTrack, Probe, VideoTrack
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
from subiteya.media.graph.sound import (
    MEASURED,
    Loudness,
    add_music,
    end_with_picture,
    level,
    measure_level,
    own_sound,
)
from subiteya.media.graph.stage import Stage
from subiteya.media.graph.texture import clean, finish, measure_shake
from subiteya.media.graph.timeline import Timeline, frames_of_cut, join_segments, plan_timeline

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
class Edit:
    """Everything that the features look at."""

    spec: PatternSpec
    probe: Probe
    video: VideoTrack
    assets: Assets
    canvas: Canvas
    signal: Signal
    timeline: Timeline
    inputs: Inputs
    source: int
    """Number of the source among the inputs."""

    @property
    def track(self) -> AudioTrack | None:
        """The first sound track."""
        return self.probe.audio[0] if self.probe.audio else None


def compile_edit(
    spec: PatternSpec,
    probe: Probe,
    assets: Assets,
    work: Path,
    *,
    loudness: Loudness | None = None,
    threads: int = 0,
) -> EditPlan:
    """The command that makes the branded clip in one pass.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared; what is absent is not drawn.
        work: Folder for the output, in which FFmpeg will run.
        loudness: What `compile_loudness_measure` found; nothing is normalised without.
        threads: Threads for decoding and for encoding; 0 lets FFmpeg choose.

    Raises:
        NotAVideo: The probe has no picture.
    """
    edit = begin(spec, probe, assets, threads)
    keeps_picture = _keeps_picture(edit)
    copied = copy_container(probe) if keeps_picture else None
    if not spec.sound.is_neutral and copied == "webm":
        copied = None  # the new sound is AAC, which WebM does not hold
    container = copied or "mp4"
    output = work / f"edited.{container}"
    arguments = [
        *(_copy(edit, copied, loudness) if copied else _encode(edit, loudness, threads)),
        *(finish_mp4(output) if container == "mp4" else (*_CLEAN, "-f", container, "-y", f"file:{output}")),
    ]
    return EditPlan(
        arguments=tuple(arguments),
        output=output,
        container=container,
        is_copy=copied is not None,
        duration_s=edit.timeline.total_s,
        canvas=edit.canvas,
    )


def finish_mp4(output: Path) -> list[str]:
    """The end of a command that writes the finished clip."""
    return [*_CLEAN, "-movflags", "+faststart", "-f", "mp4", "-y", f"file:{output}"]


def compile_shake_measure(
    spec: PatternSpec,
    probe: Probe,
    assets: Assets,
    *,
    threads: int = 0,
    options: Sequence[str] | None = None,
    canvas: Canvas | None = None,
) -> list[str]:
    """The command that follows the camera's way for steadying; it writes `SHAKE_FILE` into the work folder.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared.
        threads: Threads of the decoder; 0 lets FFmpeg choose.
        options: As for `begin`.
        canvas: As for `begin`.

    Raises:
        NotAVideo: The probe has no picture.
    """
    edit = begin(spec, probe, assets, threads, options=options, canvas=canvas)
    stage = stage_of(edit)
    frame_picture(stage, edit.video, spec.time.speed)
    stage.graph.pipe(*measure_shake(spec.effects, SHAKE_FILE))
    graph = stage.graph.finish("[v]")
    return [*edit.inputs.arguments, "-filter_complex", graph, "-map", "[v]", "-f", "null", "-"]


def compile_loudness_measure(spec: PatternSpec, probe: Probe, assets: Assets) -> list[str] | None:
    """The command that measures the output's sound without touching a picture; None when it has no sound.

    Raises:
        NotAVideo: The probe has no picture.
    """
    edit = begin(spec, probe, assets, 0)
    sound = hear(edit, stage_of(edit))
    if sound is None:
        return None
    measure_level(sound)
    graph = sound.finish("[a]")
    return [*edit.inputs.arguments, "-filter_complex", graph, "-map", "[a]", *MEASURED, "-f", "null", "-"]


def begin(
    spec: PatternSpec,
    probe: Probe,
    assets: Assets,
    threads: int,
    *,
    options: Sequence[str] | None = None,
    canvas: Canvas | None = None,
) -> Edit:
    """Opens the source and plans size, colours and times.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared.
        threads: Threads of the decoder; 0 lets FFmpeg choose.
        options: Input options of the source instead of the pattern's cut.
        canvas: Another one than the pattern's, for previews.

    Raises:
        NotAVideo: The probe has no picture.
    """
    video = probe.video
    if video is None:
        raise NotAVideo(why="it has no picture")
    inputs = Inputs(threads)
    source = inputs.clip(assets.source, _trim(spec.time) if options is None else options)
    planned = plan_canvas(video, spec) if canvas is None else canvas
    timeline = plan_timeline(spec.time, assets, probe.duration_s, planned.fps)
    return Edit(spec, probe, video, assets, planned, plan_signal(video), timeline, inputs, source)


def _trim(time: TimeSpec) -> list[str]:
    """Input options: seeking before decoding, to the frame."""
    options = ["-ss", f"{time.trim_start_s:.3f}"] if time.trim_start_s > 0 else []
    if time.trim_end_s is not None:
        options += ["-t", f"{time.trim_end_s - time.trim_start_s:.3f}"]
    return options


def _keeps_picture(edit: Edit) -> bool:
    spec, canvas, video = edit.spec, edit.canvas, edit.video
    return (
        edit.assets.logo is None
        and edit.assets.texts is None
        and spec.effects.is_neutral
        and spec.time.is_neutral
        and spec.output.fps is None
        and spec.output.max_bitrate_kbps is None
        and canvas.crop is None
        and (canvas.width, canvas.height) == (video.width, video.height)
    )


def stage_of(edit: Edit) -> Stage:
    """A graph whose main line is the source's picture."""
    graph = Graph(f"[{edit.source}:{edit.video.index}]")
    return Stage(graph, edit.canvas, edit.signal, edit.inputs)


def _copy(edit: Edit, container: str, loudness: Loudness | None) -> list[str]:
    """Copies the picture; the sound too, unless there are wishes about it."""
    if edit.spec.sound.is_neutral:
        return [*edit.inputs.arguments, *copy_arguments(edit.probe, container, sound=True)]
    sound = hear(edit, stage_of(edit))
    heard: list[str] = []
    if sound is not None:
        level(sound, loudness)
        heard = ["-filter_complex", sound.finish("[a]"), "-map", "[a]"]
        heard += sound_arguments(edit.spec.output.quality)
    if heard:
        heard += end_with_picture(edit.spec.sound, edit.track, edit.assets, edit.timeline.shown_s)
    return [*edit.inputs.arguments, *copy_arguments(edit.probe, container, sound=False), *heard]


def _encode(edit: Edit, loudness: Loudness | None, threads: int) -> list[str]:
    spec, stage = edit.spec, stage_of(edit)
    draw(edit, stage)
    sound = hear(edit, stage, with_picture=True)
    stage.graph.pipe(edit.signal.label)
    graphs, heard = [stage.graph.finish("[v]")], []
    if sound is not None:
        level(sound, loudness)
        graphs.append(sound.finish("[a]"))
        heard = ["-map", "[a]", *sound_arguments(spec.output.quality)]
    most = frames_of_cut(spec.time, edit.assets, edit.canvas.fps)
    return [
        *edit.inputs.arguments,
        *("-filter_complex", ";".join(graphs), "-map", "[v]"),
        *picture_arguments(spec.output, edit.canvas.fps, threads),
        *(("-frames:v", str(most)) if most else ()),
        *heard,
        *end_with_picture(spec.sound, edit.track, edit.assets, edit.timeline.shown_s),
    ]


def draw(edit: Edit, stage: Stage, at_s: float = 0.0, cut: Sequence[str] = ()) -> None:
    """The clip's own part, with all that is drawn on it.

    Args:
        edit: The wish and the files.
        stage: Its main line is the source.
        at_s: The second of the clip's own part at which the source begins, when it was sought.
        cut: Filters that leave out what need not be drawn on.
    """
    spec, assets, graph = edit.spec, edit.assets, stage.graph
    frame_picture(stage, edit.video, spec.time.speed)
    if at_s > 0:
        graph.pipe(spell("setpts", expr=f"PTS+{at_s:.6f}/TB"))
    graph.pipe(*clean(spec.effects, edit.canvas, assets.shake))
    graph.pipe(*cut)
    surround_picture(stage, spec.layout, assets.background)
    graph.pipe(*grade(spec.effects, edit.signal, assets.lut))
    graph.pipe(*finish(spec.effects, edit.canvas))
    if assets.logo is not None:
        shown = edit.timeline.shown_s
        overlay_logo(stage, spec, assets.logo, at_s + shown if shown else 0.0)
    if assets.texts is not None:
        graph.pipe(spell("ass", filename=assets.texts, fontsdir="fonts"))


def hear(edit: Edit, stage: Stage, *, with_picture: bool = False) -> Graph | None:
    """The whole sound, and on the way intro and outro around the picture. None when nothing is heard."""
    spec, assets, timeline = edit.spec, edit.assets, edit.timeline
    sound = own_sound(spec, edit.track, edit.source, timeline.shown_s) if is_heard(edit) else None
    if with_picture or sound is not None:
        join_segments(stage, sound, assets, timeline)
    if sound is not None:
        accompany(edit, sound, timeline.total_s)
    return sound


def is_heard(edit: Edit) -> bool:
    """Whether the output has a sound track."""
    spec, assets = edit.spec, edit.assets
    segments = [segment for segment in (assets.intro, assets.outro) if segment is not None]
    own = edit.track is not None and not spec.sound.mute
    others = any(segment.probe is not None and segment.probe.audio for segment in segments)
    return own or others or spec.sound.silent_track or assets.music is not None


def accompany(edit: Edit, sound: Graph, seconds: float) -> None:
    """Music under a sound of this length; that of the same seconds when it is a part of the output."""
    around = (edit.timeline.before_s, edit.timeline.after_s)
    add_music(sound, edit.spec.sound, edit.assets, edit.inputs, seconds, around=around)
