"""An edit in segments on local files: each made for itself, looked at, then joined."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from subiteya.domain.errors import EditFailed
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.segments import Stretch
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, measure_loudness, prepare
from subiteya.media.graph import EditPlan, compile_join, compile_stretch, plan_canvas

_SLACK = 1  # frames: where the picture's times lie between the output's, a joint may be one beside its place


def draws(spec: PatternSpec, probe: Probe, cues: Sequence[Cue]) -> bool:
    """Whether the picture is made anew, as far as that can be said without the pattern's files."""
    if probe.video is None:
        return False
    canvas = plan_canvas(probe.video, spec)
    resized = (canvas.width, canvas.height) != (probe.video.width, probe.video.height)
    drawn = spec.logo.is_shown or bool(spec.texts) or bool(cues) or not spec.effects.is_neutral
    return drawn or resized or not spec.time.is_neutral or spec.output.fps is not None


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
    import av  # noqa: PLC0415 - megabytes that an edit worker needs for nothing else

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
