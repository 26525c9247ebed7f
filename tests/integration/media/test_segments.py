"""Edits in segments against edits in one pass: no frame missing, doubled or moved, and the same sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from integration.media.studio import Studio, logo_png
from subiteya.domain.errors import EditFailed
from subiteya.domain.segments import Stretch, is_divisible, plan_stretches
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Ingredients, plan_edit, run_edit
from subiteya.media.graph import plan_canvas
from subiteya.media.segments import plan_join, plan_stretch

Planes = list[npt.NDArray[np.float64]]

# Something moves in every frame, so that a frame is unlike its neighbours.
MOVING = ("-f", "lavfi", "-i", "testsrc2=s=270x480:r=30:d=3")
TONE = ("-f", "lavfi", "-i", "sine=f=330:r=48000:d=3.4,tremolo=f=5")
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p", "-c:a", "aac")
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "phone": ("mp4", (*MOVING, *TONE, *ENCODED, "-g", "45", "-bf", "2")),
    "variable rate": (
        "mp4",
        (*MOVING, *TONE, *ENCODED, "-vf", "select='not(mod(n,7)*lt(mod(n,13),4))'", "-fps_mode", "vfr"),
    ),
    "picture after sound": ("mp4", (*TONE, "-itsoffset", "0.517", *MOVING, *ENCODED)),
    "no sound, times in milliseconds": ("mkv", (*MOVING, *ENCODED, "-r", "30000/1001", "-g", "250")),
}
DRAWN: dict[str, Any] = {
    "logo": {"start_s": 0.7, "fade_in_s": 0.8},
    "texts": [{"text": "Ahora", "start_s": 0.8, "end_s": 2.2}],
    "effects": {"look": "vintage"},
    "sound": {"volume": 0.7, "normalise": True},
}
CUES = (Cue(700, 2600, "uno dos tres cuatro"),)
ALIKE_DB, UNLIKE_DB = 34.0, 6.0


async def in_one(studio: Studio, ingredients: Ingredients) -> Path:
    """The edit in one pass."""
    work = studio.folder / "one"
    work.mkdir()
    plan = await plan_edit(studio.editor, ingredients, work)
    await run_edit(studio.editor, plan, work)
    return plan.output


async def made(studio: Studio, ingredients: Ingredients, stretches: Sequence[Stretch]) -> list[Path]:
    """The segments, each in a folder of its own as on a machine of its own."""
    files = []
    for number, stretch in enumerate(stretches):
        work = studio.folder / f"segment-{number}"
        work.mkdir()
        plan = await plan_stretch(studio.editor, ingredients, stretch, work)
        await run_edit(studio.editor, plan, work)
        files.append(plan.output)
    return files


async def joined(studio: Studio, ingredients: Ingredients, stretches: Sequence[Stretch]) -> Path:
    """The edit in segments."""
    files = await made(studio, ingredients, stretches)
    work = studio.folder / "joined"
    work.mkdir()
    plan = await plan_join(studio.editor, ingredients, stretches, files, work)
    await run_edit(studio.editor, plan, work)
    return plan.output


def pictures(path: Path) -> tuple[list[float], Planes]:
    """When each frame is shown, and its luma."""
    with av.open(str(path)) as container:
        shown = [(frame.time, frame.to_ndarray()) for frame in container.decode(video=0)]
    height = shown[0][1].shape[0] * 2 // 3
    return [time for time, _ in shown], [planes[:height].astype(np.float64) for _, planes in shown]


def sound(path: Path) -> list[bytes]:
    """The packets of the sound; equal packets are equal samples."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0)] if container.streams.audio else []


def psnr(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Likeness of two pictures in decibels."""
    return float(10 * np.log10(255**2 / max(float(np.mean((one - other) ** 2)), 1e-3)))


@pytest.mark.parametrize("name", SOURCES)
async def test_segments_join_into_what_one_pass_makes(studio: Studio, name: str) -> None:
    ending, arguments = SOURCES[name]
    source = studio.clip(*arguments, name=f"source.{ending}")
    ingredients = await studio.ingredients(source, DRAWN, logo_png(), CUES)
    assert is_divisible(ingredients.spec, ingredients.probe)
    assert ingredients.probe.video is not None
    fps = plan_canvas(ingredients.probe.video, ingredients.spec).fps
    one = await in_one(studio, ingredients)
    times, wanted = pictures(one)
    stretches = plan_stretches(ingredients.probe.duration_s, fps, 3)
    result = await joined(studio, ingredients, stretches)

    found_times, found = pictures(result)
    assert found_times == times
    steps = np.diff(times)
    assert steps.max() - steps.min() < 1e-4
    likeness = [psnr(*pair) for pair in zip(wanted, found, strict=True)]
    assert min(likeness) > ALIKE_DB
    for joint in (stretch.first for stretch in stretches[1:]):
        for at in range(joint - 2, joint + 2):
            for beside in (at - 1, at + 1):
                still = psnr(wanted[at], wanted[beside]) > ALIKE_DB  # a source that shows one frame twice
                assert still or psnr(wanted[at], found[beside]) < likeness[at] - UNLIKE_DB
    assert sound(result) == sound(one)


async def test_segments_that_do_not_fit_are_not_joined(studio: Studio) -> None:
    _, arguments = SOURCES["phone"]
    ingredients = await studio.ingredients(studio.clip(*arguments), {"effects": {"look": "sepia"}})
    planned = [Stretch(0, 60), Stretch(60, None)]
    files = await made(studio, ingredients, [Stretch(0, 57), Stretch(60, None)])
    work = studio.folder / "joined"
    work.mkdir()
    with pytest.raises(EditFailed, match="57 frames where 60"):
        await plan_join(studio.editor, ingredients, planned, files, work)
    small = await studio.ingredients(studio.clip(*arguments), {"output": {"quality": "low", "fps": 25}})
    other = studio.folder / "other"
    other.mkdir()
    plan = await plan_stretch(studio.editor, small, Stretch(60, None), other)
    await run_edit(studio.editor, plan, other)
    with pytest.raises(EditFailed, match="different ways"):
        await plan_join(
            studio.editor, ingredients, [Stretch(0, 57), Stretch(57, None)], [files[0], plan.output], work
        )
