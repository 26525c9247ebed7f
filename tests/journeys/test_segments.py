"""An edit that two machines share, whatever happens to one of them, to Redis or to the wish itself."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from sqlalchemy import select, text

from fixtures.clips import render
from fixtures.processes import House, Process, until
from integration.media.test_segments import ALIKE_DB, ENCODED, pictures, psnr, sound
from journeys.test_disturbed import no_folder, reasons
from subiteya.db.models import Job, Segment, Video
from subiteya.domain.keys import video_prefix
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName, edit_job_id
from subiteya.queue.presence import JobState, job_state, runnable_jobs
from subiteya.services.cancel_work import cancel_video_work
from subiteya.services.delete_video import delete_video
from subiteya.services.view_queues import view_queues

SPEC = {
    "effects": {"look": "vintage"},
    "texts": [{"text": "Ahora", "start_s": 0.8, "end_s": 2.2}],
    "sound": {"volume": 0.7},
}
# The second segment waits while the file says `hold`, and fails at `break`; joining waits at `join`.
GATE = """#!/bin/sh
case "$*" in
*-copyts*trim=start*)
  while [ "$(cat {word})" = hold ]; do sleep 0.05; done
  [ "$(cat {word})" = break ] && exit 1 ;;
*segments.txt*)
  while [ "$(cat {word})" = join ]; do sleep 0.05; done ;;
esac
exec {ffmpeg} "$@"
"""
# A row that tells of a step waits for this lock.
BRAKE = 7_428_399
FIT_A_BRAKE = f"""
CREATE OR REPLACE FUNCTION brake() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock({BRAKE}); RETURN NEW; END $$
"""
DIVIDING = "BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.reason = 'divided')"
HANDING_OUT = "BEFORE UPDATE ON job FOR EACH ROW WHEN (NEW.wait_reason = 'segments')"


class Gate:
    """FFmpeg, with a hand on the second segment."""

    def __init__(self, folder: Path) -> None:
        self._word = folder / "word"
        self.program = folder / "gated-ffmpeg"
        self.program.write_text(GATE.format(word=self._word, ffmpeg=get_ffmpeg_exe()))
        self.program.chmod(0o755)
        self.say("go")

    def say(self, word: str) -> None:
        self._word.write_text(word)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """FFmpeg that can be held."""
    return Gate(tmp_path)


@pytest.fixture
def process_environment(process_environment: Mapping[str, str], gate: Gate) -> Mapping[str, str]:
    """With segments of one second."""
    return {**process_environment, "EDIT_SEGMENT_SECONDS": "1", "FFMPEG_BINARY": str(gate.program)}


@pytest.fixture(scope="session")
def moving_clip(clips: Path) -> Path:
    """Three seconds in which no frame is like its neighbours, with a trembling tone."""
    return render(
        clips / "moving.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=270x480:r=30:d=3"),
        *("-f", "lavfi", "-i", "sine=f=330:r=48000:d=3.4,tremolo=f=5"),
        *(*ENCODED, "-g", "45", "-bf", "2"),
    )


async def machines(house: House, *names: str) -> list[Process]:
    """An edit worker on each."""
    workers = [house.start("worker", "edit", WORKER_HOST=name) for name in names]
    for worker in workers:
        await house.ready(worker)
    return workers


async def parts(house: House, status: JobStatus) -> list[Job]:
    """Jobs of segments that stand like this."""
    async with house.resources.db.begin() as session:
        query = select(Job).join(Segment, Segment.job_id == Job.id).where(Job.status == status)
        return list(await session.scalars(query))


async def half_made(house: House, clip: Path, gate: Gate) -> uuid.UUID:
    """A video of which one segment is stored, and the other one is held."""
    gate.say("hold")
    video_id = await house.draft(clip)
    await house.confirm(video_id, SPEC)

    async def there() -> bool:
        return bool(await parts(house, JobStatus.DONE) and await parts(house, JobStatus.ACTIVE))

    await until(there)
    return video_id


async def only_the_video_is_stored(house: House, *video_ids: uuid.UUID, files: int) -> None:
    """Nothing but so many files of these videos lies in the bucket."""

    async def tidy() -> bool:
        keys = [key async for key in house.resources.storage.objects.list_keys("")]
        prefixes = tuple(video_prefix(house.account.user_id, video_id) for video_id in video_ids)
        return len(keys) == files and all(key.startswith(prefixes) for key in keys)

    await until(tidy, 20)
    await until(lambda: no_folder(house), 20)


@asynccontextmanager
async def held_at(house: House, step: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Workers stand still in the transaction of a step; the value says whether one of them does."""
    engine = house.resources.db.engine
    async with engine.connect() as holder, engine.connect() as looker:
        for connection in (holder, looker):
            await connection.execution_options(isolation_level="AUTOCOMMIT")

        async def is_held() -> bool:
            waiting = text("SELECT count(*) FROM pg_locks WHERE objid = :lock AND NOT granted")
            return bool((await looker.execute(waiting, {"lock": BRAKE})).scalar())

        await holder.execute(text(FIT_A_BRAKE))
        await holder.execute(text(f"CREATE TRIGGER brake {step} EXECUTE FUNCTION brake()"))
        await holder.execute(text(f"SELECT pg_advisory_lock({BRAKE})"))
        try:
            yield is_held
        finally:
            await holder.execute(text(f"SELECT pg_advisory_unlock({BRAKE})"))
            await holder.execute(text("DROP FUNCTION brake CASCADE"))


