from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from fixtures.rows import Rows
from subiteya.db import jobs, segments
from subiteya.db.database import Database
from subiteya.db.models import Heartbeat, Job, Segment, Video
from subiteya.domain.states import JobStatus

EDIT = "video-edit"
LATER = datetime.now(UTC) + timedelta(days=1)
NOW = datetime.now(UTC) - timedelta(seconds=1)
LEASE = timedelta(seconds=30)


@pytest.fixture
async def edit(db: Database, rows: Rows) -> Job:
    """An edit that waits for two segments."""
    video = await rows.video(await rows.user())
    async with db.begin() as session:
        edit = await _queue(session, f"edit-{video.id}", video, LATER, segments.WAITS)
        for number in range(2):
            part = await _queue(session, f"segment-{uuid.uuid4()}", video, NOW, None)
            session.add(
                Segment(
                    job_id=part.id, edit_id=edit.id, edit_run=1, number=number, first=0, key=f"k{number}",
                    percent=0,
                )
            )  # fmt: skip
    return edit


async def _queue(
    session: AsyncSession, job_id: str, video: Video | Job, at: datetime, reason: str | None
) -> Job:
    new = jobs.NewJob(
        job_id=job_id,
        queue=EDIT,
        user_id=video.user_id,
        video_id=video.id if isinstance(video, Video) else video.video_id,
        post_id=None,
        priority=5,
        max_attempts=4,
        not_before=at,
        wait_reason=reason,
    )
    return await jobs.queue_job(session, new)


async def stand(db: Database, *statuses: JobStatus) -> None:
    """Let the segments stand like this, in their order."""
    async with db.begin() as session:
        ids = list(await session.scalars(select(Segment.job_id).order_by(Segment.number)))
        for job_id, status in zip(ids, statuses, strict=True):
            await session.execute(update(Job).where(Job.id == job_id).values(status=status))


async def woken(db: Database) -> list[str]:
    async with db.begin() as session:
        return await segments.wake(session)


async def beat(db: Database, name: str, host: str, *held: str, ago_s: float = 1) -> None:
    async with db.begin() as session:
        at = func.clock_timestamp() - timedelta(seconds=ago_s)
        session.add(
            Heartbeat(
                name=name, queue=EDIT, host=host, pid=1, version="1", jobs=list(held), started_at=at,
                beat_at=at,
            )
        )  # fmt: skip


async def idle(db: Database) -> list[str]:
    async with db.begin() as session:
        return await segments.idle_hosts(session, EDIT, "own")


@pytest.mark.parametrize(
    ("statuses", "goes_on"),
    [
        ((JobStatus.DONE, JobStatus.ACTIVE), False),
        ((JobStatus.DONE, JobStatus.QUEUED), False),
        ((JobStatus.DONE, JobStatus.DONE), True),
        ((JobStatus.FAILED, JobStatus.ACTIVE), True),
        ((JobStatus.CANCELLED, JobStatus.CANCELLED), True),
    ],
)
async def test_an_edit_goes_on_when_its_segments_have_ended_or_one_of_them_badly(
    db: Database, edit: Job, statuses: tuple[JobStatus, JobStatus], goes_on: bool
) -> None:
    await stand(db, *statuses)
    assert await woken(db) == ([edit.id] if goes_on else [])
    assert await woken(db) == [], "only once"


async def test_segments_of_an_earlier_run_wake_nobody_and_are_left_over(db: Database, edit: Job) -> None:
    async with db.begin() as session:
        assert await segments.left_over(session, LEASE) == []
        await session.execute(update(Job).where(Job.id == edit.id).values(run=2))
        left = await segments.left_over(session, LEASE)
        assert {segment.key for segment in left} == {"k0", "k1"}
        other = await _queue(session, f"segment-{uuid.uuid4()}", edit, NOW, None)
        session.add(
            Segment(job_id=other.id, edit_id=edit.id, edit_run=2, number=0, first=0, key="k2", percent=0)
        )
        await session.execute(
            update(Job).where(Job.id.in_([one.job_id for one in left])).values(status=JobStatus.FAILED)
        )
    assert await woken(db) == []


async def test_what_is_left_over_is_removed_twice(db: Database, edit: Job) -> None:
    async with db.begin() as session:
        await jobs.cancel(session, edit.id)
        left = await segments.left_over(session, LEASE)
        await segments.cleared(session, left)
        assert await segments.left_over(session, LEASE) == []
        again = await segments.left_over(session, timedelta(0))
        assert len(again) == 2
        await segments.cleared(session, again)
    async with db.begin() as session:
        assert list(await session.scalars(select(Segment))) == []
        assert list(await session.scalars(select(Job.id))) == [edit.id]


@pytest.mark.usefixtures("edit")
async def test_only_machines_that_live_and_have_nothing_in_hand_are_idle(db: Database) -> None:
    await beat(db, "own:1", "own")
    await beat(db, "a:1", "a")
    await beat(db, "b:1", "b", "edit-x")
    await beat(db, "c:1", "c", ago_s=60)
    await beat(db, "d:1", "d")
    await beat(db, "d:2", "d", "edit-y")
    await beat(db, "e:1", "e")
    assert await idle(db) == ["a", "e"]
    async with db.begin() as session:
        [first, *_] = await session.scalars(select(Segment.job_id).order_by(Segment.number))
        assert await jobs.claim(session, first, "e:1", LEASE) is not None
    assert await idle(db) == ["a"], "taken a moment ago, not yet told by its heartbeat"


@pytest.mark.usefixtures("edit")
async def test_an_edit_is_not_shared_while_others_wait(db: Database) -> None:
    async with db.begin() as session:
        assert await segments.others_wait(session, EDIT)
    await stand(db, JobStatus.DONE, JobStatus.ACTIVE)
    async with db.begin() as session:
        assert not await segments.others_wait(session, EDIT), "what waits for segments, or runs, does not"


@pytest.mark.usefixtures("edit")
async def test_a_machine_leaves_the_second_segment_to_others_for_a_while(db: Database) -> None:
    async with db.begin() as session:
        parts = list(await session.scalars(select(Segment).order_by(Segment.number)))
        assert await jobs.claim(session, parts[0].job_id, "own:1", LEASE) is not None
        assert await segments.take(session, parts[0], "own", LEASE)
        assert not await segments.take(session, parts[1], "own", LEASE)
        assert await segments.take(session, parts[1], "other", LEASE)
        assert await segments.take(session, parts[1], "own", timedelta(0))
