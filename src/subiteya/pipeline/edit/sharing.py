"""A long edit shared by several machines, as its own job sees it: whether, how, and how its segments stand.

The job divides the edit and ends its run; each segment is a job of its own. When all have ended it runs again
and joins them. Whatever goes wrong with them, it makes the clip in one pass by itself. Only the video's own
version is shared: the versions of accounts are made after it, by the machine that joins.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, segments, slots
from subiteya.db.models import Job, Segment
from subiteya.db.moves import note
from subiteya.db.segments import Standing
from subiteya.domain.keys import temp_key
from subiteya.domain.outcome import Wait
from subiteya.domain.probe import Probe
from subiteya.domain.segments import Stretch, count_segments, is_divisible, plan_stretches
from subiteya.domain.states import JobStatus
from subiteya.media.edit import Editor
from subiteya.media.graph import EditPlan, plan_canvas
from subiteya.media.segments import draws, plan_join
from subiteya.pipeline.edit.render import cues_of, gather
from subiteya.pipeline.edit.versions import Making
from subiteya.pipeline.journey import Run
from subiteya.queue.names import QueueName, segment_job_id

log = structlog.get_logger(__name__)

ANYHOW: Final = timedelta(days=1)
"""When an edit looks after its segments though nobody woke it."""
ENDING: Final = ".mp4"

Segments = Sequence[Standing]


class HandedOut(Exception):
    """The edit's segments are being made; `wait` is the outcome of this run."""

    def __init__(self, job_ids: Iterable[str]) -> None:
        super().__init__()
        self.wait = Wait(datetime.now(UTC) + ANYHOW, segments.WAITS, for_jobs=tuple(job_ids))


async def divide(run: Run, making: Making) -> Segments:
    """Share the edit, if that pays; when it is shared already, see how its segments stand.

    Returns:
        The segments when all are made; none when this run makes the clip alone.

    Raises:
        HandedOut: others make its segments.
        LostTheJob: the job is no longer this run's.
    """
    if making.render is not None:
        return ()
    async with run.db.begin() as session:
        standing = await segments.of_edit(session, run.claim)
    if not standing:
        await _hand_out(run, making)
        return ()
    statuses = {one.status for one in standing}
    if statuses == {JobStatus.DONE}:
        return standing
    if statuses <= {JobStatus.DONE, *jobs.LIVE}:
        raise HandedOut(one.segment.job_id for one in standing)
    await go_on_alone(run, making, standing, "a segment failed")
    return ()


async def join(
    run: Run, editor: Editor, making: Making, made: Segments, *, source: Path, folder: Path
) -> EditPlan:
    """Fetch the segments and prepare their joining with the whole's sound.

    Raises:
        EditFailed: They do not fit.
        ObjectMissing: The storage has lost one.
    """
    ingredients = await gather(run, making, source, folder)
    files = []
    for one in made:
        file = folder / f"segment-{one.segment.number}{ENDING}"
        await run.tools.storage.files.download(one.segment.key, file)
        files.append(file)
    return await plan_join(editor, ingredients, [one.stretch for one in made], files, folder)


async def go_on_alone(run: Run, making: Making, standing: Segments, why: str) -> None:
    """Call off what is left of the segments: the clip is made in one pass.

    Raises:
        LostTheJob: the job is no longer this run's.
    """
    log.warning("a shared edit is made in one pass", why=why)
    async with run.db.begin() as session:
        await run.fence(session)
        await segments.call_off(session, standing)
        await note(session, run.why("one_pass", why=why), video=making.video)


async def _hand_out(run: Run, making: Making) -> None:
    """Raises `HandedOut` if it does so."""
    stretches = await _stretches(run, making)
    if len(stretches) == 1:
        return
    settings, job_ids = run.tools.settings, []
    async with run.db.begin() as session:
        await run.fence(session)
        edit = await session.get_one(Job, run.claim.job_id)
        now = await slots.database_now(session)
        for number, stretch in enumerate(stretches):
            job_id = segment_job_id(uuid.uuid4())
            job_ids.append(job_id)
            new = jobs.NewJob(
                job_id=job_id,
                queue=QueueName.EDIT,
                user_id=edit.user_id,
                video_id=edit.video_id,
                post_id=None,
                priority=edit.priority,
                max_attempts=settings.jobs.max_retries + 1,
                not_before=now,
            )
            await jobs.queue_job(session, new)
            part = Segment(
                job_id=job_id,
                edit_id=edit.id,
                edit_run=edit.run,
                number=number,
                first=stretch.first,
                end=stretch.end,
                key=temp_key(edit.user_id, ENDING),
                percent=0,
            )
            session.add(part)
        await note(session, run.why("divided", segments=len(stretches)), video=making.video)
    raise HandedOut(job_ids)


async def _stretches(run: Run, making: Making) -> Sequence[Stretch]:
    """How the edit is divided now; one stretch when it is not worth it."""
    whole, settings = (Stretch(0, None),), run.tools.settings.edit
    spec, probe = making.version.spec, Probe.from_json(making.video.probe)
    if settings.segments == "off" or probe.video is None or not is_divisible(spec, probe):
        return whole
    seconds = probe.duration_s / spec.time.speed
    if count_segments(seconds, 1, settings.segment_seconds) == 1:
        return whole
    if not draws(spec, probe, await cues_of(run, making.video)):
        return whole
    async with run.db.begin() as session:
        idle = await _idle(session, run)
    count = count_segments(seconds, idle, settings.segment_seconds)
    return plan_stretches(seconds, plan_canvas(probe.video, spec).fps, count)


async def _idle(session: AsyncSession, run: Run) -> int:
    """How many other machines have nothing to do; none while other edits wait."""
    if await segments.others_wait(session, QueueName.EDIT):
        return 0
    own = run.tools.settings.observe.worker_host
    return len(await segments.idle_hosts(session, QueueName.EDIT, own))
