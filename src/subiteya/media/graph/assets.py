"""Files that an edit works on, prepared beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subiteya.domain.probe import Probe


@dataclass(frozen=True, slots=True)
class LogoImage:
    """An RGBA PNG in its final size, opacity already in its alpha. Sizes in pixels."""

    path: Path
    width: int
    height: int

    def enlarged(self, scale: float) -> LogoImage:
        """What it would be on a larger picture; the file stays."""
        return LogoImage(self.path, round(self.width * scale), round(self.height * scale))


@dataclass(frozen=True, slots=True)
class Segment:
    """What comes before or after the clip."""

    path: Path
    seconds: float
    probe: Probe | None
    """What the file is; None for a PNG of the frame's size that we wrote ourselves."""
    skipped_s: float = 0.0
    """Of the clip before what is shown, when only a part of the output is made."""


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
    music: Path | None = None
    intro: Segment | None = None
    outro: Segment | None = None
