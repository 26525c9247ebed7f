"""Parts of an edit for the eye: one frame, a few seconds, and the small copy on which frames are tried."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from subiteya.domain.pattern import EffectsSpec, OutputSpec, PatternSpec, Quality
from subiteya.domain.probe import Probe, VideoTrack
from subiteya.media.graph.assets import Assets
from subiteya.media.graph.canvas import Box, Canvas
from subiteya.media.graph.compiler import Edit, accompany, begin, draw, hear, is_heard, stage_of
from subiteya.media.graph.encode import picture_arguments, sound_arguments
from subiteya.media.graph.filters import Graph, spell
from subiteya.media.graph.inputs import Inputs
from subiteya.media.graph.signal import convert, plan_signal
from subiteya.media.graph.sound import Loudness, level
from subiteya.media.graph.stage import Stage
from subiteya.media.graph.timeline import include_segment
from subiteya.media.graph.window import Window

SHORT_SIDE: Final = 540
"""Pixels of a preview's shorter side; a smaller picture is not enlarged."""

# JPEG readers take it for full-range BT.601, whatever the stream was; by way of RGB nothing is guessed.
_JPEG_COLOURS = ("scale=out_color_matrix=smpte170m:out_range=pc", "format=yuvj444p")
_JPEG, _PNG = ("-q:v", "2"), ("-compression_level", "3")
_CLEAN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")


def still_size(video: VideoTrack) -> tuple[int, int]:
    """Size of the small copy of a source's frame."""
    scale = min(Fraction(1), Fraction(SHORT_SIDE, min(video.width, video.height)))
    return max(2, round(video.width * scale / 2) * 2), max(2, round(video.height * scale / 2) * 2)


def small_canvas(canvas: Canvas) -> Canvas:
    """An edit's canvas in the size of a preview."""
    return canvas.at_most(round(canvas.width * SHORT_SIDE / min(canvas.width, canvas.height)))


def still_canvas(canvas: Canvas, video: VideoTrack) -> Canvas:
    """An edit's canvas for a small copy of the source's frame: no larger than the copy has detail for."""
    width, height = still_size(video)
    across, down = Fraction(width, video.width), Fraction(height, video.height)
    crop = canvas.crop
    used = canvas.crop.width if canvas.crop is not None else video.width
    detail = Fraction(round(used * across), min(canvas.picture.width, used))
    small = small_canvas(canvas)
    if detail < 1 and small.width > canvas.width * detail:
        small = canvas.at_most(max(2, round(canvas.width * detail)))
    if crop is None:
        return small
    kept = (max(2, _even(crop.width * across)), max(2, _even(crop.height * down)))
    corner = (min(_even(crop.x * across), width - kept[0]), min(_even(crop.y * down), height - kept[1]))
    return replace(small, crop=Box(*corner, *kept))


def for_size(effects: EffectsSpec, scale: float) -> EffectsSpec:
    """The effects that make a small picture look as the large one does when it is scaled down.

    Grain and sharpness act on single pixels, whose number is what differs.

    Args:
        effects: Of the edit.
        scale: Width of the small picture to that of the edit.
    """
    return effects.model_copy(update={"grain": effects.grain * scale, "sharpen": effects.sharpen * scale**2})


