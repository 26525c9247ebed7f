"""A clip, a logo and subtitles for whoever has none at hand: eight seconds of sunrise, with sound.

The layers are drawn once with Pillow; FFmpeg slides them at different speeds, so that near things move faster
than far ones.
"""

from __future__ import annotations

import asyncio
import io
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from subiteya.domain.pattern import Font
from subiteya.media.edit import Editor
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph.signal import Signal
from subiteya.media.runner import run_ffmpeg

SECONDS = 8
_WIDTH, _HEIGHT, _FPS = 1080, 1920, 30
_LIMIT_S = 180.0
_Rgb = tuple[int, int, int]

SUBTITLES = """\
1
00:00:00,400 --> 00:00:02,600
¡Buenos días! Este clip salió
del teléfono tal cual.

2
00:00:02,800 --> 00:00:05,200
SubiteYa le puso el logo,
el color y los subtítulos…

3
00:00:05,400 --> 00:00:07,800
…y ya está en TikTok. ¿Qué tal? 🚀
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """The three files."""

    video: Path
    logo: Path
    subtitles: Path


@dataclass(frozen=True, slots=True)
class _Layer:
    """A ridge of mountains: how far away, how high, how it moves."""

    colour: _Rgb
    top: int
    """Pixels from the frame's top to the mean of the ridge."""
    relief: int
    wave: float
    speed: int
    """Pixels a second to the left."""
    phase: float


_LAYERS = (
    _Layer((122, 74, 122), top=1080, relief=95, wave=2.1, speed=10, phase=0.4),
    _Layer((84, 48, 98), top=1230, relief=120, wave=2.9, speed=22, phase=2.2),
    _Layer((50, 28, 70), top=1400, relief=110, wave=3.7, speed=44, phase=4.1),
    _Layer((24, 14, 40), top=1610, relief=70, wave=5.3, speed=88, phase=1.3),
)


async def make_sample(editor: Editor, folder: Path, *, shrink: int = 1) -> Sample:
    """Writes `clip.mp4` (1080x1920, 30 fps, stereo), `logo.png` and `subtitles.srt` into the folder.

    Args:
        editor: FFmpeg and fonts.
        folder: An existing one.
        shrink: By how much the clip is smaller across and down: what a quarter of the pixels shows costs a
            quarter of the time.

    Raises:
        EditFailed: FFmpeg could not render it.
    """
    sample = Sample(folder / "clip.mp4", folder / "logo.png", folder / "subtitles.srt")
    work = folder / "sample-layers"
    await asyncio.to_thread(_draw, editor.fonts, work, sample, shrink)
    command = _arguments(sample.video, shrink)
    await run_ffmpeg(editor.ffmpeg, command, work=work, duration_s=SECONDS, limit_s=_LIMIT_S)
    await asyncio.to_thread(_remove, work)
    return sample


def draw_logo(fonts: FontLibrary) -> bytes:
    """The sample logo as PNG with transparent surroundings."""
    scale = 2  # drawn larger and shrunk: smooth edges
    image = Image.new("RGBA", (720 * scale, 220 * scale))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, 720 * scale - 1, 220 * scale - 1), 110 * scale, fill=(255, 77, 77, 255))
    pen.ellipse([edge * scale for edge in (18, 18, 202, 202)], fill=(255, 255, 255, 255))
    arrow = ((110, 52), (166, 112), (132, 112), (132, 168), (88, 168), (88, 112), (54, 112))
    pen.polygon([(x * scale, y * scale) for x, y in arrow], fill=(255, 77, 77, 255))
    face = ImageFont.truetype(str(fonts.faces[Font.MANROPE].path), 100 * scale)
    pen.text((448 * scale, 106 * scale), "SubiteYa", font=face, fill=(255, 255, 255, 255), anchor="mm")
    written = io.BytesIO()
    image.resize((720, 220), Image.Resampling.LANCZOS).save(written, "PNG")
    return written.getvalue()


def _draw(fonts: FontLibrary, work: Path, sample: Sample, shrink: int) -> None:
    work.mkdir(parents=True, exist_ok=True)
    sample.logo.write_bytes(draw_logo(fonts))
    sample.subtitles.write_text(SUBTITLES, encoding="utf-8")
    images = {"sky": _sky(), "sun": _sun()}
    images |= {f"ridge{number}": _ridge(layer) for number, layer in enumerate(_LAYERS)}
    for name, image in images.items():
        image.reduce(shrink).save(work / f"{name}.png", compress_level=1)


def _sky() -> Image.Image:
    stops = (
        (0.0, (38, 24, 84)), (0.35, (146, 64, 122)), (0.55, (240, 110, 96)), (0.72, (255, 190, 120)),
        (1.0, (255, 214, 150)),
    )  # fmt: skip
    column = Image.new("RGB", (1, _HEIGHT))
    for y in range(_HEIGHT):
        column.putpixel((0, y), _between(stops, y / _HEIGHT))
    return column.resize((_WIDTH, _HEIGHT))


