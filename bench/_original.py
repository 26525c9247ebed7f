"""How the original edited: three programs' worth of passes, each encoding what the one before encoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_ENCODE = ("-c:v", "libx264", "-preset", "fast", "-crf", "23", "-pix_fmt", "yuv420p", "-c:a", "copy")
_LOGO = "[1:v]scale=iw*162/720:-1,format=rgba,colorchannelmixer=aa=0.8[l];[0:v][l]overlay=W-w-43:H-h-43"
_EFFECTS = "eq=brightness=0.05:contrast=1.1:saturation=1.2,curves=vintage,vignette=PI/5"
_SUBTITLES = "subtitles=subtitles.srt:force_style='FontName=Manrope ExtraBold,FontSize=14':fontsdir=fonts"


def three_passes(clip: Path, logo: Path) -> list[tuple[Sequence[str], Path]]:
    """The commands, without the program's name, each with what it makes."""
    first, second, third = Path("o1.mp4"), Path("o2.mp4"), Path("o3.mp4")
    return [
        (("-i", str(clip), "-i", str(logo), "-filter_complex", _LOGO, *_ENCODE, "-y", str(first)), first),
        (("-i", str(first), "-vf", _EFFECTS, *_ENCODE, "-y", str(second)), second),
        (("-i", str(second), "-vf", _SUBTITLES, *_ENCODE, "-y", str(third)), third),
    ]


def without_loss(clip: Path, logo: Path, target: Path) -> Sequence[str]:
    """The same picture without any of the three encodes: what the result is compared with."""
    graph = f"{_LOGO},{_EFFECTS},{_SUBTITLES}"
    lossless = ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p")
    return ("-i", str(clip), "-i", str(logo), "-filter_complex", graph, *lossless, "-y", str(target))
