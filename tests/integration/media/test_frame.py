"""A preview tells the truth: it is the frame that the finished clip will show."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from integration.media.studio import BT709, KEY, LOSSLESS, Pixels, Studio, frame, logo_png
from subiteya.domain.errors import BadInput
from subiteya.domain.pattern import MergeField
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.frame import TOLERANCE, Moment, cut_still, draw_frame, moment_at
from subiteya.media.probe import probe

CUES = (Cue(0, 700, "Antes"), Cue(800, 1900, "¿Pan de masa madre?\nSí, señor"))
SECOND = 1.0
LOOK = "r=30:n=4:speed=0.05:seed=7:c0=0x204060:c1=0xA0C0E0:c2=0x306050:c3=0x8090A0"


@pytest.fixture(scope="module")
def card(editor: Editor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slow, soft movement, upright: frames differ, edges do not dominate."""
    return moving(Studio(editor, tmp_path_factory.mktemp("card")))


def moving(studio: Studio, size: str = "720x1280") -> Path:
    return studio.clip(
        "-f", "lavfi", "-i", f"gradients={LOOK}:s={size}:d=1.2,format=rgb24",
        "-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{BT709}",
        *LOSSLESS, "-g", "25",
    )  # fmt: skip


async def preview(
    studio: Studio, source: Path, spec: dict[str, Any], second: float = SECOND, **assets: Any
) -> Pixels:
    return await draw(studio, await ingredients(studio, source, spec, **assets), second)


async def ingredients(
    studio: Studio,
    source: Path,
    spec: dict[str, Any],
    values: Mapping[MergeField, str] | None = None,
    **assets: Any,
) -> Ingredients:
    made = await studio.ingredients(source, spec, **assets)
    return replace(made, values=values or {})


async def finish(studio: Studio, made: Ingredients) -> Path:
    """The finished clip."""
    work = studio.folder / "work"
    work.mkdir()
    plan = await plan_edit(studio.editor, made, work)
    await run_edit(studio.editor, plan, work)
    return plan.output


async def draw(studio: Studio, made: Ingredients, second: float = SECOND) -> Pixels:
    """The preview."""
    folder = studio.folder / "preview"
    folder.mkdir()
    moment = moment_at(made.probe, second)
    still = await cut_still(studio.editor, made.source, made.probe, moment, folder)
    work = folder / "work"
    work.mkdir()
    data = await draw_frame(studio.editor, made, still, moment, work, kind="png")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.int16)


def differences(shown: Pixels, finished: Pixels) -> tuple[float, float]:
    """The mean difference, and that of the worst sixteenth of the picture."""
    image = Image.fromarray(finished.astype(np.uint8))
    small = np.asarray(image.resize((shown.shape[1], shown.shape[0]), Image.Resampling.BICUBIC))
    apart = np.abs(shown - small.astype(np.int16)).mean(axis=2)
    rows, columns = (side // 4 for side in apart.shape)
    blocks = apart[: rows * 4, : columns * 4].reshape(4, rows, 4, columns).mean(axis=(1, 3))
    return float(apart.mean()), float(blocks.max())


FEATURES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "look": ({"effects": {"look": "cinematic", "vignette": 0.5, "contrast": 0.2}}, {}),
    "vintage": ({"effects": {"look": "vintage", "temperature": 0.3, "saturation": -0.3}}, {}),
    "softness": ({"effects": {"blur": 0.4}}, {}),
    "logo": ({"logo": {"key": KEY, "width_percent": 30, "opacity": 0.8}}, {"logo": logo_png()}),
    "logo fading in": (
        {"logo": {"key": KEY, "width_percent": 40, "start_s": 0.5, "fade_in_s": 1}},
        {"logo": logo_png()},
    ),
    "logo gone by then": (
        {"logo": {"key": KEY, "width_percent": 40, "end_s": 0.8}},
        {"logo": logo_png()},
    ),
    "subtitles": ({"subtitles": {"style": "box", "size_percent": 6}}, {"cues": CUES}),
    "karaoke": ({"subtitles": {"animation": "karaoke", "size_percent": 6}}, {"cues": CUES}),
    "text": (
        {"texts": [{"text": "{{video.title}}", "size_percent": 6}]},
        {"values": {MergeField.VIDEO_TITLE: "Pan"}},
    ),
    "half speed, cut": (
        {
            "time": {"trim_start_s": 0.5, "speed": 0.5, "crossfade_s": 1},
            "logo": {"key": KEY, "width_percent": 40, "start_s": 0.7, "end_s": 1.2},
            "sound": {"silent_track": True, "normalise": True},
        },
        {"logo": logo_png(), "cues": CUES},
    ),
    "fitted": ({"layout": {"target": "1:1", "fill": "fit", "background": "blur"}}, {}),
    "cropped": ({"layout": {"target": "1:1", "fill": "crop", "focus_y_percent": 20}}, {}),
}


