"""An edit in segments on local files: each made for itself, looked at, then joined."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import av

from subiteya.domain.errors import EditFailed
from subiteya.domain.segments import Stretch
from subiteya.media.edit import Editor, Ingredients, measure_loudness, prepare
from subiteya.media.graph import EditPlan, compile_join, compile_stretch

_SLACK = 1  # frames: where the picture's times lie between the output's, a joint may be one beside its place


async def plan_stretch(editor: Editor, ingredients: Ingredients, stretch: Stretch, work: Path) -> EditPlan:
    """Prepares and compiles the picture of one stretch; `run_edit` makes it.

    Raises:
        NotAVideo: As for `plan_edit`, and so are `BadImage` and `BadInput`.
    """
    spec, source = ingredients.spec, ingredients.probe
    _, assets = await prepare(editor, ingredients, work)
    return compile_stretch(spec, source, assets, work, stretch, threads=editor.threads)


async def plan_join(
    editor: Editor, ingredients: Ingredients, stretches: Sequence[Stretch], files: Sequence[Path], work: Path
) -> EditPlan:
    """Looks at the segments and compiles their joining with the whole's sound; `run_edit` makes it.

    Args:
        editor: What all edits share.
        ingredients: Of the whole.
        stretches: Which frames, in their order.
        files: The segments, in the same order.
        work: Folder for the output.

    Raises:
        EditFailed: The segments are not what was planned, or a measurement ended badly.
    """
    await asyncio.to_thread(require_fit, stretches, files)
    spec, source = ingredients.spec, ingredients.probe
    canvas, assets = await prepare(editor, ingredients, work)
    loudness = await measure_loudness(editor, ingredients, assets, canvas, work)
    listing = work / "segments.txt"
    listing.write_text("".join(f"file 'file:{file.resolve()}'\n" for file in files))
    return compile_join(spec, source, assets, listing, work, loudness=loudness)


def require_fit(stretches: Sequence[Stretch], files: Sequence[Path]) -> None:
    """Makes sure that segments can be joined: each ends where the next begins, and one decoder reads all.

    Raises:
        EditFailed: They do not fit.
    """
    made, headers = 0, set()
    for stretch, file in zip(stretches, files, strict=True):
        with av.open(str(file)) as container:
            picture = container.streams.video[0]
            made += picture.frames
            headers.add(picture.codec_context.extradata)
        if stretch.end is not None and abs(made - stretch.end) > _SLACK:
            raise EditFailed(why=f"the segments hold {made} frames where {stretch.end} were planned")
    if len(headers) != 1:
        raise EditFailed(why="the segments were encoded in different ways")
