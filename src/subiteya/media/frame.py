"""One frame of an edit, without the edit: what a person sees before they confirm.

A small lossless still is cut out of the source once; the compiler's own graph is then run over it, told that
it stands at the still's moment. The frame differs from the same frame of the finished clip, scaled down, only
by the scaling and by x264: by less than `TOLERANCE` on average. What needs more than one frame cannot be told
from one: steadying is left out, noise reduction and grain are those of a first frame, and there is no blend
with an intro or outro.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from PIL import Image

from subiteya.domain.errors import BadInput, EditFailed, NotAVideo
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe, VideoTrack
from subiteya.domain.subtitles import retimed
from subiteya.media.edit import Editor, Ingredients, plan_edit
from subiteya.media.graph.canvas import plan_rate
from subiteya.media.graph.inputs import Inputs
from subiteya.media.runner import run_ffmpeg

SHORT_SIDE: Final = 540
"""Pixels of a preview's shorter side; a smaller source is not enlarged."""
TOLERANCE: Final = 4.0
"""Mean difference a colour channel, of 255, between a preview and the finished clip's frame scaled down."""

_LIMIT_S = 20.0
_JPEG_QUALITY = 90
_HAIR = Fraction(1, 1000)  # of a frame
# What a single frame shows. A section that acts on time or sound means nothing here.
_SHOWN = frozenset({"version", "logo", "texts", "subtitles", "effects", "layout", "output"})

ImageFormat = Literal["jpeg", "png"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame of a source by its number at the constant rate that an edit gives it."""

    number: int
    rate: Fraction

    @property
    def second(self) -> float:
        """When it is shown, in seconds from the source's start."""
        return float(self.number / self.rate)


def moment_at(probe: Probe, second: float) -> Moment:
    """The frame that is on the screen at `second`; the last one when that is past the end.

    Raises:
        NotAVideo: The probe has no picture.
    """
    rate = plan_rate(_picture(probe))
    # A hair on top: 1.2 as a float, times 30, is a little less than 36.
    last = max(0, int(Fraction(probe.duration_s) * rate + _HAIR) - 1)
    number = int(Fraction(max(0.0, second)) * rate + _HAIR)
    return Moment(min(number, last) if probe.duration_s else number, rate)


async def cut_still(editor: Editor, source: Path, probe: Probe, moment: Moment, work: Path) -> Path:
    """Decodes one frame of a source into a small lossless file; seeks first, so that no place is far.

    Args:
        editor: FFmpeg.
        source: An absolute path.
        probe: Of the source.
        moment: Which frame.
        work: Folder for the still and for FFmpeg.

    Raises:
        NotAVideo: FFmpeg cannot read the source.
        BadInput: The picture ends before that moment.
        EditFailed: FFmpeg ended badly or took too long.
    """
    video, still = _picture(probe), work / "still.mkv"
    size = _still_size(video)
    inputs = Inputs(editor.threads)
    # From half a frame before, or rounding could skip the frame that is meant.
    seek = max(Fraction(0), (moment.number - Fraction(1, 2)) / moment.rate)
    inputs.clip(source, ["-ss", f"{float(seek):.6f}"])
    filters = [
        *(["bwdif=mode=send_frame"] if video.interlaced else []),
        f"scale=w={size[0]}:h={size[1]}:flags=bicubic+accurate_rnd{_to_limited(video)},setsar=1",
        f"format={_still_pixels(video)}",
    ]
    command = [
        *("-abort_on", "empty_output", *inputs.arguments, "-map", f"0:{video.index}", "-an", "-sn", "-dn"),
        *("-vf", ",".join(filters), "-frames:v", "1", "-fps_mode", "passthrough", "-c:v", "ffv1"),
        *("-map_metadata", "-1", "-f", "matroska", "-y", f"file:{still}"),
    ]
    try:
        await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=0, limit_s=_LIMIT_S)
    except EditFailed as error:
        if "Output file is empty" in str(error.context.get("log")):
            raise BadInput(what="second", why="there is no picture at that time") from error
        raise
    return still


