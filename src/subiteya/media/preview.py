"""One frame as the edit will make it, in a moment: by the same compiler, on a small copy of the frame.

The small copy (a proxy) depends on the source and the second only. Whoever keeps it can try any pattern on it
without decoding the clip again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from subiteya.domain.errors import NotAVideo
from subiteya.domain.probe import Probe
from subiteya.media.edit import Editor
from subiteya.media.graph import compile_excerpt, compile_proxy, compile_still, plan_canvas
from subiteya.media.ingredients import Ingredients, prepare_assets
from subiteya.media.runner import run_ffmpeg

PROXY_WIDTH = 540
_LIMIT_S = 30.0


async def make_proxy(
    editor: Editor, source: Path, probe: Probe, second: float, target: Path, *, width: int = PROXY_WIDTH
) -> Probe:
    """Writes the source's frame at a second into a small lossless clip of one frame; what it is.

    Args:
        editor: Which FFmpeg.
        source: The clip.
        probe: What it is.
        second: Of the source.
        target: A `.mkv`, in an existing folder.
        width: Most pixels across; a smaller source keeps its size.

    Raises:
        NotAVideo: The probe has no picture, or the source cannot be read.
        EditFailed: FFmpeg ended badly.
    """
    if probe.video is None:
        raise NotAVideo(why="it has no picture")
    last = max(0.0, probe.duration_s - 0.1) if probe.duration_s else second
    command, small = compile_proxy(source, probe.video, min(second, last), width, target)
    await run_ffmpeg(editor.ffmpeg, command, work=target.parent, duration_s=0, limit_s=_LIMIT_S)
    return Probe(
        container="matroska",
        duration_s=probe.duration_s,
        size_bytes=probe.size_bytes,
        video=small,
        audio=(),
    )


async def preview_frame(
    editor: Editor, ingredients: Ingredients, second: float, work: Path, *, proxied: bool
) -> bytes:
    """A JPEG of the clip's own part at a second of the output. Not steadied, without intro and outro.

    Args:
        editor: Which FFmpeg, which fonts.
        ingredients: Source and probe are those of a proxy, or of the clip.
        second: Of the clip's own part in the output.
        work: An existing folder for the files.
        proxied: Whether the source is a proxy made for this second.

    Raises:
        NotAVideo: The source cannot be read.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: FFmpeg ended badly.
    """
    spec, video = ingredients.spec, ingredients.probe.video
    if video is None:
        raise NotAVideo(why="it has no picture")
    canvas = plan_canvas(video, spec)
    assets = await asyncio.to_thread(prepare_assets, editor.fonts, ingredients, canvas, work)
    output = work / "preview.jpg"
    command = compile_still(spec, ingredients.probe, assets, output, second=second, seek=not proxied)
    await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=0, limit_s=_LIMIT_S)
    return await asyncio.to_thread(output.read_bytes)


async def preview_clip(
    editor: Editor,
    ingredients: Ingredients,
    start: float,
    work: Path,
    *,
    seconds: float = 3.0,
    width: int = PROXY_WIDTH,
) -> Path:
    """A few seconds of the clip's own part with its sound, small. Neither steadied nor brought to loudness.

    Args:
        editor: Which FFmpeg, which fonts.
        ingredients: What the edit would be made of.
        start: Second of the clip's own part in the output.
        work: An existing folder for the files.
        seconds: Length; less where the clip ends.
        width: Most pixels across.

    Raises:
        NotAVideo: The source cannot be read.
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
        EditFailed: FFmpeg ended badly.
    """
    spec, source = ingredients.spec, ingredients.probe
    if source.video is None:
        raise NotAVideo(why="it has no picture")
    whole = spec.time.shown_s(source.duration_s)
    start = min(start, max(0.0, whole - seconds)) if whole else start
    seconds = min(seconds, whole - start) if whole else seconds
    canvas = plan_canvas(source.video, spec).at_most(width)
    assets = await asyncio.to_thread(prepare_assets, editor.fonts, ingredients, canvas, work)
    output = work / "preview.mp4"
    command = compile_excerpt(spec, source, assets, output, start=start, seconds=seconds, width=width)
    await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=seconds, limit_s=_LIMIT_S * 4)
    return output