def compile_proxy(
    source: Path, video: VideoTrack, second: float, rate: Fraction, target: Path, *, threads: int = 0
) -> list[str]:
    """The command that copies one frame of the source, small, upright and in the graph's colours.

    It is the frame that a player shows at that second: also when the file has none for a while, and the last
    one when the picture ends before.

    Args:
        source: The clip.
        video: Its picture.
        second: Of the source.
        rate: Frames a second of the grid on which `second` lies.
        target: A `.mkv`, lossless.
        threads: Threads of the decoder; 0 lets FFmpeg choose.
    """
    inputs, signal, size = Inputs(threads), plan_signal(video), still_size(video)
    # Sought, but not to the frame: the one on the screen may have begun long before.
    number = inputs.clip(source, ["-noaccurate_seek", "-ss", f"{second:.6f}"] if second > 0 else [])
    graph = Graph(f"[{number}:{video.index}]")
    graph.pipe(*(["bwdif=mode=send_frame"] if video.interlaced else []))
    graph.pipe("tpad=stop=-1:stop_mode=clone", spell("fps", fps=rate, start_time=0))
    resized = size != (video.width, video.height) or video.sar != "1/1"
    graph.pipe(*convert(video, signal, size if resized else None), signal.label)
    return [
        *("-abort_on", "empty_output", *inputs.arguments),
        *("-filter_complex", graph.finish("[v]"), "-map", "[v]", "-frames:v", "1"),
        *("-fps_mode", "passthrough", "-c:v", "ffv1", "-pix_fmt", "yuv420p", *_CLEAN),
        *("-f", "matroska", "-y", f"file:{target}"),
    ]


def compile_small(source: Path, video: VideoTrack, target: Path, *, threads: int = 0) -> list[str]:
    """The command that copies every frame of the source at its time, small, upright, in the graph's colours.

    Args:
        source: The clip.
        video: Its picture.
        target: A `.nut`: a container that keeps every time as it is, in any unit.
        threads: Threads of the decoder and of the encoder; 0 lets FFmpeg choose.
    """
    inputs, signal, size = Inputs(threads), plan_signal(video), still_size(video)
    number = inputs.clip(source)
    graph = Graph(f"[{number}:{video.index}]")
    graph.pipe(*(["bwdif=mode=send_frame"] if video.interlaced else []))
    resized = size != (video.width, video.height) or video.sar != "1/1"
    graph.pipe(*convert(video, signal, size if resized else None), signal.label, "format=yuv420p")
    return [
        *("-abort_on", "empty_output", *inputs.arguments),
        *("-filter_complex", graph.finish("[v]"), "-map", "[v]", "-fps_mode", "passthrough"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "4", "-bf", "0"),
        *(["-threads", str(threads)] if threads else []),
        *("-enc_time_base", "demux", *_CLEAN, "-f", "nut", "-y", f"file:{target}"),
    ]


def still_probe(probe: Probe, video: VideoTrack, fps: Fraction) -> Probe:
    """What a probe would say of what `compile_proxy` writes.

    Args:
        probe: Of the source.
        video: Its picture.
        fps: The edit's rate: a single frame needs no other.
    """
    (width, height), signal = still_size(video), plan_signal(video)
    rate = f"{fps.numerator}/{fps.denominator}"
    small = VideoTrack(
        index=0, codec="ffv1", coded_width=width, coded_height=height, width=width, height=height,
        fps=rate, nominal_fps=rate, pix_fmt="yuv420p", range="tv",
        transfer=signal.transfer, primaries=signal.primaries, matrix=signal.matrix,
    )  # fmt: skip
    return probe.model_copy(update={"container": "matroska", "video": small, "audio": ()})


def compile_still(
    spec: PatternSpec, still: Probe, assets: Assets, output: Path, *, canvas: Canvas, second: float
) -> list[str]:
    """The command that draws a pattern on one frame of the clip's own part.

    Args:
        spec: What to do, without the section about time.
        still: As `still_probe` told.
        assets: The files, prepared for `canvas`.
        output: A `.jpg` or `.png`.
        canvas: As `still_canvas` told.
        second: Of the clip's own part in the output.

    Raises:
        NotAVideo: The probe has no picture.
    """
    edit = begin(spec, still, assets, 0, options=[], canvas=canvas)
    stage = stage_of(edit)
    draw(edit, stage, second)
    return _image(edit, stage, output)