async def draw_frame(
    editor: Editor, ingredients: Ingredients, still: Path, moment: Moment, work: Path, *, kind: ImageFormat
) -> bytes:
    """What the pattern makes of a still, as an image file.

    Args:
        editor: FFmpeg and fonts.
        ingredients: Those of the edit; its source is not read.
        still: As `cut_still` wrote it.
        moment: Which frame it is: overlays and subtitles depend on it.
        work: An empty folder for this frame.
        kind: Of the image.

    Raises:
        NotAVideo: The probe has no picture.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: FFmpeg ended badly or took too long.
    """
    time, whole = ingredients.spec.time, ingredients.probe
    shown_s = time.shown_s(whole.duration_s)
    drawn = replace(
        ingredients,
        spec=spec_of_a_frame(ingredients.spec),
        probe=_still_probe(whole, moment, shown_s),
        source=still,
        cues=retimed(ingredients.cues, time.moment, shown_s),
    )
    plan = await plan_edit(editor, drawn, work)
    command = _first_frame(plan.arguments, max(0.0, time.moment(moment.second)))
    await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=0, limit_s=_LIMIT_S)
    return await asyncio.to_thread(_encode, work / "frame.ppm", kind)


def spec_of_a_frame(spec: PatternSpec) -> PatternSpec:
    """What of a pattern shows on one frame of the clip's own part; it names no other files."""
    told = {name: value for name, value in spec.model_dump(mode="json").items() if name in _SHOWN}
    return PatternSpec.merge(told, {"effects": {"stabilise": False}})


def _first_frame(arguments: Sequence[str], second: float) -> list[str]:
    """An edit's command up to its graph, with its clip moved to `second`, made to write the first frame."""
    end = list(arguments).index("-map") + 2
    if arguments[end - 1] != "[v]":
        raise ValueError("the command has no picture graph")
    return [
        *("-itsoffset", f"{second:.6f}", *arguments[:end]),
        *("-frames:v", "1", "-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-c:v", "ppm"),
        *("-f", "image2pipe", "-y", "file:frame.ppm"),
    ]


def _to_limited(video: VideoTrack) -> str:
    # FFV1 has no full range of its own; RGB has no other.
    return ":in_range=pc:out_range=tv" if video.is_full_range and video.matrix != "gbr" else ""


def _still_pixels(video: VideoTrack) -> str:
    return video.pix_fmt.replace("yuvj", "yuv")


def _still_size(video: VideoTrack) -> tuple[int, int]:
    scale = min(Fraction(1), Fraction(SHORT_SIDE, min(video.width, video.height)))
    return max(2, round(video.width * scale / 2) * 2), max(2, round(video.height * scale / 2) * 2)


def _still_probe(probe: Probe, moment: Moment, shown_s: float) -> Probe:
    """What a probe of the still would say: upright, square pixels, progressive, the source's colours."""
    video = _picture(probe)
    width, height = _still_size(video)
    rate = f"{moment.rate.numerator}/{moment.rate.denominator}"
    small = video.model_copy(
        update={
            "index": 0, "codec": "ffv1", "rotation": 0, "sar": "1/1", "interlaced": False,
            "width": width, "height": height, "fps": rate, "nominal_fps": rate,
            "pix_fmt": _still_pixels(video), "range": video.range if video.matrix == "gbr" else "tv",
        }
    )  # fmt: skip
    return probe.model_copy(
        update={"container": "matroska", "video": small, "audio": (), "duration_s": shown_s}
    )


def _picture(probe: Probe) -> VideoTrack:
    if probe.video is None:
        raise NotAVideo(why="it has no picture")
    return probe.video


def _encode(path: Path, kind: ImageFormat) -> bytes:
    written = io.BytesIO()
    with Image.open(path, formats=("PPM",)) as image:
        if kind == "png":
            image.save(written, "PNG", compress_level=3)
        else:
            image.save(written, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return written.getvalue()
