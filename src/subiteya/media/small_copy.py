"""A small copy of a whole clip's picture, out of which any of its frames is taken in no time.

A frame of the source costs the decoding of all frames since the key frame before it: a second of work for one
of 1080x1920. In the copy a key frame is never far, its frames are small, and their times are the source's.
"""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.video.frame import VideoFrame

from subiteya.domain.errors import BadInput
from subiteya.domain.probe import VideoTrack
from subiteya.media.edit import Editor
from subiteya.media.graph import compile_small
from subiteya.media.runner import run_ffmpeg

LONGEST_S: Final = 900.0
"""Of a clip that is copied: 10 minutes, which is TikTok's longest, and something for a cut."""

_LIMIT_S = 600.0
_MEMORY = 3 * 1024**3
_NICE = 10
_HAIR_S = 1e-6  # times are whole microseconds where FFmpeg seeks


async def make_small_copy(editor: Editor, source: Path, video: VideoTrack, target: Path) -> None:
    """Copies the picture of a clip, small, upright and in the graph's colours, behind all other work.

    Args:
        editor: FFmpeg.
        source: The clip.
        video: Its picture.
        target: A `.nut` in a folder in which FFmpeg may run.

    Raises:
        NotAVideo: FFmpeg cannot read the source.
        EditFailed: FFmpeg ended badly or took too long.
    """
    await run_ffmpeg(
        editor.ffmpeg,
        compile_small(source, video, target, threads=1),
        work=target.parent,
        duration_s=0,
        limit_s=_LIMIT_S,
        memory_bytes=_MEMORY,
        nice=_NICE,
    )


async def take_still(copy: Path, second: float, rate: Fraction, target: Path) -> None:
    """Writes the frame for a second as `cut_still` would, out of a small copy.

    The copy was encoded by us, so it may be read in this process.

    Args:
        copy: As `make_small_copy` wrote it.
        second: Of the source.
        rate: Frames a second of the grid on which `second` lies.
        target: A `.mkv`.

    Raises:
        BadInput: There is no picture in it.
    """
    await asyncio.to_thread(_take, copy, second, rate, target)


def _take(copy: Path, second: float, rate: Fraction, target: Path) -> None:
    shown = _frame_at(copy, second + float(Fraction(1, 2) / rate) - _HAIR_S)
    with av.open(str(target), "w", format="matroska") as container:
        stream = container.add_stream("rawvideo", rate=rate)
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuv420p"
        for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
            setattr(stream.codec_context, name, getattr(shown, name))
        shown.pts, shown.time_base = 0, 1 / rate
        container.mux(stream.encode(shown))
        container.mux(stream.encode(None))


def _frame_at(copy: Path, before_s: float) -> VideoFrame:
    """The last frame that begins before a second; the first one where there is none."""
    found = None
    with av.open(str(copy)) as container:
        stream = container.streams.video[0]
        if stream.time_base is not None and before_s > 0:
            container.seek(int(before_s / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if found is not None and (frame.time or 0.0) >= before_s:
                break
            found = frame
    if found is None:
        raise BadInput(what="second", why="there is no picture at that time")
    return found
