"""A clip that needs nothing passes without a pixel decoded."""

from __future__ import annotations

from subiteya.domain.probe import Probe, VideoTrack, tiktok_findings

_MP4_CODECS = frozenset({"h264", "hevc"})
_WEBM_CODECS = frozenset({"vp8", "vp9"})
_MP4_SOUND = frozenset({"aac", "mp3"})
_WEBM_SOUND = frozenset({"opus", "vorbis"})


def copy_container(probe: Probe) -> str | None:
    """`mp4` or `webm` when TikTok takes the streams as they are; None when something must be encoded."""
    if probe.video is None or _picture_findings(probe):
        return None
    if probe.video.codec in _MP4_CODECS and _is_even(probe.video):
        return "mp4"
    sounds_fit = not probe.audio or probe.audio[0].codec in _WEBM_SOUND
    return "webm" if probe.video.codec in _WEBM_CODECS and sounds_fit else None


def copy_arguments(probe: Probe, container: str, *, sound: bool) -> list[str]:
    """Arguments that copy the picture, and the sound too unless the container cannot hold it.

    Args:
        probe: The source, which is input 0.
        container: `mp4` or `webm`.
        sound: Whether the source's sound comes along.
    """
    if probe.video is None:
        raise ValueError("nothing to copy")
    arguments = ["-map", f"0:{probe.video.index}", "-c:v", "copy"]
    if probe.video.codec == "hevc":
        arguments += ["-tag:v", "hvc1"]  # Apple's players know HEVC by this name only
    if sound and probe.audio:
        fits = probe.audio[0].codec in (_MP4_SOUND if container == "mp4" else _WEBM_SOUND)
        arguments += ["-map", f"0:{probe.audio[0].index}"]
        arguments += ["-c:a", "copy"] if fits else ["-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2"]
    return arguments


def _picture_findings(probe: Probe) -> bool:
    """Whether anything but the container and the length is against TikTok's rules; those two a copy keeps."""
    mended_by_copy = {"container", "bytes", "duration"}
    return any(finding.code not in mended_by_copy for finding in tiktok_findings(probe))


def _is_even(video: VideoTrack) -> bool:
    return video.coded_width % 2 == 0 and video.coded_height % 2 == 0 and video.sar == "1/1"
