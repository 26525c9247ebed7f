"""Frames out of a small copy are those that are cut out of the source, at any moment and for any clock."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from integration.media.studio import BT709, Pixels, Studio
from subiteya.media import preview
from subiteya.media.probe import probe
from subiteya.media.small_copy import make_small_copy, take_still

COUNTED = "color=black:s=360x640:r=30:d=1.5,format=gray,geq=lum='30+N*4'"
"""Each frame has a grey of its own, four steps from its neighbours."""
PLAIN = f"scale=out_range=tv,format=yuv420p,{BT709}"
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-g", "250")
TONE = ("-f", "lavfi", "-i", "sine=440:d=1.5", "-c:a", "aac")

Maker = Callable[[Studio], Path]


def made(*arguments: str, name: str = "source.mp4", look: str = PLAIN) -> Maker:
    return lambda studio: studio.clip(
        "-f", "lavfi", "-i", COUNTED, "-vf", look, *CODED, *arguments, name=name
    )


def late(studio: Studio) -> Path:
    """The picture begins a third of a second after the sound."""
    return studio.clip(
        *("-itsoffset", "0.337", "-f", "lavfi", "-i", COUNTED, *TONE[:4]),
        *("-vf", PLAIN, *CODED, "-c:a", "aac"),
    )  # fmt: skip


SOURCES: dict[str, Maker] = {
    "steady": made(),
    "with gaps": made("-fps_mode", "vfr", look=f"select='lt(n,3)+gt(n,17)',{PLAIN}"),
    "reordered": made("-bf", "3", "-preset", "veryfast"),
    "milliseconds": made(name="source.mkv"),
    "NTSC": made("-r", "30000/1001"),
    "late": late,
    "one frame": made("-frames:v", "1"),
}


def grey(still: Path) -> Pixels:
    with av.open(str(still)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.int16)


@pytest.mark.parametrize("name", SOURCES)
async def test_it_gives_the_frame_that_would_be_cut(studio: Studio, name: str) -> None:
    source = SOURCES[name](studio)
    ingredients = await studio.ingredients(source, {})
    plan = await preview.plan_preview(ingredients, studio.folder)
    copy = studio.folder / "small.nut"
    await make_small_copy(studio.editor, source, plan.video, copy)
    wrong = []
    for number, second in enumerate((0.0, 0.1, 0.5, 0.7, 0.9166, 1.4)):
        cut, taken = studio.folder / f"cut{number}.mkv", studio.folder / f"taken{number}.mkv"
        moment = preview.moment_at(plan, second)
        await preview.cut_still(studio.editor, plan, moment, cut)
        await take_still(copy, moment.source_s, plan.canvas.fps, taken)
        apart = float(np.abs(grey(cut) - grey(taken)).mean())
        if apart > 1.5:  # a neighbour is four steps away, and the grey of TV range a little less
            wrong.append((second, moment.source_s, apart))
    assert wrong == []


async def test_a_second_between_two_frames_shows_the_one_before(studio: Studio) -> None:
    source, copy = SOURCES["steady"](studio), studio.folder / "small.nut"
    video = (await probe(source)).video
    assert video is not None
    await make_small_copy(studio.editor, source, video, copy)
    greys = []
    for number, second in enumerate((0.5, 0.5 + 0.4 / 30, 0.5 + 0.6 / 30)):
        await take_still(copy, second, Fraction(30), studio.folder / f"{number}.mkv")
        greys.append(float(grey(studio.folder / f"{number}.mkv").mean()))
    assert greys[0] == pytest.approx(greys[1], abs=1)
    assert greys[2] > greys[1] + 2, "from its half on, the rate's grid takes the next one"


@pytest.mark.parametrize(("size", "is_enough"), [("360x640", True), ("720x1280", False)])
async def test_a_part_is_shown_large_out_of_a_still_that_has_all_its_detail(
    studio: Studio, size: str, is_enough: bool
) -> None:
    source = studio.clip("-f", "lavfi", "-i", f"color=gray:s={size}:r=30:d=0.2", *CODED)
    ingredients = await studio.ingredients(source, {"layout": {"fill": "crop", "zoom": 2}})
    plan = await preview.plan_preview(ingredients, studio.folder)
    assert (preview.moment_at(plan, 0.1).own_s is not None) == is_enough