def compile_excerpt(
    spec: PatternSpec,
    probe: Probe,
    assets: Assets,
    output: Path,
    *,
    canvas: Canvas,
    shown: Box,
    window: Window,
    loudness: Loudness | None = None,
    threads: int = 0,
) -> list[str]:
    """The command that makes a stretch of the output, small: a clip with its sound, or its first frame.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared for `canvas`; intro and outro whole.
        output: An `.mp4`; a `.jpg` or `.png` for the frame.
        canvas: On which it is drawn.
        shown: The size of the result.
        window: Which stretch.
        loudness: Of the whole output; nothing is normalised without.
        threads: Threads for decoding and for encoding; 0 lets FFmpeg choose.

    Raises:
        NotAVideo: The probe has no picture.
    """
    options = window.source_options(spec.time)
    edit = begin(spec, probe, window.of(assets), threads, options=options, canvas=canvas)
    edit = replace(edit, timeline=window.timeline)
    stage, sound = _alone(edit, window) if window.own is None else _joined(edit, window.own.skipped_s)
    begins = max(0.0, window.lead_s - 0.5 / edit.canvas.fps)  # intro and clip need not share a grid of frames
    stage.graph.pipe(spell("trim", start=begins), "setpts=PTS-STARTPTS")
    if (canvas.width, canvas.height) != (shown.width, shown.height):
        stage.graph.pipe(spell("scale", w=shown.width, h=shown.height, flags="bicubic+accurate_rnd"))
    if output.suffix != ".mp4":
        return _image(edit, stage, output)
    stage.graph.pipe(edit.signal.label)
    graphs, heard = [stage.graph.finish("[v]")], []
    if sound is not None:
        sound.pipe(spell("atrim", start=window.lead_s, duration=window.seconds), "asetpts=PTS-STARTPTS")
        level(sound, loudness)
        graphs.append(sound.finish("[a]"))
        heard = ["-map", "[a]", *sound_arguments(Quality.MEDIUM)]
    return [
        *edit.inputs.arguments,
        *("-filter_complex", ";".join(graphs), "-map", "[v]"),
        *picture_arguments(OutputSpec(quality=Quality.HIGH), edit.canvas.fps, threads),
        *heard,
        *("-t", f"{window.seconds:.6f}", *_CLEAN),
        *("-movflags", "+faststart", "-f", "mp4", "-y", f"file:{output}"),
    ]


def _joined(edit: Edit, skipped_s: float) -> tuple[Stage, Graph | None]:
    """The clip's own part from a second on, with what there is of intro and outro around it."""
    stage = stage_of(edit)
    draw(edit, stage, skipped_s)
    if skipped_s > 0:
        stage.graph.pipe(spell("setpts", expr=f"PTS-{skipped_s:.6f}/TB"))
    return stage, hear(edit, stage, with_picture=True)


def _alone(edit: Edit, window: Window) -> tuple[Stage, Graph | None]:
    """A stretch of the intro or of the outro, without the clip."""
    name, segment = ("i", edit.assets.intro) if edit.assets.intro is not None else ("o", edit.assets.outro)
    if segment is None:
        raise ValueError("the window is empty")
    stage = Stage(Graph(f"[v{name}]"), edit.canvas, edit.signal, edit.inputs)
    sound = Graph(f"[a{name}]", "a") if is_heard(edit) else None
    include_segment(stage, sound, segment, name, window.made_s)
    if sound is not None:
        accompany(edit, sound, window.made_s)
    return stage, sound


def _image(edit: Edit, stage: Stage, output: Path) -> list[str]:
    """The command that writes the first frame as an image file."""
    jpeg = output.suffix == ".jpg"
    stage.graph.pipe(*edit.signal.to_rgb, *(_JPEG_COLOURS if jpeg else ()))
    return [
        *("-abort_on", "empty_output", *edit.inputs.arguments),
        *("-filter_complex", stage.graph.finish("[v]"), "-map", "[v]", "-frames:v", "1"),
        *("-fps_mode", "passthrough", *(_JPEG if jpeg else _PNG)),
        *("-f", "image2", "-update", "1", "-y", f"file:{output}"),
    ]


def _even(value: Fraction | int) -> int:
    return int(value) // 2 * 2
