"""Parts of an edit for the eye: one frame, a few seconds, and the small copy on which frames are tried."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from subiteya.domain.pattern import OutputSpec, PatternSpec, Quality
from subiteya.domain.probe import Probe, VideoTrack
from subiteya.media.graph.assets import Assets
from subiteya.media.graph.canvas import Box, Canvas
from subiteya.media.graph.compiler import begin, draw, hear, stage_of
from subiteya.media.graph.encode import picture_arguments, sound_arguments
from subiteya.media.graph.filters import Graph
from subiteya.media.graph.framing import frame_picture
from subiteya.media.graph.inputs import Inputs
from subiteya.media.graph.signal import plan_signal
from subiteya.media.graph.stage import Stage
from subiteya.media.graph.timeline import Timeline

# JPEG readers take it for full-range BT.601, whatever the stream was; by way of RGB nothing is guessed.
_JPEG_COLOURS = ("scale=out_color_matrix=smpte170m:out_range=pc", "format=yuvj444p")
_JPEG, _PNG = ("-q:v", "2"), ("-compression_level", "3")


def compile_still(
    spec: PatternSpec, probe: Probe, assets: Assets, output: Path, *, second: float, seek: bool
) -> list[str]:
    """The command that renders one frame of the clip's own part as the edit would.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared.
        output: A `.jpg` or `.png`.
        second: Of the clip's own part in the output.
        seek: Whether the source is the clip, in which the frame is sought; else it holds that frame alone.

    Raises:
        NotAVideo: The probe has no picture.
    """
    options = ["-ss", f"{spec.time.source(second):.3f}"] if seek else []
    edit = begin(spec, probe, assets, 0, options=options)
    stage = stage_of(edit)
    draw(edit, stage, second)
    jpeg = output.suffix == ".jpg"
    stage.graph.pipe(*edit.signal.to_rgb, *(_JPEG_COLOURS if jpeg else ()))
    return [
        *edit.inputs.arguments,
        *("-filter_complex", stage.graph.finish("[v]"), "-map", "[v]", "-frames:v", "1"),
        *(_JPEG if jpeg else _PNG),
        *("-f", "image2", "-update", "1", "-y", f"file:{output}"),
    ]


def compile_excerpt(
    spec: PatternSpec, probe: Probe, assets: Assets, output: Path, *, start: float, seconds: float, width: int
) -> list[str]:
    """The command that renders a few seconds of the clip's own part, small and fast, with its sound.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared for the small canvas.
        output: An `.mp4`.
        start: Second of the clip's own part at which it begins.
        seconds: Its length.
        width: Most pixels across.

    Raises:
        NotAVideo: The probe has no picture.
    """
    options = ["-ss", f"{spec.time.source(start):.3f}", "-t", f"{seconds * spec.time.speed:.3f}"]
    edit = begin(spec, probe, assets, 0, options=options, width=width)
    edit = replace(edit, timeline=Timeline(0.0, seconds, 0.0, 0.0))
    stage = stage_of(edit)
    draw(edit, stage, start)
    stage.graph.pipe("setpts=PTS-STARTPTS", edit.signal.label)
    sound = hear(edit, stage)
    graphs, heard = [stage.graph.finish("[v]")], []
    if sound is not None:
        graphs.append(sound.finish("[a]"))
        heard = ["-map", "[a]", *sound_arguments(Quality.MEDIUM)]
    return [
        *edit.inputs.arguments,
        *("-filter_complex", ";".join(graphs), "-map", "[v]"),
        *picture_arguments(OutputSpec(quality=Quality.MEDIUM), edit.canvas.fps, 0),
        *heard,
        *("-movflags", "+faststart", "-f", "mp4", "-y", f"file:{output}"),
    ]


def compile_proxy(
    source: Path, video: VideoTrack, second: float, width: int, target: Path
) -> tuple[list[str], VideoTrack]:
    """The command that copies one frame of the source, small, upright and in the graph's colours.

    Args:
        source: The clip.
        video: Its picture.
        second: Of the source.
        width: Most pixels across.
        target: A `.mkv`, lossless.

    Returns:
        The command, and what the small picture is.
    """
    inputs = Inputs()
    number = inputs.clip(source, ["-ss", f"{second:.3f}"])
    rate = video.rate or Fraction(30)
    plain = Canvas(video.width, video.height, Box(0, 0, video.width, video.height), rate)
    canvas, signal = plain.at_most(min(width, video.width // 2 * 2)), plan_signal(video)
    stage = Stage(Graph(f"[{number}:{video.index}]"), canvas, signal, inputs)
    # A rate of its own would need frames around this one.
    frame_picture(stage, video.model_copy(update={"fps": _text(rate), "nominal_fps": _text(rate)}))
    stage.graph.pipe(signal.label)
    small = VideoTrack(
        index=0,
        codec="ffv1",
        coded_width=canvas.width,
        coded_height=canvas.height,
        width=canvas.width,
        height=canvas.height,
        fps=_text(rate),
        nominal_fps=_text(rate),
        pix_fmt="yuv420p",
        range="tv",
        transfer=signal.transfer,
        primaries=signal.primaries,
        matrix=signal.matrix,
    )
    command = [
        *inputs.arguments,
        *("-filter_complex", stage.graph.finish("[v]"), "-map", "[v]", "-frames:v", "1"),
        *("-c:v", "ffv1", "-pix_fmt", "yuv420p", "-f", "matroska", "-y", f"file:{target}"),
    ]
    return command, small


def _text(rate: Fraction) -> str:
    return f"{rate.numerator}/{rate.denominator}"
