"""One finished clip on this machine: the words, the files of the pattern, the plan, the encoding."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from subiteya.db.models import Video
from subiteya.domain.errors import TooLarge
from subiteya.domain.keys import require_owner
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.graph import EditPlan
from subiteya.media.ingredients import ASSET_LIMITS
from subiteya.media.subtitles import parse_subtitles
from subiteya.pipeline.edit.progress import PREPARED, Share, shown_while_encoding
from subiteya.pipeline.edit.versions import Making
from subiteya.pipeline.journey import Run


async def make_plan(run: Run, editor: Editor, making: Making, source: Path, folder: Path) -> EditPlan:
    """Prepare everything that the command needs in `folder`, which is made for it.

    Raises:
        SubiteyaError: the source or a file of the pattern cannot be used.
    """
    return await plan_edit(editor, await gather(run, making, source, folder), folder)


async def gather(run: Run, making: Making, source: Path, folder: Path) -> Ingredients:
    """Everything that a version is made of, in `folder`, which is made for it. Raises as `make_plan`."""
    await asyncio.to_thread(folder.mkdir)
    video, version = making.video, making.version
    files = await _files(run, version.spec, video.user_id, folder)
    cues = await cues_of(run, video)
    probe = Probe.from_json(video.probe)
    return Ingredients(version.spec, probe, source, cues, version.values, files)


async def cues_of(run: Run, video: Video) -> tuple[Cue, ...]:
    """The words that may be shown, and when."""
    del run
    if video.subtitles is None:
        return ()
    return await asyncio.to_thread(parse_subtitles, video.subtitles.encode())


async def encode(
    run: Run, editor: Editor, plan: EditPlan, folder: Path, share: Share, *, begin: int = PREPARED
) -> float:
    """Run the plan; the wall seconds that it took. The result lies at `plan.output`.

    Progress is shown from `begin` on.

    Raises:
        NotAVideo: FFmpeg cannot read the source, and never will.
        EditFailed: FFmpeg ended badly; another try may help.
        LostTheJob: the job is no longer this run's.
    """
    async with shown_while_encoding(run, share, begin) as on_progress:
        return await run_edit(editor, plan, folder, on_progress)


async def _files(run: Run, spec: PatternSpec, user_id: UUID, folder: Path) -> dict[str, Path]:
    """Local copies of what the pattern names: logo, music, intro and the like."""
    storage, files = run.tools.storage, {}
    for field, key in spec.asset_keys().items():
        require_owner(key, user_id)
        if (await storage.objects.head(key)).size > ASSET_LIMITS[field]:
            raise TooLarge(limit=f"{ASSET_LIMITS[field] // 1024**2} MB")
        files[field] = folder / f"{field}{Path(key).suffix}"
        await storage.files.download(key, files[field])
    return files
