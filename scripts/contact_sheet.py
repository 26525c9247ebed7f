"""Edit every clip of a folder by one pattern and lay a frame of each side by side, to be looked at.

    .venv/bin/python scripts/contact_sheet.py ~/clips sheet.png --odd

`--odd` adds clips that are easily got wrong: turned, in HDR (HLG and PQ), in full range, of odd size, with
wide pixels, interlaced.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Final

import av
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from tiles import Tile, lay

from subiteya.domain.errors import SubiteyaError
from subiteya.domain.pattern import Font, PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.fonts import bundled_fonts
from subiteya.media.probe import probe
from subiteya.media.runner import run_ffmpeg
from subiteya.media.sample import draw_logo

_KEY: Final = "assets/7d1f0a52-3c7b-4d0e-9b1a-5f2c8e6d4a10/0f6e2b9c-1a4d-4c58-8e37-b2d9c5a1e604.png"
PATTERN: Final = {
    "logo": {"key": _KEY, "anchor": "bottom_right", "opacity": 0.8},
    "effects": {"brightness": 0.05, "contrast": 0.1, "saturation": 0.2, "look": "vintage", "vignette": 0.5},
    "time": {"trim_end_s": 0.2},
    "output": {"quality": "low"},
}
_CUE: Final = Cue(0, 60_000, "¿Qué tal se lee esta línea, año tras año?")
_ENDINGS: Final = {".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v"}
_TILE, _PER_ROW, _LIMIT_S = 250, 5, 120.0
_CHART: Final = ("-f", "lavfi", "-i", "testsrc2=s=540x960:r=30:d=0.2")
_X264: Final = ("-c:v", "libx264", "-preset", "ultrafast")
_X265: Final = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1")
_TO_HDR: Final = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709,"
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020,"
    "zscale=t={transfer}:m=bt2020nc:r=limited:npl=203,format=yuv420p10le"
)
ODD: Final[dict[str, tuple[str, ...]]] = {
    "chart.mp4": (*_CHART, *_X264, "-pix_fmt", "yuv420p"),
    "hlg.mp4": (*_CHART, "-vf", _TO_HDR.format(transfer="arib-std-b67"), *_X265),
    "pq.mp4": (*_CHART, "-vf", _TO_HDR.format(transfer="smpte2084"), *_X265),
    "full-range.mp4": (*_CHART, "-vf", "scale=out_range=pc,format=yuvj420p", *_X264, "-color_range", "pc"),
    "odd-size.mp4": ("-f", "lavfi", "-i", "testsrc2=s=541x963:r=30:d=0.2", *_X264, "-pix_fmt", "yuv444p"),
    "wide-pixels.mp4": (*_CHART, "-vf", "scale=360:960,setsar=3/2", *_X264, "-pix_fmt", "yuv420p"),
    "interlaced.mp4": (*_CHART, "-vf", "interlace", *_X264, "-flags", "+ildct", "-pix_fmt", "yuv420p"),
}
_TURNS: Final = (90, 180, 270)


def main() -> None:
    """Make the sheet."""
    parser = argparse.ArgumentParser(description="Edit every clip of a folder and lay frames side by side.")
    parser.add_argument("clips", type=Path, help="folder of clips")
    parser.add_argument("sheet", type=Path, help="picture to write")
    parser.add_argument("--odd", action="store_true", help="add clips that are easily got wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = sorted(path for path in options.clips.iterdir() if path.suffix.lower() in _ENDINGS)
        asyncio.run(_sheet(clips, options.sheet, Path(folder), odd=options.odd))
    print(f"wrote {options.sheet}")


async def _sheet(clips: list[Path], sheet: Path, folder: Path, *, odd: bool) -> None:
    editor = Editor(Path(get_ffmpeg_exe()), bundled_fonts())
    (folder / "logo.png").write_bytes(draw_logo(editor.fonts))
    if odd:
        clips = [*clips, *await _odd_ones(editor, folder)]
    tiles = [await _tile(editor, path, folder) for path in clips]
    font = editor.fonts.faces[Font.MANROPE].path
    lay(tiles, font, width=_TILE, per_row=_PER_ROW).save(sheet)


async def _odd_ones(editor: Editor, folder: Path) -> list[Path]:
    commands = {**ODD}
    for turn in _TURNS:
        commands[f"turned-{turn}.mp4"] = ("-display_rotation", str(turn), "-i", "chart.mp4", "-c", "copy")
    for name, words in commands.items():
        await run_ffmpeg(editor.ffmpeg, ["-y", *words, name], work=folder, duration_s=0, limit_s=_LIMIT_S)
    return [folder / name for name in commands]


async def _tile(editor: Editor, path: Path, folder: Path) -> Tile:
    """A frame of the edited clip; an empty one with the reason when it cannot be edited."""
    work = folder / f"work-{path.name}"
    work.mkdir()
    try:
        found = await probe(path)
        files = {"logo.key": folder / "logo.png"}
        ingredients = Ingredients(PatternSpec.parse(PATTERN), found, path, (_CUE,), files=files)
        plan = await plan_edit(editor, ingredients, work)
        wall = await run_edit(editor, plan, work)
    except SubiteyaError as error:
        return f"{path.name}: {error.code}", Image.new("RGB", (540, 540))
    print(f"{path.name}: {plan.canvas.width}x{plan.canvas.height} in {wall:.1f} s")
    with av.open(str(plan.output)) as container:
        frame = next(container.decode(video=0))
        return path.name, Image.fromarray(frame.to_ndarray(format="rgb24"))


if __name__ == "__main__":
    main()
