"""Files that an edit works on, prepared beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogoImage:
    """An RGBA PNG in its final size, opacity already in its alpha. Sizes in pixels."""

    path: Path
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Assets:
    """What the command reads. Names are relative to the work folder, in which FFmpeg runs."""

    source: Path
    logo: LogoImage | None = None
    texts: str | None = None
    """Name of the ASS file in the work folder, for captions and texts; its fonts stand in `fonts`."""
    background: Path | None = None
    """A PNG of the frame's size with a hole where the picture lies."""
    lut: str | None = None
    """Name of a .cube file in the work folder, its strength already in it."""
    shake: str | None = None
    """Name of the file in the work folder that holds the camera's way, measured for steadying."""