def _between(stops: tuple[tuple[float, _Rgb], ...], at: float) -> _Rgb:
    for (low, dark), (high, light) in pairwise(stops):
        if at <= high:
            share = (at - low) / (high - low)
            mixed = (round(a + (b - a) * share) for a, b in zip(dark, light, strict=True))
            return cast("_Rgb", tuple(mixed))
    return stops[-1][1]


def _sun() -> Image.Image:
    size = 900
    alpha = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(alpha)
    pen.ellipse((220, 220, size - 220, size - 220), fill=110)
    alpha = alpha.filter(ImageFilter.GaussianBlur(90))
    ImageDraw.Draw(alpha).ellipse((300, 300, size - 300, size - 300), fill=255)
    image = Image.new("RGBA", (size, size), (255, 240, 200, 255))
    image.putalpha(alpha.filter(ImageFilter.GaussianBlur(3)))
    return image


def _ridge(layer: _Layer) -> Image.Image:
    scale, width = 2, _WIDTH + layer.speed * SECONDS
    height = _HEIGHT - layer.top + layer.relief * 2
    image = Image.new("RGBA", (width * scale, height * scale))
    outline = [(x * scale, round(_skyline(layer, x) * scale)) for x in range(0, width + 4, 4)]
    pen = ImageDraw.Draw(image)
    pen.polygon([(0, height * scale), *outline, (width * scale, height * scale)], fill=(*layer.colour, 255))
    return image.resize((width, height), Image.Resampling.BOX)


def _skyline(layer: _Layer, x: int) -> float:
    """A ridge out of a few waves that do not fit into each other; sharp peaks by the absolute value."""
    t = x / _WIDTH * layer.wave * math.pi + layer.phase
    peaks = (
        abs(math.sin(t)) * 0.9
        + 0.35 * math.sin(2.3 * t + 1)
        + 0.16 * math.sin(7.1 * t)
        + 0.07 * math.sin(17.0 * t)
    )
    return layer.relief * (1.6 - peaks)


def _arguments(video: Path, shrink: int) -> list[str]:
    inputs = ["-loop", "1", "-framerate", str(_FPS), "-t", str(SECONDS), "-i", "sky.png", "-i", "sun.png"]
    signal = Signal("bt709", "bt709", "bt709")
    prepare = ",".join(signal.overlay_from_rgb)
    chain = (
        f"[0]{prepare}[s];[1]{prepare}[sun];[s][sun]overlay=x=(90+t*12)/{shrink}:y=(760-t*46)/{shrink}[s0]"
    )
    for number, layer in enumerate(_LAYERS):
        inputs += ["-i", f"ridge{number}.png"]
        y = layer.top - layer.relief
        chain += f";[{number + 2}]{prepare}[r{number}]"
        chain += f";[s{number}][r{number}]overlay=x=-t*{layer.speed}/{shrink}:y={y // shrink}[s{number + 1}]"
    chain += f";[s{len(_LAYERS)}]format=yuv420p,{signal.label}[v]"
    return [
        *inputs,
        *("-f", "lavfi", "-i", f"aevalsrc={_music()}:s=48000:d={SECONDS}:c=stereo"),
        *("-filter_complex", chain, "-map", "[v]", "-map", f"{len(_LAYERS) + 2}:a"),
        *("-c:v", "libx264", "-preset", "superfast", "-crf", "17", "-r", str(_FPS)),
        *("-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", "-y", f"file:{video.resolve()}"),
    ]


def _music() -> str:
    """Plucked notes over a soft chord, as one expression a channel."""
    steps = (0, 7, 12, 16, 12, 7, 4, 7)  # semitones above C4, one every quarter second
    pick = "+".join(f"{tone}*eq(mod(floor(t*4)\\,8)\\,{step})" for step, tone in enumerate(steps))
    pluck = f"0.16*sin(2*PI*t*261.63*pow(2\\,({pick})/12))*exp(-6*mod(t\\,0.25))*min(1\\,mod(t\\,0.25)*200)"
    pad = "+".join(f"0.05*sin(2*PI*{hertz}*t)" for hertz in (130.81, 196.0, 329.63))
    fade = f"min(1\\,t*2)*min(1\\,({SECONDS}-t)*1.5)"
    left, right = (f"({pluck}+({pad})*(1+0.3*sin(2*PI*0.4*t+{phase})))*{fade}" for phase in (0, 2))
    return f"{left}|{right}"


def _remove(work: Path) -> None:
    for file in work.iterdir():
        file.unlink()
    work.rmdir()
