"""What a preview is tried on: every field of the pattern, and the files that patterns name."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from PIL import Image, ImageDraw
from pydantic import BaseModel

from integration.media.studio import BT709, KEY, LOSSLESS, Studio
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Ingredients
from subiteya.media.probe import probe

NOT_SHOWN = {
    "version": "names the format",
    "subtitles.language": "acts before the edit, when what is said is written down",
    "subtitles.without": "acts before the edit, when nothing can write down what is said",
    "effects.grain": "is thrown anew for each frame: a test of its own compares how strong it is",
    "output.quality": "is the encoder's: also at the lowest, the finished clip keeps within the tolerance",
    "output.max_bitrate_kbps": "is the encoder's",
}
"""Fields that no case could compare, and why."""

CUES = (Cue(0, 300, "Antes"), Cue(400, 1100, "¿Pan de masa madre hecho aquí? Sí, señor, cada día"))
VALUES = {MergeField.VIDEO_TITLE: "Pan de Ana"}
PNG, CUBE, MP3, MP4 = (KEY.replace(".png", ending) for ending in (".png", ".cube", ".mp3", ".mp4"))


@dataclass(frozen=True, slots=True)
class Case:
    """Fields that are tried together, in one finished clip."""

    spec: Mapping[str, Any]
    seconds: tuple[float, ...] = (0.8,)
    """Of the output."""
    source: str = "card"


def text(**fields: Any) -> dict[str, Any]:
    return {"texts": [fields]}


CASES: dict[str, Case] = {
    "overlays at anchors": Case(
        {
            "logo": {
                "key": PNG, "anchor": "bottom_left", "width_percent": 40.0, "opacity": 0.6,
                "margin_percent": 12.0, "start_s": 0.4, "end_s": 0.9, "fade_in_s": 0.5,
            },
            **text(
                text="{{video.title}} y más pan", font="fredoka", size_percent=6.0, colour="#FFE040",
                outline_colour="#C00030", outline_percent=25.0, anchor="right", margin_percent=15.0,
                max_width_percent=40.0, start_s=0.4, end_s=0.9,
            ),
            "subtitles": {
                "font": "fjalla", "size_percent": 5.0, "colour": "#FFF080", "outline_colour": "#B00020",
                "outline_percent": 25.0, "position": "top", "margin_percent": 9.0, "max_characters": 14,
                "max_lines": 4, "casing": "upper",
            },
            "layout": {"safe_areas": False},
        },
        (0.85, 0.6, 0.2, 1.1),
    ),
    "overlays at places": Case({
        "logo": {"key": PNG, "x_percent": 30.0, "y_percent": 20.0},
        **text(
            text="Pan", size_percent=8.0, style="box", box_colour="#FFE000", box_opacity=1.0,
            x_percent=70.0, y_percent=40.0,
        ),
        "subtitles": {
            "style": "box", "box_colour": "#FFE000", "box_opacity": 1.0, "box_padding_percent": 60.0,
            "animation": "karaoke", "highlight_colour": "#FF2020", "size_percent": 6.0,
        },
    }),
    "light": Case({"effects": {
        "brightness": 0.15, "contrast": 0.3, "saturation": -0.6, "exposure": 0.5, "temperature": 0.5,
        "tint": 0.4, "hue": 40.0, "highlights": -0.7, "shadows": 0.6,
    }}),
    "look": Case({
        "effects": {"look": "vintage", "vignette": 0.6, "lut_key": CUBE, "lut_strength": 0.4},
        "subtitles": {"source": "none"},
    }),
    "softer": Case({"effects": {"blur": 1.0}}, source="small"),
    "sharper": Case({"effects": {"sharpen": 1.0}}, source="small"),
    "less noise": Case({"effects": {"denoise": 0.8}}, source="noisy"),
    "steadied": Case({"effects": {"stabilise": True}}, source="shaken"),
    "cropped": Case({"layout": {"target": "1:1", "fill": "crop", "focus_y_percent": 15.0}}),
    "cropped across": Case(
        {"layout": {"target": "9:16", "fill": "crop", "focus_x_percent": 80.0}}, source="wide"
    ),
    "closer": Case({"layout": {"fill": "crop", "zoom": 1.6, "focus_x_percent": 20.0}}),
    "closer, in a small clip": Case({"layout": {"fill": "crop", "zoom": 2.5}}, source="small"),
    "fitted on a colour": Case({"layout": {
        "target": "16:9", "background": "solid", "background_colour": "#2060A0",
    }}),
    "fitted on an image": Case(
        {"layout": {"target": "4:5", "background": "image", "background_key": PNG}}
    ),
    "fitted on its own blur": Case({"layout": {"target": "1:1"}}),
    "cut and slower": Case(
        {
            "time": {"trim_start_s": 0.35, "trim_end_s": 0.95, "speed": 0.5},
            "subtitles": {"source": "none"},
        },
        (0.5, 0.0, 1.9),
    ),
    "faster, at another rate": Case({"time": {"speed": 1.6}, "output": {"fps": 24}}, (0.4, 0.0, 0.7)),
    "between intro and outro": Case(
        {
            "time": {"intro_key": PNG, "outro_key": MP4, "image_s": 0.8, "crossfade_s": 0.4},
            "logo": {"key": PNG, "start_s": 0.5},
        },
        (0.55, 0.75, 0.2, 0.95, 1.4, 1.75),
    ),
}  # fmt: skip
"""Each is finished once and compared at its seconds."""

SOUNDS: dict[str, Case] = {
    "music": Case({"sound": {
        "volume": 0.5, "music_key": MP3, "music_volume": 0.8, "ducking": 0.2, "music_fade_s": 2.0,
    }}, (0.0, 2.5), "speech"),
    "loudness": Case({"sound": {"normalise": True}}, (1.0,), "speech"),
    "mute": Case({"sound": {"mute": True, "silent_track": True}}, (1.0,), "speech"),
}  # fmt: skip
"""Each is finished once; its clips at these seconds sound the same."""


def paths(data: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The fields that a specification names; those of a list's items without numbers."""
    for name, value in data.items():
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, Mapping):
                yield from paths(item, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}"