async def kill_who_edits(house: House, video_id: uuid.UUID) -> None:
    """The machine that has the edit in hand dies, and another one comes."""
    async with house.resources.db.begin() as session:
        owner = (await session.get_one(Job, edit_job_id(video_id))).lease_owner
    next(worker for worker in house.running if f"{worker.name}:" in str(owner)).kill()
    house.start("worker", "edit", WORKER_HOST=f"machine-{len(house.running)}")


async def edited_in_parts(house: House, video_id: uuid.UUID) -> None:
    """The edit went on where it stood, and its owner sees one clip."""
    await house.reached(video_id, "EDITED", limit_s=120)
    told = await reasons(house, video_id)
    [divided] = [event for event in await house.events(video_id) if event.reason == "divided"]
    assert told.count("segment") == (divided.detail or {})["segments"], told
    assert told.count("edited") == 1, told
    assert "worker_lost" in told
    assert "one_pass" not in told


async def no_job_is_left(house: House, *video_ids: uuid.UUID) -> None:
    """Of the edits one finished job each, and of their segments nothing."""

    async def tidy() -> bool:
        return {job.id for job in await house.jobs()} == {edit_job_id(one) for one in video_ids}

    await until(tidy, 40)
    assert {job.status for job in await house.jobs()} == {JobStatus.DONE}
    assert not await runnable_jobs(house.resources.queues, QueueName.EDIT)


async def fetched(house: House, video: Video, path: Path) -> Path:
    assert video.edited_key is not None
    await house.resources.storage.files.download(video.edited_key, path)
    return path


async def test_two_machines_make_what_one_makes(house: House, moving_clip: Path, tmp_path: Path) -> None:
    await machines(house, "one")
    alone = await house.draft(moving_clip)
    await house.confirm(alone, SPEC)
    in_one = await house.reached(alone, "EDITED")
    assert "divided" not in await reasons(house, alone), "nobody else was there"

    await machines(house, "two")
    shared = await house.draft(moving_clip)
    await house.confirm(shared, SPEC)
    joined = await house.reached(shared, "EDITED")
    events = [event for event in await house.events(shared) if event.reason == "segment"]
    assert len(events) == 2
    assert len({event.actor for event in events}) == 2, "each machine made one"
    assert joined.progress == 100

    wanted_times, wanted = pictures(await fetched(house, in_one, tmp_path / "one.mp4"))
    times, found = pictures(await fetched(house, joined, tmp_path / "joined.mp4"))
    assert times == wanted_times
    assert min(psnr(*pair) for pair in zip(wanted, found, strict=True)) > ALIKE_DB
    assert sound(tmp_path / "joined.mp4") == sound(tmp_path / "one.mp4")
    await only_the_video_is_stored(house, alone, shared, files=4)


