"""Edits the sample clip by a page's example and lays what comes out side by side."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from pattern_examples import Example
from PIL import Image, ImageDraw
from tiles import Tile, lay

from subiteya.domain.pattern import Font, MergeField, PatternSpec
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.fonts import bundled_fonts
from subiteya.media.probe import probe
from subiteya.media.runner import run_ffmpeg
from subiteya.media.sample import make_sample
from subiteya.media.subtitles import parse_subtitles

_KEY: Final = "assets/7d1f0a52-3c7b-4d0e-9b1a-5f2c8e6d4a10/0f6e2b9c-1a4d-4c58-8e37-b2d9c5a1e604.png"
_VALUES: Final = {MergeField.ACCOUNT_NICKNAME: "Lucía viaja", MergeField.VIDEO_TITLE: "Amanecer en la sierra"}
_CLIPS: Final = {
    "tall": "scale=540:960",
    "wide": "crop=1080:608:0:900,scale=960:540",
}
_LARGE, _SMALL, _FEW, _PER_ROW = 230, 150, 4, 5
_WAVE: Final = (720, 110)
_LIMIT_S: Final = 120.0
_SECONDS: Final = 4
_ZOOM: Final = (200, 356)  # pixels of the frame that fill a tile


@dataclass(frozen=True)
class Studio:
    """The sample clip in its shapes, its logo and its subtitles, in a folder."""

    editor: Editor
    folder: Path
    numbers: count[int]

    @classmethod
    async def open(cls, folder: Path) -> Studio:
        """Renders the clips."""
        studio = cls(Editor(Path(get_ffmpeg_exe()), bundled_fonts()), folder, count())
        sample = await make_sample(studio.editor, folder)
        for name, filters in _CLIPS.items():
            lossless = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-c:a", "copy")
            cut = ("-t", str(_SECONDS), "-i", str(sample.video))
            await studio._ffmpeg(*cut, "-vf", filters, *lossless, f"{name}.mp4")
        await studio._ffmpeg("-f", "lavfi", "-i", f"aevalsrc={_speech()}:d={_SECONDS}:s=48000", "speech.wav")
        await studio._ffmpeg(
            "-i", "tall.mp4", "-i", "speech.wav", "-map", "0:v", "-map", "1:a", "-c:v", "copy", "speech.mp4"
        )
        await studio._ffmpeg("-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t):d=4:s=48000", "music.mp3")
        studio._card()
        return studio

    async def picture(self, example: Example) -> Image.Image:
        """What the example's page shows."""
        if "sound" in example.wishes:
            return await self._waves(example)
        clip = self.folder / f"{example.wishes.get('clip', 'tall')}.mp4"
        tiles: list[Tile] = []
        if "before" in example.wishes:
            tiles += [("before", frame) for frame in _frames(clip, example.seconds[:1])]
        for label, spec in _variants(example):
            edited = await self._edit(clip, spec)
            named = [label or f"{second:g} s" for second in example.seconds]
            tiles += zip(
                [name.replace("_", " ") for name in named], _frames(edited, example.seconds), strict=True
            )
        if "zoom" in example.wishes:
            tiles = [(label, _middle(frame)) for label, frame in tiles]
        return self._laid(tiles)

    async def _edit(self, clip: Path, spec: Mapping[str, Any]) -> Path:
        work = self.folder / f"work-{next(self.numbers)}"
        work.mkdir()
        if "logo" in spec:
            spec = {**spec, "logo": {"key": _KEY, **spec["logo"]}}
        pattern = PatternSpec.parse(spec)
        have = {"logo": "logo.png", "sound": "music.mp3", "time": "card.png", "layout": "card.png"}
        files = {field: self.folder / have[field.partition(".")[0]] for field in pattern.asset_keys()}
        cues = parse_subtitles((self.folder / "subtitles.srt").read_bytes()) if "subtitles" in spec else ()
        ingredients = Ingredients(pattern, await probe(clip), clip, cues, _VALUES, files)
        plan = await plan_edit(self.editor, ingredients, work)
        await run_edit(self.editor, plan, work)
        return plan.output

    async def _waves(self, example: Example) -> Image.Image:
        clip = self.folder / "speech.mp4"
        edited = await self._edit(clip, example.spec)
        tiles = [("before", _wave(clip)), ("after", _wave(edited))]
        return lay(tiles, self._face, width=_WAVE[0], per_row=1)

    def _laid(self, tiles: Sequence[Tile]) -> Image.Image:
        return lay(tiles, self._face, width=_LARGE if len(tiles) <= _FEW else _SMALL, per_row=_PER_ROW)

    @property
    def _face(self) -> Path:
        return self.editor.fonts.faces[Font.MANROPE].path

    def _card(self) -> None:
        """A card for intro and outro."""
        card = Image.new("RGB", (540, 960), (38, 24, 84))
        logo = Image.open(io.BytesIO((self.folder / "logo.png").read_bytes()))
        small = logo.resize((360, 110))
        card.paste(small, (90, 420), small)
        card.save(self.folder / "card.png")

    async def _ffmpeg(self, *words: str) -> None:
        await run_ffmpeg(self.editor.ffmpeg, ["-y", *words], work=self.folder, duration_s=0, limit_s=_LIMIT_S)


