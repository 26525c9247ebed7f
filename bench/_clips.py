"""Valid clips of any size in seconds: a short noisy second of video, joined to itself without encoding."""

from __future__ import annotations

import asyncio
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from _bench import MB

SEGMENT_MB = 10


async def make_segment(folder: Path) -> Path:
    """One second of 9:16 H.264 with sound at a constant 80 Mbit/s: noise, that nothing compresses further."""
    target = folder / "segment.mp4"
    rate = f"{SEGMENT_MB * 8}M"
    await _ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=720x1280:rate=30:duration=1,noise=alls=60:allf=t"),
        *("-f", "lavfi", "-i", "sine=frequency=330:duration=1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", "4M"),
        *("-x264-params", "nal-hrd=cbr:keyint=30"),
        *("-c:a", "aac", str(target)),
    )
    return target


async def make_small(folder: Path) -> Path:
    """A second of grey, a few kilobytes that TikTok takes."""
    target = folder / "small.mp4"
    await _ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=360x640:rate=30:duration=1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(target)),
    )
    return target


async def make_clip(segment: Path, size_mb: int) -> Path:
    """A clip of at least this size, at most one segment more."""
    times = -(-size_mb * MB // segment.stat().st_size)
    listing = segment.with_name(f"{size_mb}.txt")
    listing.write_text(f"file '{segment.name}'\n" * times)
    target = segment.with_name(f"{size_mb}.mp4")
    await _ffmpeg("-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy", str(target))
    return target


async def _ffmpeg(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"FFmpeg failed: {said.decode(errors='replace')}")
