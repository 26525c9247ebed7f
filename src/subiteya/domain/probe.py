"""What is known about a media file, and what follows from it for TikTok.

A `Probe` is a value: it travels as JSON (a jsonb column) and is all that the filter graph knows of a clip.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

# TikTok's media restrictions for the Content Posting API (video), as its documentation states them.
TIKTOK_MIN_SIDE = 360
TIKTOK_MAX_SIDE = 4096
TIKTOK_MIN_FPS = 23
TIKTOK_MAX_FPS = 60
TIKTOK_MAX_BYTES = 4 * 1000**3
TIKTOK_MAX_SECONDS = 600.0
_RATE_SLACK = Fraction(1, 200)  # the average over a short clip is off by part of a frame
_TIKTOK_CONTAINERS = frozenset({"mp4", "mov", "webm"})
_TIKTOK_CODECS = frozenset({"h264", "hevc", "vp8", "vp9"})


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoTrack(_Value):
    """The first picture track. Sizes in pixels."""

    index: int = Field(ge=0, description="Number of the stream in the file.")
    codec: str
    profile: str | None = None
    coded_width: int = Field(ge=1, description="Width before rotation and pixel aspect.")
    coded_height: int = Field(ge=1)
    width: int = Field(ge=1, description="Width as it is seen: rotated, with square pixels.")
    height: int = Field(ge=1)
    rotation: int = Field(
        0, description="Clockwise degrees that a player turns the picture: 0, 90, 180, 270."
    )
    sar: str = Field("1/1", description="Sample (pixel) aspect ratio as a fraction.")
    fps: str = Field(description="Average frame rate as a fraction; 0/1 when the file does not say.")
    nominal_fps: str = Field(description="Frame rate that the time stamps suggest, as a fraction.")
    pix_fmt: str = Field(description="FFmpeg's name of the pixel format.")
    bit_depth: int = 8
    has_alpha: bool = False
    interlaced: bool = False
    range: str = Field("unknown", description="tv (limited), pc (full) or unknown.")
    transfer: str = Field("unknown", description="FFmpeg's name of the transfer function.")
    primaries: str = Field("unknown", description="FFmpeg's name of the primaries.")
    matrix: str = Field("unknown", description="FFmpeg's name of the YCbCr matrix.")
    frames: int | None = Field(None, description="Number of frames when the container says so.")
    bit_rate: int | None = Field(None, description="Bits a second.")

    @property
    def rate(self) -> Fraction:
        """The average frame rate, or the nominal one when there is no average; 0 when neither is known."""
        return _fraction(self.fps) or _fraction(self.nominal_fps)

    @property
    def nominal_rate(self) -> Fraction:
        """The frame rate that the time stamps suggest; 0 when it is not known."""
        return _fraction(self.nominal_fps)

    @property
    def is_constant_rate(self) -> bool:
        """Whether average and nominal rate agree to within one part in a thousand."""
        average, nominal = _fraction(self.fps), _fraction(self.nominal_fps)
        return average > 0 and nominal > 0 and abs(average / nominal - 1) < Fraction(1, 1000)

    @property
    def is_hdr(self) -> bool:
        """Whether the transfer function is HLG or PQ, which looks grey unless tone-mapped."""
        return self.transfer in {"arib-std-b67", "smpte2084"}

    @property
    def is_full_range(self) -> bool:
        """Whether black is 0 instead of 16."""
        return self.range == "pc" or self.pix_fmt.startswith("yuvj")


class AudioTrack(_Value):
    """One sound track."""

    index: int = Field(ge=0, description="Number of the stream in the file.")
    codec: str
    profile: str | None = None
    sample_rate: int = Field(ge=1, description="Samples a second.")
    channels: int = Field(ge=1)
    bit_rate: int | None = None
    language: str | None = None


class Probe(_Value):
    """One media file."""

    container: str = Field(
        description="mp4, mov, webm, matroska, avi, mpegts, mpeg, flv, asf; sound: mp3, wav, aac, ogg, flac."
    )
    duration_s: float = Field(ge=0, description="Seconds; 0 when nobody knows.")
    size_bytes: int = Field(ge=0)
    video: VideoTrack | None = None
    audio: tuple[AudioTrack, ...] = ()

    @property
    def is_video(self) -> bool:
        """Whether there is a moving picture at all."""
        return self.video is not None

    def to_json(self) -> dict[str, object]:
        """Plain JSON values, for a jsonb column."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: object) -> Self:
        """The probe that `to_json` wrote."""
        return cls.model_validate(data)