@pytest.mark.parametrize("feature", FEATURES)
async def test_a_preview_is_the_frame_of_the_finished_clip(studio: Studio, card: Path, feature: str) -> None:
    spec, assets = FEATURES[feature]
    made = await ingredients(studio, card, spec, **assets)

    shown, finished = await draw(studio, made), await finish(studio, made)

    mean, worst = differences(shown, frame(finished, SECOND))

    assert mean < TOLERANCE
    assert worst < TOLERANCE * 3


async def test_the_tolerance_would_notice_what_is_missing(studio: Studio, card: Path) -> None:
    spec, assets = FEATURES["logo"]
    shown = await preview(studio, card, {})
    plan = await studio.edit(card, spec, **assets)

    assert differences(shown, frame(plan.output, SECOND))[1] > TOLERANCE * 3


async def test_a_preview_shows_the_second_that_was_asked_for(studio: Studio) -> None:
    """Each frame has its own grey, and the preview the right one, far from any key frame."""
    source = studio.clip(
        "-f", "lavfi", "-i", "color=black:s=360x640:r=30:d=4,format=gray,geq=lum='20+N*1.8'",
        "-vf", f"scale=out_range=tv,format=yuv420p,{BT709}", *LOSSLESS, "-g", "100",
    )  # fmt: skip
    shown = await preview(studio, source, {}, 2.5)
    assert abs(float(shown.mean()) - float(frame(source, 2.5).mean())) < 0.9


@pytest.mark.parametrize(
    "arguments",
    [
        ("-vf", "format=yuv420p10le", "-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv420p10le"),
        (
            "-vf",
            "scale=out_range=pc,format=yuvj420p",
            "-c:v",
            "libx264",
            "-crf",
            "10",
            "-pix_fmt",
            "yuvj420p",
        ),
        ("-vf", "tinterlace=interleave_top", "-c:v", "libx264", "-flags", "+ilme+ildct", "-crf", "10"),
        ("-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv422p", "-aspect", "2:3"),
        (
            *("-vf", "format=yuv420p10le,setparams=color_trc=arib-std-b67:color_primaries=bt2020"),
            *("-c:v", "libx264", "-crf", "10", "-colorspace", "bt2020nc"),
        ),
    ],
    ids=["10-bit", "full range", "interlaced", "wide pixels", "HLG"],
)
async def test_the_colours_and_shape_of_unusual_sources_are_the_same(
    studio: Studio, arguments: tuple[str, ...]
) -> None:
    picture = f"gradients={LOOK}:s=720x960:d=1.2"
    source = studio.clip("-f", "lavfi", "-i", picture, *arguments)
    spec = {"effects": {"look": "warm"}}
    shown = await preview(studio, source, spec)
    plan = await studio.edit(source, spec)
    finished = frame(plan.output, SECOND)

    assert abs(shown.shape[1] / shown.shape[0] - finished.shape[1] / finished.shape[0]) < 0.01
    mean, worst = differences(shown, finished)
    assert mean < TOLERANCE
    assert worst < TOLERANCE * 3


async def test_a_turned_clip_is_previewed_upright(studio: Studio) -> None:
    lying = moving(studio, "640x360")
    turned = studio.folder / "turned.mp4"
    studio.clip("-display_rotation", "90", "-i", str(lying), "-c", "copy", name=turned.name)
    shown = await preview(studio, turned, {})
    assert shown.shape[:2] == (640, 360)


async def test_after_the_end_the_last_frame_is_shown(studio: Studio) -> None:
    source = moving(studio, "360x640")
    found = await probe(source)
    assert moment_at(found, 99) == Moment(35, Fraction(30))
    shown = await preview(studio, source, {}, 99)
    assert differences(shown, frame(source, 35 / 30))[0] < TOLERANCE


async def test_a_picture_that_ends_before_its_sound_has_no_frame_there(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "color=red:s=360x640:r=30:d=1", "-f", "lavfi", "-i", "sine=d=3",
        *LOSSLESS, "-c:a", "aac",
    )  # fmt: skip
    with pytest.raises(BadInput, match="no picture at that time"):
        await preview(studio, source, {}, 2.0)
