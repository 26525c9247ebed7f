"""The same frame twice: as a preview, and out of the finished clip; and how far they are apart."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from integration.media.studio import Pixels, Studio
from subiteya.media import preview
from subiteya.media.edit import Ingredients, plan_edit, run_edit

MEAN, LOCAL = 3.0, 30.0
"""The tolerance, of 255: mean difference of the picture, and of its worst patch (docs/why/the-preview.md)."""
SHAPE = 0.01
"""The tolerance of width over height: both are even numbers."""
PATCH = 16
"""Side of a patch in pixels: a letter of a caption is larger."""


SOUND = 0.004
"""The tolerance of a clip's sound: of full scale, in the worst band of the worst tenth of a second."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How far two pictures are apart."""

    mean: float
    local: float


def apart(shown: Pixels, finished: Pixels) -> Apart:
    """Of a preview and a finished frame, which is scaled to the preview's size."""
    image = Image.fromarray(finished.astype(np.uint8))
    small = np.asarray(image.resize((shown.shape[1], shown.shape[0]), Image.Resampling.BICUBIC))
    difference = np.abs(shown - small.astype(np.int16)).mean(axis=2)
    rows, columns = (side // PATCH for side in difference.shape)
    patches = difference[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH)
    return Apart(float(difference.mean()), float(patches.mean(axis=(1, 3)).max()))


def is_same(shown: Pixels, finished: Pixels) -> bool:
    """Whether a person is shown the truth: a picture of the same shape, within the tolerance."""
    if abs(shown.shape[1] / shown.shape[0] * finished.shape[0] / finished.shape[1] - 1) > SHAPE:
        return False
    difference = apart(shown, finished)
    return difference.mean <= MEAN and difference.local <= LOCAL


def on_screen(path: Path, second: float) -> Pixels:
    """The frame that a player shows at a second; the last one after the end."""
    shown = None
    with av.open(str(path)) as container:
        for found in container.decode(video=0):
            if shown is not None and found.time > second + 0.001:
                break
            shown = found
    assert shown is not None
    return shown.to_ndarray(format="rgb24").astype(np.int16)


def pixels(image: bytes) -> Pixels:
    """An image file's."""
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(np.int16)


Stills = dict[tuple[Path, float], Path]
"""Small copies of frames, by source and second: they do not depend on the pattern, except on its rate."""


async def show(
    studio: Studio,
    made: Ingredients,
    second: float,
    stills: Stills | None = None,
    kind: preview.ImageFormat = "png",
) -> Pixels:
    """The preview of a frame, the way that needs least."""
    folder = new_folder(studio)
    plan = await preview.plan_preview(made, folder)
    moment = preview.moment_at(plan, second)
    if moment.own_s is None:
        return pixels(await preview.draw_frame(studio.editor, plan, moment, folder, kind=kind))
    stills = {} if stills is None else stills
    name = (made.source, moment.source_s)
    if name not in stills:
        stills[name] = folder / "still.mkv"
        await preview.cut_still(studio.editor, plan, moment, stills[name])
    work = new_folder(studio)
    return pixels(await preview.draw_still(studio.editor, plan, moment, stills[name], work, kind=kind))


async def show_clip(studio: Studio, made: Ingredients, start: float, **wish: Any) -> Path:
    """The preview of a few seconds."""
    folder = new_folder(studio)
    plan = await preview.plan_preview(made, folder)
    return await preview.draw_clip(studio.editor, plan, start, folder, **wish)


async def finish(studio: Studio, made: Ingredients) -> Path:
    """The finished clip."""
    work = new_folder(studio)
    plan = await plan_edit(studio.editor, made, work)
    await run_edit(studio.editor, plan, work)
    return plan.output


def new_folder(studio: Studio) -> Path:
    """An empty one."""
    folder = studio.folder / f"made-{sum(1 for _ in studio.folder.glob('made-*'))}"
    folder.mkdir()
    return folder


Bands = npt.NDArray[np.float64]


def bands(sound: npt.NDArray[np.float64], rate: int = 8000, step_s: float = 0.1) -> Bands:
    """How strong a sound is in each of sixteen bands of 250 Hz, from tenth to tenth of a second."""
    step = int(rate * step_s)
    count = len(sound) // step
    spectrum = np.abs(np.fft.rfft(sound[: count * step].reshape(count, step) * np.hanning(step), axis=1))
    width = spectrum.shape[1] // 16
    return np.asarray(np.sqrt((spectrum[:, : width * 16].reshape(count, 16, width) ** 2).sum(axis=2))) / step
