"""A look at a received file with PyAV, and the verdict by TikTok's media restrictions.

`inspect_file` blocks and is called in a thread; `verdict` is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error

MIN_FPS = 23.0
MAX_FPS = 60.0
#: Average rates are measured, not declared: 60.06 is a 60 fps file.
FPS_TOLERANCE = 0.5
MIN_SIDE = 360
MAX_SIDE = 4_096
_CODECS = frozenset({"h264", "hevc", "vp8", "vp9"})
_EBML_HEAD_BYTES = 64

BAD_FORMAT = "file_format_check_failed"
BAD_DURATION = "duration_check_failed"
BAD_FPS = "frame_rate_check_failed"
BAD_PICTURE = "picture_size_check_failed"


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a file is; `container` is `mp4` (MOV too), `webm` or another name, sizes in pixels."""

    container: str
    codec: str
    width: int
    height: int
    fps: float
    duration_ms: int


def inspect_file(path: Path) -> MediaFacts | None:
    """Return what the file is, or None when no picture can be decoded from it."""
    try:
        with av.open(path, mode="r") as container:
            if not container.streams.video:
                return None
            stream = container.streams.video[0]
            frame = next(container.decode(stream), None)
            if frame is None:
                return None
            duration_ms = _duration_ms(container.duration, stream.duration, stream.time_base)
            return MediaFacts(
                container=_container(container.format.name, path),
                codec=stream.codec_context.name,
                width=frame.width,
                height=frame.height,
                fps=float(stream.average_rate or stream.guessed_rate or 0),
                duration_ms=duration_ms if duration_ms is not None else _measure_ms(path),
            )
    except (av.error.FFmpegError, ValueError):
        return None


def verdict(facts: MediaFacts | None, max_duration_sec: int) -> str | None:
    """Return the fail_reason that TikTok would give, or None when the file may be posted."""
    if facts is None or facts.container not in {"mp4", "webm"} or facts.codec not in _CODECS:
        return BAD_FORMAT
    if not 0 < facts.duration_ms <= max_duration_sec * 1_000:
        return BAD_DURATION
    if not MIN_FPS - FPS_TOLERANCE <= facts.fps <= MAX_FPS + FPS_TOLERANCE:
        return BAD_FPS
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in (facts.width, facts.height)):
        return BAD_PICTURE
    return None


def _container(name: str, path: Path) -> str:
    names = name.split(",")
    if "mp4" in names:
        return "mp4"
    if "webm" in names:
        # FFmpeg reads WebM and Matroska with one demuxer; the document type tells them apart.
        with path.open("rb") as file:
            return "webm" if b"webm" in file.read(_EBML_HEAD_BYTES) else "matroska"
    return names[0]


def _duration_ms(whole: int | None, stream: int | None, time_base: Fraction | None) -> int | None:
    if whole:
        return whole * 1_000 // av.time_base
    if stream and time_base:
        return int(stream * time_base * 1_000)
    return None


def _measure_ms(path: Path) -> int:
    """Return the end of the last packet: a recording that was streamed carries no duration."""
    end = Fraction(0)
    with av.open(path, mode="r") as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
    return int(end * 1_000)
