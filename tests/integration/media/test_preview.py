"""The preview tells the truth: it is the same frame as the edit's, within what H.264 and JPEG lose."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from integration.media.studio import KEY, LOSSLESS, Pixels, Studio, frames, logo_png, sound_of, strength
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor
from subiteya.media.ingredients import Ingredients
from subiteya.media.preview import make_proxy, preview_clip, preview_frame
from subiteya.media.probe import probe

SECOND = 1.0
# Of 255: what the encoders, the scaler and chroma at half the size may change on the mean and at edges.
MEAN_TOLERANCE, EDGE_TOLERANCE = 3.5, 40
CUBE = "LUT_3D_SIZE 2\n" + "\n".join(f"{b} {g} {r}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
CUES = (Cue(0, 3000, "¿Qué tal 🚀?"),)
FEATURES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "adjustments": {"effects": {"contrast": 0.3, "brightness": 0.1, "saturation": 0.4}},
    "tones": {
        "effects": {"exposure": 0.5, "temperature": 0.5, "shadows": 0.4, "highlights": -0.4, "tint": 0.3}
    },
    "hue": {"effects": {"hue": 60}},
    "look": {"effects": {"look": "cinematic", "vignette": 0.5}},
    "table": {"effects": {"lut_key": KEY.replace(".png", ".cube"), "lut_strength": 0.5}},
    "detail": {"effects": {"sharpen": 0.5}},
    "blur": {"effects": {"blur": 0.4}},
    "denoise": {"effects": {"denoise": 0.5}},
    "logo": {"logo": {"anchor": "bottom_left", "width_percent": 30, "opacity": 0.7}},
    "timed logo": {
        "logo": {"start_s": 0.5, "fade_in_s": 1, "width_percent": 40, "x_percent": 50, "y_percent": 50}
    },
    "logo that has gone": {"logo": {"end_s": 0.8}},
    "text": {"texts": [{"text": "Hola", "start_s": 0.9, "end_s": 1.2}, {"text": "NO", "start_s": 1.3}]},
    "karaoke": {"subtitles": {"animation": "karaoke", "size_percent": 6}},
    "box": {"subtitles": {"style": "box", "position": "middle"}},
    "crop": {"layout": {"target": "1:1", "fill": "crop", "focus_y_percent": 20}},
    "fit with blur": {"layout": {"target": "1:1"}},
    "fit with colour": {"layout": {"target": "16:9", "background": "solid", "background_colour": "#204060"}},
    "cut and speed": {"time": {"trim_start_s": 0.5, "speed": 1.5}},
}


@pytest.fixture(scope="module")
def source(editor: Editor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = "mandelbrot=s=540x960:r=30:start_scale=1.5:end_scale=0.5:end_pts=120,trim=duration=2.3"
    labels = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    return Studio(editor, tmp_path_factory.mktemp("source")).clip(
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=f=500:r=48000:d=2.3",
        "-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{labels}", *LOSSLESS, "-c:a", "aac",
    )  # fmt: skip


async def previewed(studio: Studio, ingredients: Ingredients, second: float) -> Pixels:
    folder = studio.folder / "preview"
    folder.mkdir()
    at = ingredients.spec.time.source(second)
    proxy = folder / "proxy.mkv"
    small = await make_proxy(studio.editor, ingredients.source, ingredients.probe, at, proxy)
    on_proxy = Ingredients(
        ingredients.spec, small, proxy, ingredients.cues, ingredients.values, ingredients.files
    )
    data = await preview_frame(studio.editor, on_proxy, second, folder, proxied=True)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.int16)


@pytest.mark.parametrize("feature", list(FEATURES))
async def test_the_preview_is_the_frame_of_the_edit(studio: Studio, source: Path, feature: str) -> None:
    spec = FEATURES[feature] | {"output": {"quality": "ultra"}}
    files: dict[str, Any] = {}
    logo = logo_png(colour=(240, 40, 90, 255)) if "logo" in spec else None
    if feature == "table":
        files["lut"] = CUBE.encode()
    ingredients = await studio.ingredients(source, spec, logo, CUES, **files)
    seen = await previewed(studio, ingredients, SECOND)
    plan = await studio.edit(source, spec, logo, CUES, **files)
    final = frames(plan.output, [SECOND])[0]
    assert seen.shape == final.shape
    difference = np.abs(seen - final)
    assert difference.mean() < MEAN_TOLERANCE
    assert np.percentile(difference, 99) < EDGE_TOLERANCE


async def test_the_test_could_fail(studio: Studio, source: Path) -> None:
    ingredients = await studio.ingredients(source, {"effects": {"look": "sepia"}})
    seen = await previewed(studio, ingredients, SECOND)
    plan = await studio.edit(source, {"output": {"quality": "ultra"}})
    assert np.abs(seen - frames(plan.output, [SECOND])[0]).mean() > 3 * MEAN_TOLERANCE


async def test_grain_is_as_strong_in_the_preview(studio: Studio) -> None:
    grey = studio.flat("0x808080", seconds=2)
    spec = {"effects": {"grain": 0.5}, "output": {"quality": "ultra"}}
    seen = await previewed(studio, await studio.ingredients(grey, spec), SECOND)
    plan = await studio.edit(grey, spec)
    assert seen.std() == pytest.approx(frames(plan.output, [SECOND])[0].std(), rel=0.3)


async def test_a_large_turned_full_range_source_has_a_small_upright_proxy(studio: Studio) -> None:
    flat = studio.clip(
        "-f", "lavfi", "-i", "color=c=0xB0B0B0:s=1920x1080:r=60:d=1,format=rgb24",
        "-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p",
        "-c:v", "libx264", "-crf", "10", "-color_range", "pc", "-colorspace", "bt709", name="flat.mp4",
    )  # fmt: skip
    turned = studio.clip("-display_rotation", "-90", "-i", str(flat), "-c", "copy", name="turned.mp4")
    seen = await previewed(studio, await studio.ingredients(turned, {}), 0.5)
    assert seen.shape == (960, 540, 3)
    assert seen.reshape(-1, 3).mean(axis=0) == pytest.approx((0xB0, 0xB0, 0xB0), abs=3)


async def test_a_second_after_the_end_shows_the_last_frame(studio: Studio, source: Path) -> None:
    assert (await previewed(studio, await studio.ingredients(source, {}), 99)).shape == (960, 540, 3)


async def test_a_few_seconds_are_rendered_with_their_sound(studio: Studio, source: Path) -> None:
    spec = {"texts": [{"text": "HHH", "start_s": 1.7, "style": "plain", "size_percent": 10}]}
    folder = studio.folder / "clip"
    folder.mkdir()
    ingredients = await studio.ingredients(source, spec)
    made = await preview_clip(studio.editor, ingredients, 0.7, folder, seconds=1.5, width=270)
    found = await probe(made)
    assert found.video is not None
    assert (found.video.width, found.video.height) == (270, 480)
    assert found.duration_s == pytest.approx(1.5, abs=0.1)
    before, after = frames(made, [0.5, 1.3])
    assert (after.min(axis=2) > 230).sum() > (
        before.min(axis=2) > 230
    ).sum() + 200  # at second 1.7 of the clip
    assert strength(sound_of(studio.editor.ffmpeg, made), 0.2, 1.2) > 0.05