def schema_paths(model: type[BaseModel] = PatternSpec, prefix: str = "") -> Iterator[str]:
    """All fields that the pattern has."""
    for name, info in model.model_fields.items():
        sections = [kind for kind in (info.annotation, *get_args(info.annotation)) if is_section(kind)]
        for section in sections:
            yield from schema_paths(section, f"{prefix}{name}.")
        if not sections:
            yield f"{prefix}{name}"


def is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def without(spec: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The specification without a field (and what cannot stand without it)."""
    section, _, name = path.partition(".")
    gone = {"x_percent", "y_percent"} if name in {"x_percent", "y_percent"} else {name}
    if path == "texts.text":
        return {other: value for other, value in spec.items() if other != "texts"}
    value = spec[section]
    kept = (
        [{key: item[key] for key in item if key not in gone} for item in value]
        if isinstance(value, list)
        else {key: value[key] for key in value if key not in gone}
    )
    return {**spec, section: kept}


class Files:
    """Clips and assets, made once."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._made: dict[str, Path] = {}

    async def ingredients(self, spec: Mapping[str, Any], source: str) -> Ingredients:
        """What an edit of one of the sources is made of."""
        pattern, clip = PatternSpec.parse(spec), self.get(source)
        files = {name: self.get(name) for name in pattern.asset_keys()}
        cues = () if source.startswith("sound") else CUES
        return Ingredients(pattern, await probe(clip), clip, cues, VALUES, files)

    def get(self, name: str) -> Path:
        """A source by its name, or a file by the field that names it."""
        if name not in self._made:
            self._made[name] = getattr(self, f"_{name.replace('.', '_')}")()
        return self._made[name]

    def _card(self, size: str = "720x1280", detail: str = "70*sin(X/3)*sin(Y/5)") -> Path:
        """Soft colours that move, a bar that tells each frame from the next, and a fine pattern."""
        bar = "color=c=white:s=60x160:r=30:d=1.2,format=rgb24[w]"
        return self._clip(f"{_soft(size)}[s];{bar};[s][w]overlay=x='t*540':y=H/8[a];{_fine(detail)}", size)

    def _small(self) -> Path:
        return self._card("540x960", "60*(1-2*mod(floor(X/3)+floor(Y/3),2))")

    def _wide(self) -> Path:
        return self._card("960x540")

    def _noisy(self) -> Path:
        return self._clip(f"{_soft('600x1066')},noise=c0s=12:c0f=t[a];{_fine()}", "noisy")

    def _shaken(self) -> Path:
        moved = "crop=600:1066:x='24+16*sin(n*1.1)':y='24+12*cos(n*0.7)'"
        return self._clip(f"{_SCENE}[a];{_fine()}", "shaken", f",{moved}")

    def _clip(self, graph: str, name: str, after: str = "") -> Path:
        graph = f"{graph};[a][b]overlay=x=W/3:y=H/2{after}"
        return self._studio.clip(
            "-f", "lavfi", "-i", f"{graph},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{BT709}",
            *LOSSLESS, "-t", "1.2", "-g", "25", name=f"{name}.mp4",
        )  # fmt: skip

    def _speech(self) -> Path:
        """Words (a tone that comes and goes) over a small picture, six seconds."""
        return self._studio.clip(
            "-f", "lavfi", "-i", "color=c=0x406080:s=360x640:r=24:d=6",
            "-f", "lavfi", "-i", "aevalsrc='0.3*sin(2*PI*440*t)*gt(sin(2*PI*t/1.7),0)':d=6:s=48000",
            *LOSSLESS, "-c:a", "aac", name="speech.mp4",
        )  # fmt: skip

    def _logo_key(self) -> Path:
        return self._image("logo", (240, 120), (240, 40, 90), shape=True)

    def _layout_background_key(self) -> Path:
        return self._image("background", (800, 600), (30, 120, 60))

    def _time_intro_key(self) -> Path:
        return self._image("intro", (720, 1280), (200, 150, 40))

    def _image(
        self, name: str, size: tuple[int, int], colour: tuple[int, int, int], *, shape: bool = False
    ) -> Path:
        image = Image.new("RGBA", size, (0, 0, 0, 0) if shape else (*colour, 255))
        pen = ImageDraw.Draw(image)
        inner = (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4)
        if shape:
            pen.ellipse((0, 0, size[0] - 1, size[1] - 1), (*colour, 255))
        pen.rectangle(inner, (250, 250, 230, 255))
        written = io.BytesIO()
        image.save(written, "PNG")
        path = self._studio.folder / f"{name}.png"
        path.write_bytes(written.getvalue())
        return path

    def _effects_lut_key(self) -> Path:
        path = self._studio.folder / "look.cube"
        corners = (f"{b} {g} {r}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
        path.write_text("LUT_3D_SIZE 2\n" + "\n".join(corners))
        return path

    def _sound_music_key(self) -> Path:
        tone = "aevalsrc='0.3*sin(2*PI*1500*t)':d=1.5:s=48000"
        return self._studio.clip("-f", "lavfi", "-i", tone, "-c:a", "libmp3lame", name="music.mp3")

    def _time_outro_key(self) -> Path:
        picture = "gradients=s=360x640:r=25:n=3:seed=3:c0=0x802020:c1=0x209020:c2=0x202090:d=0.7"
        return self._studio.clip(
            "-f", "lavfi", "-i", f"{picture},format=yuv420p", *LOSSLESS, name="outro.mp4"
        )


def _soft(size: str, speed: float = 0.05) -> str:
    colours = "c0=0x204060:c1=0xA0C0E0:c2=0x306050:c3=0x8090A0"
    return f"gradients=r=30:n=4:speed={speed}:seed=7:{colours}:s={size}:d=1.2,format=rgb24"


_SCENE = (
    "mandelbrot=s=648x1114:r=30:start_x=-0.743:start_y=0.1318:start_scale=0.012,trim=end_frame=1,"
    "hue=s=0.2,gblur=sigma=2,loop=loop=-1:size=1,trim=duration=1.2,format=rgb24"
)


def _fine(detail: str = "70*sin(X/3)*sin(Y/5)") -> str:
    return (
        f"color=c=gray:s=240x240:r=30:d=0.05,geq=lum='128+{detail}':cb=110:cr=150,"
        "loop=loop=-1:size=1,trim=duration=1.2,format=rgb24[b]"
    )
