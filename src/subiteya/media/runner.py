"""Runs FFmpeg: confined, with progress, and gone when nobody wants the result any more."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from subiteya.domain.errors import EditFailed, NotAVideo
from subiteya.media.confine import Limits, confined, kill_group

_TAIL_BYTES = 4096
MEMORY: Final = 12 * 1024**3  # address space, of which x264 touches about 1 GB at 1080x1920 and 4 GB at 4K
_MAX_OUTPUT = 8 * 1024**3
_READ_CHUNK = 8192
_LONGEST_S = 3600.0
# Words of FFmpeg that mean: this file will fail the same way tomorrow.
_FINAL = ("Invalid data found", "moov atom not found", "Format not on whitelist", "Invalid NAL unit size")
_FONTS_CONF = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig/>'


@dataclass(frozen=True, slots=True)
class Progress:
    """How far FFmpeg is."""

    fraction: float
    """0 to 1; 0 for as long as the length is not known."""
    speed: float | None
    """Seconds of video made in a second, None while unknown."""
    left_s: float | None
    """Seconds left at this speed, None while unknown."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run cost."""

    wall_s: float
    log: str
    """The end of what FFmpeg said (warnings), folder names removed."""


def time_limit(duration_s: float, pixels: int) -> float:
    """Seconds that an edit may take: generous for a small machine, finite for an endless file.

    Args:
        duration_s: Length of the clip, as the file claims; more than an hour counts as one.
        pixels: Width times height of the output.
    """
    return 120.0 + min(duration_s, _LONGEST_S) * 30.0 * max(1.0, pixels / (1080 * 1920))


async def run_ffmpeg(
    binary: Path,
    arguments: Sequence[str],
    *,
    work: Path,
    duration_s: float,
    limit_s: float,
    on_progress: Callable[[Progress], None] | None = None,
    verbosity: str = "error",
    memory_bytes: int = MEMORY,
    nice: int = 0,
) -> Finished:
    """Runs one command to its end. Cancelling the task kills FFmpeg with its whole group.

    Args:
        binary: The program.
        arguments: Its arguments, without progress and log options.
        work: Folder to run in; also the only one that is named in no message.
        duration_s: Length of the output, for the fraction of the progress; 0 when unknown.
        limit_s: Wall seconds after which it is killed.
        verbosity: FFmpeg's log level; measurements are told at `info`.
        memory_bytes: Address space that it may take.
        nice: How far it steps back behind other work, 0 to 19.
        on_progress: Called about twice a second from the event loop; must not block.

    Raises:
        NotAVideo: FFmpeg cannot read the source, and never will.
        EditFailed: It ended badly, or was killed for time or memory; another try may help.
    """
    started = time.monotonic()
    (work / "fonts.conf").write_text(_FONTS_CONF)  # the machine's own fonts must not leak into a picture
    process = await asyncio.create_subprocess_exec(
        *(
            binary,
            "-nostdin",
            "-hide_banner",
            "-v",
            verbosity,
            "-nostats",
            "-progress",
            "pipe:1",
            "-stats_period",
            "0.5",
        ),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=work,
        env={"FONTCONFIG_FILE": str(work / "fonts.conf"), "LC_ALL": "C"},
        preexec_fn=confined(_limits(limit_s, memory_bytes, nice)),
    )
    tail = bytearray()
    try:
        async with asyncio.timeout(limit_s), asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(_stream(process.stdout), duration_s, on_progress))
            tasks.create_task(_keep_tail(_stream(process.stderr), tail))
            tasks.create_task(process.wait())
    except TimeoutError:
        raise EditFailed(why=f"it took longer than {limit_s:.0f} seconds") from None
    finally:
        await kill_group(process)
    log = tail.decode(errors="replace").replace(f"{work}/", "").strip()
    if process.returncode != 0:
        raise _failure(process.returncode, log)
    return Finished(time.monotonic() - started, log)


def _limits(limit_s: float, memory_bytes: int, nice: int) -> Limits:
    cores = os.cpu_count() or 1
    cpu_s = math.ceil(limit_s * cores)
    return Limits(memory_bytes=memory_bytes, cpu_s=cpu_s, file_bytes=_MAX_OUTPUT, nice=nice)


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the process was started without its pipes")
    return stream


async def _follow(
    stream: asyncio.StreamReader, duration_s: float, report: Callable[[Progress], None] | None
) -> None:
    """Reads `key=value` lines; FFmpeg ends each report with a line `progress=…`."""
    values: dict[str, str] = {}
    async for line in stream:
        key, _, value = line.decode(errors="replace").strip().partition("=")
        values[key] = value.strip()
        if key == "progress" and report is not None:
            report(_progress(values, duration_s))


def _progress(values: dict[str, str], duration_s: float) -> Progress:
    done_s = (_number(values.get("out_time_us", "")) or 0.0) / 1e6
    speed = _number(values.get("speed", "").removesuffix("x"))
    if values.get("progress") == "end":
        return Progress(1.0, speed, 0.0)
    if duration_s <= 0:
        return Progress(0.0, speed, None)
    left_s = max(0.0, duration_s - done_s) / speed if speed else None
    return Progress(min(1.0, max(0.0, done_s / duration_s)), speed, left_s)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # FFmpeg writes N/A until it knows
        return None


async def _keep_tail(stream: asyncio.StreamReader, tail: bytearray) -> None:
    while chunk := await stream.read(_READ_CHUNK):
        tail += chunk
        del tail[:-_TAIL_BYTES]


def _failure(code: int | None, log: str) -> EditFailed | NotAVideo:
    last = next((line for line in reversed(log.splitlines()) if line.strip()), f"exit status {code}")
    if any(word in log for word in _FINAL) and "Error opening input" in log:
        return NotAVideo(why=last, log=log)
    if code is not None and code < 0:
        return EditFailed(why=f"FFmpeg was ended by signal {-code}", log=log)
    return EditFailed(why=last, log=log)
