"""The reference of the edit's benches: one wish, and busy footage to try it on.

The wish: a logo 15 % wide at 80 % in the lower right corner, brightness, contrast and saturation, vintage
with a vignette, burned subtitles; on 1080x1920 at 30 frames a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from imageio_ffmpeg import get_ffmpeg_exe

from _measure import cost_of
from subiteya.domain.pattern import Font
from subiteya.media.fonts import FontLibrary
from subiteya.media.sample import draw_logo

FFMPEG: Final = get_ffmpeg_exe()
USER: Final = "00000000-0000-4000-8000-000000000001"
PATTERN: Final[dict[str, Any]] = {
    "logo": {"key": f"assets/{USER}/{USER}.png", "anchor": "bottom_right", "opacity": 0.8},
    "effects": {"brightness": 0.05, "contrast": 0.1, "saturation": 0.2, "look": "vintage", "vignette": 0.5},
    "layout": {"safe_areas": False},
}
CLIP, LOGO, SUBTITLES = "clip.mp4", "logo.png", "subtitles.srt"
_AS_A_PHONE = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", "16M", "-c:a", "aac", "-ac", "2", CLIP)
_PORTRAIT = "scale=1080:1920:force_original_aspect_ratio=increase,crop=1080:1920,setsar=1,fps=30"


async def prepare(folder: Path, fonts: FontLibrary, seconds: int, footage: Path | None = None) -> None:
    """Writes clip (16 Mbit/s, with sound), logo, subtitles and the font that draws them.

    Args:
        folder: Where to.
        fonts: For the logo and the subtitles.
        seconds: Length of the clip.
        footage: A clip to use, scaled and cropped to the frame, repeated as needed; else some is drawn.
    """
    if footage is None:
        await _draw(folder, seconds)
    else:
        await ffmpeg(
            folder, "-stream_loop", "-1", "-i", str(footage.resolve()),
            "-f", "lavfi", "-i", "sine=frequency=330", "-map", "0:v:0", "-map", "1:a", "-t", str(seconds),
            "-vf", f"{_PORTRAIT},format=yuv420p", *_AS_A_PHONE,
        )  # fmt: skip
    (folder / LOGO).write_bytes(draw_logo(fonts))
    cues = "".join(
        f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\nLa línea número {at + 1}, ¿qué tal?\n\n"
        for at in range(seconds)
    )
    (folder / SUBTITLES).write_text(cues)
    (folder / "fonts").mkdir()
    fonts.faces[Font.MANROPE].write(folder / "fonts", cues)


async def _draw(folder: Path, seconds: int) -> None:
    """A camera that wanders over a picture full of detail, with a sensor's noise."""
    await ffmpeg(
        folder, "-f", "lavfi", "-i", "mandelbrot=s=1620x2880:start_scale=0.7", "-frames:v", "1", "still.png"
    )
    wander = "crop=1080:1920:x='270+250*sin(t*1.3)':y='480+450*cos(t*0.9)'"
    await ffmpeg(
        folder, "-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", "still.png",
        "-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}",
        "-vf", f"{wander},noise=alls=7:allf=t,format=yuv420p", *_AS_A_PHONE,
    )  # fmt: skip


async def ffmpeg(folder: Path, *arguments: str) -> None:
    """Runs FFmpeg in a folder, for what is not measured."""
    await cost_of([FFMPEG, "-nostdin", "-v", "error", "-y", *arguments], folder=folder)
