"""Makes clips with FFmpeg, edits them with the code under test, and looks at the result with PyAV."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from subiteya.domain.pattern import PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.graph import EditPlan
from subiteya.media.probe import probe

Pixels = npt.NDArray[np.int16]
"""Rows, columns, red-green-blue; signed, so that differences do not wrap."""

KEY = "assets/00000000-0000-4000-8000-000000000001/00000000-0000-4000-8000-000000000002.png"
FIELDS = {
    "logo": "logo.key",
    "background": "layout.background_key",
    "lut": "effects.lut_key",
    "music": "sound.music_key",
    "intro": "time.intro_key",
    "outro": "time.outro_key",
}
BT709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "6", "-pix_fmt", "yuv420p")


@dataclass(frozen=True, slots=True)
class Studio:
    """One test's folder and its editor."""

    editor: Editor
    folder: Path

    def clip(self, *arguments: str, name: str = "source.mp4") -> Path:
        """Runs FFmpeg; the last argument, the file, is added."""
        path = self.folder / name
        command = [str(self.editor.ffmpeg), "-v", "error", "-y", *arguments, str(path)]
        subprocess.run(command, check=True, timeout=120)
        return path

    def flat(
        self, colour: str, size: str = "540x960", seconds: float = 0.5, name: str = "source.mp4"
    ) -> Path:
        """A clip of one colour, in labelled BT.709."""
        source = f"color=c={colour}:s={size}:r=30:d={seconds},format=rgb24"
        return self.clip(
            "-f", "lavfi", "-i", source,
            "-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{BT709}",
            *LOSSLESS, name=name,
        )  # fmt: skip

    def chart(self, *colours: str) -> Path:
        """A clip of patches side by side, 60 pixels wide each, in labelled BT.709."""
        patches = "".join(
            f"color=c={colour}:s=60x360:r=30:d=0.3[p{at}];" for at, colour in enumerate(colours)
        )
        labels = "".join(f"[p{at}]" for at in range(len(colours)))
        return self.clip(
            "-f", "lavfi", "-i", f"{patches}{labels}hstack={len(colours)},format=rgb24",
            "-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{BT709}",
            *LOSSLESS, name="chart.mp4",
        )  # fmt: skip

    async def edit(
        self,
        source: Path,
        spec: dict[str, Any] | None = None,
        logo: bytes | None = None,
        cues: Sequence[Cue] = (),
        **files: bytes | Path,
    ) -> EditPlan:
        """The whole edit with real FFmpeg; a logo given is the pattern's.

        Args:
            source: The clip.
            spec: The pattern's data.
            logo: An image.
            cues: Subtitles.
            files: What the pattern names, under short names (background, lut, music, intro, outro).
        """
        ingredients = await self.ingredients(source, spec, logo, cues, **files)
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        plan = await plan_edit(self.editor, ingredients, work)
        await run_edit(self.editor, plan, work)
        return plan

    async def ingredients(
        self,
        source: Path,
        spec: dict[str, Any] | None = None,
        logo: bytes | None = None,
        cues: Sequence[Cue] = (),
        **files: bytes | Path,
    ) -> Ingredients:
        """What `edit` edits."""
        spec = dict(spec or {})
        if logo is not None:
            spec["logo"] = {"key": KEY} | spec.get("logo", {})
            files["logo"] = logo
        found = {}
        for name, file in files.items():
            path = file if isinstance(file, Path) else self.folder / f"{name}.bin"
            if isinstance(file, bytes):
                path.write_bytes(file)
            found[FIELDS[name]] = path
        return Ingredients(PatternSpec.parse(spec), await probe(source), source, cues, files=found)


def patches(path: Path) -> list[tuple[float, float, float]]:
    """The colours of a chart after its edit."""
    picture = frame(path, 0.1)
    width = picture.shape[1] * 60 // 360
    return [mean(picture[100:260, at + 15 : at + 45]) for at in range(0, picture.shape[1], width)]


def frames(path: Path, seconds: Iterable[float]) -> list[Pixels]:
    """The displayed frames at these times, in order."""
    wanted = sorted(seconds)
    found: list[Pixels] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            while len(found) < len(wanted) and frame.time >= wanted[len(found)] - 0.001:
                found.append(frame.to_ndarray(format="rgb24").astype(np.int16))
            if len(found) == len(wanted):
                return found
    raise AssertionError(f"{path.name} ends before {wanted[len(found)]} s")


def frame(path: Path, second: float = 0.2) -> Pixels:
    """One displayed frame."""
    return frames(path, [second])[0]


def logo_png(
    size: tuple[int, int] = (200, 100), colour: tuple[int, int, int, int] = (255, 0, 0, 255)
) -> bytes:
    """A logo of one colour."""
    written = io.BytesIO()
    Image.new("RGBA", size, colour).save(written, "PNG")
    return written.getvalue()


def sound_of(ffmpeg: Path, path: Path, rate: int = 8000) -> npt.NDArray[np.float64]:
    """The sound, mixed to one channel, full scale 1."""
    command = [str(ffmpeg), "-v", "error", "-i", str(path), "-map", "0:a", "-f", "s16le", "-ac", "1"]
    done = subprocess.run([*command, "-ar", str(rate), "-"], check=True, capture_output=True, timeout=60)
    return np.frombuffer(done.stdout, np.int16).astype(np.float64) / 32768


def strength(sound: npt.NDArray[np.float64], start: float, end: float, rate: int = 8000) -> float:
    """Root mean square between two seconds."""
    return float(np.sqrt(np.mean(sound[int(start * rate) : int(end * rate)] ** 2)))


def pitch(sound: npt.NDArray[np.float64], start: float, end: float, rate: int = 8000) -> float:
    """The strongest frequency in hertz between two seconds."""
    piece = sound[int(start * rate) : int(end * rate)]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
    return float(np.argmax(spectrum) * rate / len(piece))


def box_of(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (exclusive) of what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert len(rows), "nothing is there"
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def is_red(picture: Pixels) -> npt.NDArray[np.bool_]:
    """Where a red logo is, edges included."""
    return np.asarray((picture[..., 0] > 180) & (picture[..., 1] < 70))


def is_white(picture: Pixels) -> npt.NDArray[np.bool_]:
    """Where the inside of white letters is."""
    return np.asarray(picture.min(axis=2) > 200)


def mean(picture: Pixels) -> tuple[float, float, float]:
    """The average colour."""
    red, green, blue = picture.reshape(-1, 3).mean(axis=0)
    return float(red), float(green), float(blue)