def _speech() -> str:
    """Something that swells and pauses as a voice does: quiet first, then loud."""
    voice = "(sin(2*PI*140*t)+0.6*sin(2*PI*280*t)+0.4*sin(2*PI*560*t))*abs(sin(2*PI*2.3*t))"
    return f"{voice}*(0.05*between(t\\,0.4\\,1.6)+0.16*between(t\\,2.1\\,3.4))"


def _variants(example: Example) -> list[tuple[str, dict[str, Any]]]:
    """The pattern, or one for each value of the field that the page varies."""
    spec = json.loads(json.dumps(example.spec))
    if "each" not in example.wishes:
        return [("", spec)]
    section, field = example.wishes["each"].split(".")
    model = PatternSpec.model_fields[section].annotation
    if model is None:
        raise ValueError(f"{example.page.name}: there is no section {section}")
    found = []
    for value in model.model_fields[field].annotation:
        varied = copy.deepcopy(spec)
        varied.setdefault(section, {})[field] = value.value
        found.append((value.value, varied))
    return found


def _frames(clip: Path, seconds: Sequence[float]) -> list[Image.Image]:
    found: list[Image.Image] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            while len(found) < len(seconds) and frame.time >= seconds[len(found)] - 0.001:
                found.append(Image.fromarray(frame.to_ndarray(format="rgb24")))
    if len(found) < len(seconds):
        raise ValueError(f"{clip.name} ends before {seconds[len(found)]} s")
    return found


def _middle(frame: Image.Image) -> Image.Image:
    left, top = (frame.width - _ZOOM[0]) // 2, round(frame.height * 0.42)
    return frame.crop((left, top, left + _ZOOM[0], top + _ZOOM[1])).resize(
        (_ZOOM[0] * 2, _ZOOM[1] * 2), Image.Resampling.NEAREST
    )


def _wave(clip: Path) -> Image.Image:
    """The loudest and the lowest value of each column's time, full scale being the height."""
    width, height = _WAVE
    with av.open(str(clip)) as container:
        resampler = av.AudioResampler("fltp", "mono", 8000)
        pieces = [
            piece.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    sound = np.concatenate(pieces)
    picture = Image.new("RGB", _WAVE, (246, 248, 250))
    pen, middle = ImageDraw.Draw(picture), height / 2
    for x, column in enumerate(np.array_split(sound, width)):
        pen.line((x, middle - column.max() * middle, x, middle - column.min() * middle), fill=(9, 105, 218))
    return picture
