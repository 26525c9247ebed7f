"""Which FFmpeg, and what it can do."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from subiteya.domain.errors import ConfigurationError
from subiteya.media.confine import kill_group

_QUESTION_LIMIT_S = 30.0
# What each feature stands on. The default build has all; a build named by FFMPEG_BINARY may lack some.
NEEDED_FILTERS = {
    "ass": "subtitles",
    "curves": "looks",
    "gblur": "blur",
    "hqdn3d": "noise reduction",
    "lut3d": "colour tables (.cube)",
    "lutyuv": "colour",
    "overlay": "the logo",
    "tonemap": "HDR sources",
    "vidstabdetect": "steadying",
    "vidstabtransform": "steadying",
    "vignette": "the vignette",
    "zscale": "HDR sources",
}
NEEDED_ENCODERS = {"libx264": "every edit", "aac": "sound"}


@dataclass(frozen=True, slots=True)
class FFmpeg:
    """A program that has been asked what it can do."""

    binary: Path
    version: str
    missing: tuple[tuple[str, str], ...]
    """Pairs (filter or encoder, the feature that lacks it), sorted."""


async def find_ffmpeg(setting: Path | None = None) -> FFmpeg:
    """The FFmpeg of the setting, else of the wheel, else of PATH.

    Args:
        setting: `FFMPEG_BINARY`, when somebody chose one.

    Raises:
        ConfigurationError: None is there, or it cannot encode H.264 with AAC.
    """
    binary = _locate(setting)
    version = (await _ask(binary, "-version")).split()
    filters = _names(await _ask(binary, "-hide_banner", "-filters"))
    encoders = _names(await _ask(binary, "-hide_banner", "-encoders"))
    lacking = {encoder for encoder in NEEDED_ENCODERS if encoder not in encoders}
    if lacking:
        raise ConfigurationError(
            what="FFMPEG_BINARY", why=f"{binary} has no encoder {', '.join(sorted(lacking))}"
        )
    missing = sorted((name, feature) for name, feature in NEEDED_FILTERS.items() if name not in filters)
    return FFmpeg(binary, version[2] if len(version) > 2 else "unknown", tuple(missing))  # noqa: PLR2004 - "ffmpeg version X"


def _locate(setting: Path | None) -> Path:
    if setting is not None:
        found = shutil.which(setting)
        if found is None:
            raise ConfigurationError(what="FFMPEG_BINARY", why=f"{setting} is not a program")
        return Path(found)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # the wheel has no binary for this platform
        on_path = shutil.which("ffmpeg")
        if on_path is None:
            raise ConfigurationError(what="FFMPEG_BINARY", why="no FFmpeg was found; install one") from None
        return Path(on_path)


async def _ask(binary: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        binary,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_QUESTION_LIMIT_S):
            output, _ = await process.communicate()
    except TimeoutError:
        raise ConfigurationError(what="FFMPEG_BINARY", why=f"{binary} does not answer") from None
    finally:
        await kill_group(process)
    return output.decode(errors="replace")


def _names(table: str) -> frozenset[str]:
    """The names in the second column of FFmpeg's tables."""
    return frozenset(line.split()[1] for line in table.splitlines() if len(line.split()) > 1)
