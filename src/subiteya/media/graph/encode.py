"""The encoders' operating points."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from subiteya.domain.pattern import OutputSpec, Quality


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """x264's speed and quality, and the sound's bit rate."""

    preset: str
    crf: int
    audio_kbps: int


# Measured on busy 1080x1920 footage (docs/why/one-pass.md): veryfast at CRF 22 keeps more of the picture than
# the original's three encodes at fast/23, in a smaller file, for a quarter of their processor time.
POINTS: dict[Quality, OperatingPoint] = {
    Quality.LOW: OperatingPoint("veryfast", 28, 96),
    Quality.MEDIUM: OperatingPoint("veryfast", 25, 128),
    Quality.HIGH: OperatingPoint("veryfast", 22, 160),
    Quality.ULTRA: OperatingPoint("faster", 17, 256),
}


def picture_arguments(spec: OutputSpec, fps: Fraction, threads: int) -> list[str]:
    """H.264 that every phone plays: High, 8-bit 4:2:0, constant rate."""
    point, most = POINTS[spec.quality], spec.max_bitrate_kbps
    return [
        *("-c:v", "libx264", "-preset", point.preset, "-crf", str(point.crf)),
        *("-profile:v", "high", "-pix_fmt", "yuv420p"),
        *(("-maxrate", f"{most}k", "-bufsize", f"{2 * most}k") if most else ()),
        *("-fps_mode", "cfr", "-r", f"{fps.numerator}/{fps.denominator}"),
        *(("-threads:v", str(threads)) if threads else ()),
    ]


def sound_arguments(quality: Quality) -> list[str]:
    """AAC, 48 kHz, stereo."""
    return ["-c:a", "aac", "-b:a", f"{POINTS[quality].audio_kbps}k", "-ar", "48000", "-ac", "2"]