async def test_a_machine_that_dies_with_its_segment_costs_only_that(
    house: House, moving_clip: Path, gate: Gate
) -> None:
    workers = await machines(house, "one", "two")
    video_id = await half_made(house, moving_clip, gate)
    assert await job_state(house.resources.queues, edit_job_id(video_id)) is JobState.WAITING_CHILDREN
    edits = next(view for view in await view_queues(house.resources) if view.name == "video-edit")
    assert edits.rows["active"] == 1
    assert sum(edits.rows.values()) == 1, "people count videos"
    [held] = await parts(house, JobStatus.ACTIVE)
    next(worker for worker in workers if f"{worker.name}:" in str(held.lease_owner)).kill()
    gate.say("go")
    await house.reached(video_id, "EDITED")
    told = await reasons(house, video_id)
    assert "worker_lost" in told
    assert told.count("segment") == 2
    assert "one_pass" not in told
    await only_the_video_is_stored(house, video_id, files=2)


@pytest.mark.timeout(400)  # five machines die in a row
async def test_an_edit_outlives_whoever_divides_joins_or_makes_it(
    house: House, moving_clip: Path, gate: Gate
) -> None:
    await machines(house, "one", "two")
    videos = []
    for step in (DIVIDING, HANDING_OUT):
        async with held_at(house, step) as is_held:
            videos.append(await house.draft(moving_clip))
            await house.confirm(videos[-1], SPEC)
            await until(is_held)
            await kill_who_edits(house, videos[-1])
        await edited_in_parts(house, videos[-1])

    gate.say("join")
    videos.append(await house.draft(moving_clip))
    await house.confirm(videos[-1], SPEC)

    async def joining() -> bool:
        return (await reasons(house, videos[-1])).count("ffmpeg") == 1

    await until(joining)
    await kill_who_edits(house, videos[-1])
    gate.say("go")
    await edited_in_parts(house, videos[-1])

    videos.append(await half_made(house, moving_clip, gate))
    for worker in house.running[1:]:  # but for the simulator
        if worker.child.poll() is None:
            worker.kill()
    gate.say("go")
    await machines(house, "five", "six")
    await edited_in_parts(house, videos[-1])
    await only_the_video_is_stored(house, *videos, files=8)
    await no_job_is_left(house, *videos)


async def test_a_redis_that_forgets_all_forgets_no_segment(
    house: House, moving_clip: Path, gate: Gate
) -> None:
    await machines(house, "one", "two")
    video_id = await half_made(house, moving_clip, gate)
    await house.resources.queues.client.flushdb()
    gate.say("go")
    await house.reached(video_id, "EDITED")
    told = await reasons(house, video_id)
    assert told.count("segment") == 2
    assert "one_pass" not in told
    await only_the_video_is_stored(house, video_id, files=2)


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_shared_edit_that_is_called_off_leaves_nothing(
    house: House, moving_clip: Path, gate: Gate, deleted: bool
) -> None:
    await machines(house, "one", "two")
    video_id = await half_made(house, moving_clip, gate)
    away = delete_video if deleted else cancel_video_work
    await away(house.resources, user_id=house.account.user_id, video_id=video_id)
    await only_the_video_is_stored(house, video_id, files=0 if deleted else 1)

    async def forgotten() -> bool:
        return not await runnable_jobs(house.resources.queues, QueueName.EDIT)

    await until(forgotten, 20)
    assert await job_state(house.resources.queues, edit_job_id(video_id)) is not JobState.WAITING_CHILDREN


async def test_a_segment_that_cannot_be_made_leads_to_one_pass(
    house: House, moving_clip: Path, gate: Gate
) -> None:
    gate.say("break")
    await machines(house, "one", "two")
    video_id = await house.draft(moving_clip)
    await house.confirm(video_id, SPEC)
    await house.reached(video_id, "EDITED")
    told = await reasons(house, video_id)
    assert told.count("edit_failed") == 4, "tried as often as anything"
    assert "one_pass" in told
    assert (await parts(house, JobStatus.FAILED)) != []
    await only_the_video_is_stored(house, video_id, files=2)
