"""How loud a source is, and whether it has black bars: FFmpeg listens and looks at some frames."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import structlog
from PIL import Image

from subiteya.domain.errors import EditFailed, NotAVideo
from subiteya.domain.measured import LEAST_BAR, Measured, Region
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe, VideoTrack
from subiteya.media.edit import Editor
from subiteya.media.graph import Assets, Loudness, compile_loudness_measure
from subiteya.media.graph.inputs import Inputs
from subiteya.media.runner import run_ffmpeg

log = structlog.get_logger(__name__)

_FRAMES: Final = 6  # spread over the clip: a dark scene must not look like a bar
_SHORT_SIDE: Final = 360  # pixels; a bar of two per cent is seven of them
_LISTEN_LIMIT_S, _LOOK_LIMIT_S = 90.0, 20.0
_BLACK: Final = 32  # of 255: limited-range black is 16, and encoders add a little noise
_SPECKS: Final = 0.01  # share of a row that may be lighter and the row still be black
_STRAIGHT: Final = 0.5  # share of the picture's width that must be lit along a bar's edge
_EDGE_ROWS: Final = 4
_LEAST_LIT: Final = 0.2  # share of the frame: less is something lit in the dark, not a picture in a frame

Grey = npt.NDArray[np.uint8]


async def measure_source(editor: Editor, source: Path, probe: Probe, work: Path) -> Measured:
    """Listens to the whole sound and looks at a few frames. What cannot be told stays None.

    Args:
        editor: FFmpeg.
        source: An absolute path.
        probe: Of the source.
        work: An empty folder.
    """
    loudness = await _listen(editor, source, probe, work)
    frames = await _look(editor, source, probe, work)
    lit = await asyncio.to_thread(lit_region, frames) if frames else None
    return Measured(loudness_lufs=None if loudness is None else round(loudness, 1), lit=lit)


def lit_region(frames: Sequence[Grey]) -> Region | None:
    """What black bars leave of equally large grey frames; None when they are too dark to tell.

    An edge counts as a bar's when it is black in all frames, and what begins there is lit along a straight
    line: a lamp in the night has no straight edge.
    """
    lightest = np.maximum.reduce(np.stack(frames))
    lit = lightest > _BLACK
    top, bottom = _dark_ends(lit)
    left, right = _dark_ends(lit.T)
    height, width = lit.shape
    region = Region(left=left / width, top=top / height, right=1 - right / width, bottom=1 - bottom / height)
    return region if region.common(Region()) >= _LEAST_LIT else None


def _dark_ends(lit: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """How many rows above and below are a bar."""
    share = lit.mean(axis=1)
    rows = np.flatnonzero(share > _SPECKS)
    if not len(rows):
        return len(share), 0
    across = float((lit.mean(axis=0) > _SPECKS).mean())
    first, last = int(rows[0]), int(rows[-1])
    above = first if share[first : first + _EDGE_ROWS].max() >= _STRAIGHT * across else 0
    below = len(share) - 1 - last
    if share[max(0, last - _EDGE_ROWS + 1) : last + 1].max() < _STRAIGHT * across:
        below = 0
    least = LEAST_BAR * len(share)
    return above if above >= least else 0, below if below >= least else 0


async def _listen(editor: Editor, source: Path, probe: Probe, work: Path) -> float | None:
    command = compile_loudness_measure(PatternSpec(), probe, Assets(source=source))
    if command is None:
        return None
    try:
        heard = await run_ffmpeg(
            editor.ffmpeg, command, work=work, duration_s=0, limit_s=_LISTEN_LIMIT_S, verbosity="info"
        )
        loudness = Loudness.parse(heard.log)
    except (EditFailed, NotAVideo, ValueError) as error:
        log.info("the loudness cannot be told", why=str(error))
        return None
    return None if loudness is None else loudness.integrated


async def _look(editor: Editor, source: Path, probe: Probe, work: Path) -> list[Grey]:
    if probe.video is None:
        return []
    seconds = [probe.duration_s * (at + 0.5) / _FRAMES for at in range(_FRAMES)] if probe.duration_s else [0]
    frames = []
    for number, second in enumerate(seconds):
        image = work / f"look{number}.pgm"
        command = _grey_frame(editor, source, probe.video, second, image)
        try:
            await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=0, limit_s=_LOOK_LIMIT_S)
            frames.append(await asyncio.to_thread(_read, image))
        except (EditFailed, NotAVideo, OSError) as error:
            log.info("a frame cannot be looked at", second=second, why=str(error))
    return frames


def _grey_frame(editor: Editor, source: Path, video: VideoTrack, second: float, image: Path) -> list[str]:
    scale = min(1.0, _SHORT_SIDE / min(video.width, video.height))
    width, height = (max(2, round(side * scale)) for side in (video.width, video.height))
    inputs = Inputs(editor.threads)
    inputs.clip(source, ["-ss", f"{second:.3f}"])
    return [
        *(*inputs.arguments, "-map", f"0:{video.index}", "-an", "-sn", "-dn"),
        *("-vf", f"scale=w={width}:h={height}:flags=area,setsar=1,format=gray", "-frames:v", "1"),
        *("-fps_mode", "passthrough", "-c:v", "pgm", "-f", "image2pipe", "-y", f"file:{image}"),
    ]


def _read(image: Path) -> Grey:
    with Image.open(image, formats=("PPM",)) as opened:
        return np.asarray(opened.convert("L"))