class FindingCode(StrEnum):
    """What TikTok would not take, or show badly."""

    CONTAINER = "container"
    CODEC = "codec"
    FRAME_RATE = "frame_rate"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    BYTES = "bytes"
    DURATION = "duration"
    HDR = "hdr"
    PIXEL_FORMAT = "pixel_format"
    INTERLACED = "interlaced"
    LOUDNESS = "loudness"
    BLACK_BARS = "black_bars"
    COVERED = "covered"


class Finding(_Value):
    """One thing that TikTok would refuse or show badly."""

    code: FindingCode
    value: str = Field(description="What the file has.")
    limit: str = Field(description="What TikTok wants.")
    mended_by_edit: bool = Field(description="Whether encoding alone mends it, without a person's choice.")


def tiktok_findings(probe: Probe, *, max_seconds: float = TIKTOK_MAX_SECONDS) -> tuple[Finding, ...]:
    """What in this file breaks TikTok's media restrictions, in the order of their table.

    Args:
        probe: The file.
        max_seconds: The creator's own limit, when it is known; TikTok's ceiling otherwise.
    """
    findings = [*_file_findings(probe, max_seconds)]
    if probe.video is not None:
        findings.extend(_picture_findings(probe.video))
    return tuple(findings)


def _file_findings(probe: Probe, max_seconds: float) -> list[Finding]:
    found = []
    if probe.container not in _TIKTOK_CONTAINERS:
        found.append(_finding(FindingCode.CONTAINER, probe.container, "mp4, mov, webm"))
    if probe.size_bytes > TIKTOK_MAX_BYTES:
        found.append(_finding(FindingCode.BYTES, str(probe.size_bytes), f"≤ {TIKTOK_MAX_BYTES}"))
    if probe.duration_s > max_seconds:
        found.append(
            _finding(FindingCode.DURATION, f"{probe.duration_s:.1f} s", f"≤ {max_seconds:g} s", mended=False)
        )
    return found


def _picture_findings(video: VideoTrack) -> list[Finding]:
    size, found = f"{video.width}x{video.height}", []
    if video.codec not in _TIKTOK_CODECS:
        found.append(_finding(FindingCode.CODEC, video.codec, "h264, hevc, vp8, vp9"))
    if not TIKTOK_MIN_FPS * (1 - _RATE_SLACK) <= video.rate <= TIKTOK_MAX_FPS * (1 + _RATE_SLACK):
        wanted = f"{TIKTOK_MIN_FPS}-{TIKTOK_MAX_FPS}"
        found.append(_finding(FindingCode.FRAME_RATE, f"{float(video.rate):.2f}", wanted))
    if min(video.width, video.height) < TIKTOK_MIN_SIDE:
        found.append(_finding(FindingCode.TOO_SMALL, size, f"sides ≥ {TIKTOK_MIN_SIDE}"))
    if max(video.width, video.height) > TIKTOK_MAX_SIDE:
        found.append(_finding(FindingCode.TOO_LARGE, size, f"sides ≤ {TIKTOK_MAX_SIDE}"))
    if video.is_hdr:
        found.append(_finding(FindingCode.HDR, video.transfer, "standard dynamic range"))
    if video.pix_fmt not in {"yuv420p", "yuvj420p"} and not video.is_hdr:
        found.append(_finding(FindingCode.PIXEL_FORMAT, video.pix_fmt, "yuv420p"))
    if video.interlaced:
        found.append(_finding(FindingCode.INTERLACED, "interlaced", "progressive"))
    return found


def _finding(code: FindingCode, value: str, limit: str, *, mended: bool = True) -> Finding:
    return Finding(code=code, value=value, limit=limit, mended_by_edit=mended)


def _fraction(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(int(top), int(bottom or "1")) if int(bottom or "1") else Fraction(0)
