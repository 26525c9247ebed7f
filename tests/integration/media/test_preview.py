"""Previews of sources that are not the usual ones, and of moments at their edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from integration.media.parity import apart, finish, is_same, on_screen, show, show_clip
from integration.media.studio import BT709, LOSSLESS, Studio, frame
from subiteya.domain.errors import NotAVideo
from subiteya.media import preview
from subiteya.media.edit import Ingredients
from subiteya.media.probe import probe

LOOK = "r=30:n=4:speed=0.05:seed=7:c0=0x204060:c1=0xA0C0E0:c2=0x306050:c3=0x8090A0"
TAGGED = ("-crf", "10", "-c:v", "libx264")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-vf", "format=yuv420p10le", *TAGGED, "-pix_fmt", "yuv420p10le"),
        ("-vf", "scale=out_range=pc,format=yuvj420p", *TAGGED, "-pix_fmt", "yuvj420p"),
        ("-vf", "tinterlace=interleave_top", *TAGGED, "-flags", "+ilme+ildct"),
        (*TAGGED, "-pix_fmt", "yuv422p", "-aspect", "2:3"),
        (
            *("-vf", "format=yuv420p10le,setparams=color_trc=arib-std-b67:color_primaries=bt2020"),
            *(*TAGGED, "-colorspace", "bt2020nc"),
        ),
    ],
    ids=["10-bit", "full range", "interlaced", "wide pixels", "HLG"],
)
async def test_the_colours_and_shape_of_unusual_sources_are_the_same(
    studio: Studio, arguments: tuple[str, ...]
) -> None:
    source = studio.clip("-f", "lavfi", "-i", f"gradients={LOOK}:s=600x800:d=0.6", *arguments)
    made = await studio.ingredients(source, {"effects": {"look": "warm"}})
    shown, finished = await show(studio, made, 0.4), on_screen(await finish(studio, made), 0.4)
    assert is_same(shown, finished), apart(shown, finished)


async def test_the_jpeg_has_the_colours_of_the_png(studio: Studio) -> None:
    made = await studio.ingredients(studio.flat("0xD04060"), {})
    png, jpeg = await show(studio, made, 0.2), await show(studio, made, 0.2, kind="jpeg")
    assert np.abs(png - jpeg).mean() < 2


async def test_a_preview_shows_the_second_that_was_asked_for(studio: Studio) -> None:
    """Each frame has its own grey, and the preview the right one, far from any key frame."""
    source = studio.clip(
        "-f", "lavfi", "-i", "color=black:s=360x640:r=30:d=4,format=gray,geq=lum='20+N*1.8'",
        "-vf", f"scale=out_range=tv,format=yuv420p,{BT709}", *LOSSLESS, "-g", "100",
    )  # fmt: skip
    shown = await show(studio, await studio.ingredients(source, {}), 2.5)
    assert abs(float(shown.mean()) - float(frame(source, 2.5).mean())) < 0.9


async def test_a_turned_clip_is_previewed_upright_and_small(studio: Studio) -> None:
    lying = studio.clip("-f", "lavfi", "-i", f"gradients={LOOK}:s=1280x720:d=0.2", *LOSSLESS)
    turned = studio.folder / "turned.mp4"
    studio.clip("-display_rotation", "90", "-i", str(lying), "-c", "copy", name=turned.name)
    made = await studio.ingredients(turned, {})
    assert (await show(studio, made, 0.1)).shape == (960, 540, 3)
    assert Image.fromarray(on_screen(await show_clip(studio, made, 0.0), 0.1).astype(np.uint8)).size == (
        540,
        960,
    )


def sparse(studio: Studio) -> Path:
    """A phone that leaves out frames: for half a second nothing comes after the third."""
    picture = "color=black:s=360x640:r=30:d=1.2,format=gray,geq=lum='40+N*5'"
    return studio.clip(
        "-f", "lavfi", "-i", picture,
        "-vf", f"select='lt(n,3)+gt(n,17)',scale=out_range=tv,format=yuv420p,{BT709}",
        "-fps_mode", "vfr", *LOSSLESS,
    )  # fmt: skip


@pytest.mark.parametrize("second", [0.0, 0.3, 0.8])
async def test_where_frames_are_left_out_the_one_before_stands(studio: Studio, second: float) -> None:
    made = await studio.ingredients(sparse(studio), {})
    shown, finished = await show(studio, made, second), on_screen(await finish(studio, made), second)
    assert is_same(shown, finished), apart(shown, finished)


@pytest.mark.parametrize("spec", [{}, {"effects": {"denoise": 0.1}}], ids=["a still", "a stretch"])
async def test_after_the_end_the_last_frame_is_shown(studio: Studio, spec: dict[str, object]) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "color=black:s=360x640:r=30:d=1,format=gray,geq=lum='40+N*5'",
        "-vf", f"scale=out_range=tv,format=yuv420p,{BT709}", *LOSSLESS,
    )  # fmt: skip
    shown = await show(studio, await studio.ingredients(source, spec), 99)
    assert abs(float(shown.mean()) - float(frame(source, 29 / 30).mean())) < 1.5


async def test_a_picture_that_ends_before_its_sound_stands_still(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "color=red:s=360x640:r=30:d=1", "-f", "lavfi", "-i", "sine=d=3",
        *LOSSLESS, "-c:a", "aac",
    )  # fmt: skip
    red, green, _ = (
        (await show(studio, await studio.ingredients(source, {}), 2.0)).reshape(-1, 3).mean(axis=0)
    )
    assert red > 200
    assert green < 50


async def test_what_has_no_picture_has_no_preview(studio: Studio) -> None:
    sound = studio.clip("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
    found = await probe(studio.flat("red", name="red.mp4"))
    made = (await studio.ingredients(studio.folder / "red.mp4", {})).spec
    with pytest.raises(NotAVideo):
        await preview.plan_preview(
            Ingredients(made, found.model_copy(update={"video": None}), sound), studio.folder
        )
