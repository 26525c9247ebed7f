"""An edit in segments: the picture of a stretch of frames, and the joining of all with the whole's sound.

A segment has the graph of the whole. Its source is sought, but keeps its own clock, so that texts, fades and
the logo's times mean the same frames; what was decoded before the stretch is cut off again. The joining
copies the segments' packets and encodes the sound in one go: at a joint there is nothing to hear, and to see
no more than a key frame.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.segments import Stretch
from subiteya.media.graph.assets import Assets
from subiteya.media.graph.compiler import Edit, EditPlan, begin, draw, finish_mp4, hear, stage_of
from subiteya.media.graph.encode import picture_arguments, sound_arguments
from subiteya.media.graph.filters import spell
from subiteya.media.graph.sound import Loudness, level

_LEAD_FRAMES = 4  # decoded before the stretch: deinterlacing and the rate look at neighbours
_MEMORY_S = 1.0  # what noise reduction remembers of the frames before


def compile_stretch(
    spec: PatternSpec, probe: Probe, assets: Assets, work: Path, stretch: Stretch, *, threads: int = 0
) -> EditPlan:
    """The command that makes the picture of a stretch of the output, without sound, on a clock of its own.

    Args:
        spec: What to do; `is_divisible`.
        probe: What the source is.
        assets: The files, prepared as for the whole.
        work: Folder for the output, in which FFmpeg will run.
        stretch: Which frames.
        threads: Threads for decoding and for encoding; 0 lets FFmpeg choose.

    Raises:
        NotAVideo: The probe has no picture.
    """
    whole = begin(spec, probe, assets, threads)
    edit = begin(spec, probe, assets, threads, options=_sought(whole, stretch))
    stage, fps, output = stage_of(edit), edit.canvas.fps, work / "segment.mp4"
    draw(edit, stage, cut=[spell("trim", start=_before(stretch.first, fps))] if stretch.first else [])
    if stretch.end is not None:  # after all is drawn: a logo that still fades in would draw the frames out
        stage.graph.pipe(spell("trim", end=_before(stretch.end, fps)))
    if (
        stretch.first
    ):  # else the clock stays: where the picture begins after the sound, the encoder fills the gap
        stage.graph.pipe("setpts=PTS-STARTPTS")
    stage.graph.pipe(edit.signal.label)
    arguments = (
        *("-copyts", "-start_at_zero"),
        *edit.inputs.arguments,
        *("-filter_complex", stage.graph.finish("[v]"), "-map", "[v]"),
        *picture_arguments(spec.output, fps, threads),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-f", "mp4", "-y", f"file:{output}"),
    )
    end_s = whole.timeline.total_s if stretch.end is None else float(stretch.end / fps)
    seconds = max(0.0, end_s - float(stretch.first / fps))
    return EditPlan(arguments, output, "mp4", is_copy=False, duration_s=seconds, canvas=edit.canvas)


def _before(frame: int, fps: Fraction) -> float:
    """A moment half a frame before a frame's, so that no rounding of its time matters."""
    return float((frame - Fraction(1, 2)) / fps)


def _sought(edit: Edit, stretch: Stretch) -> list[str]:
    """Input options: from the key frame before the stretch on."""
    lead = _LEAD_FRAMES / edit.canvas.fps + (_MEMORY_S if edit.spec.effects.denoise > 0 else 0)
    second = edit.spec.time.source(float(stretch.first / edit.canvas.fps - lead))
    return ["-noaccurate_seek", "-ss", f"{second:.6f}"] if second > 0 else []


def compile_join(
    spec: PatternSpec,
    probe: Probe,
    assets: Assets,
    listing: Path,
    work: Path,
    *,
    loudness: Loudness | None = None,
) -> EditPlan:
    """The command that joins the segments and gives them the sound of the whole.

    Args:
        spec: What to do.
        probe: What the source is.
        assets: The files, prepared as for the whole.
        listing: The segments for FFmpeg's `concat`, written by us.
        work: Folder for the output, in which FFmpeg will run.
        loudness: As for `compile_edit`.

    Raises:
        NotAVideo: The probe has no picture.
    """
    edit = begin(spec, probe, assets, 0)
    sound = hear(edit, stage_of(edit))
    heard: list[str] = []
    if sound is not None:
        level(sound, loudness)
        heard = ["-filter_complex", sound.finish("[a]"), "-map", "[a]", *sound_arguments(spec.output.quality)]
    picture, output = edit.inputs.listing(listing), work / "edited.mp4"
    arguments = (
        *edit.inputs.arguments,
        *("-map", f"{picture}:v:0", "-c:v", "copy"),
        *heard,
        *finish_mp4(output),
    )
    return EditPlan(
        arguments, output, "mp4", is_copy=False, duration_s=edit.timeline.total_s, canvas=edit.canvas
    )
