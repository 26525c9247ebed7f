from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from fixtures.rows import Rows
from subiteya.db import jobs, leases
from subiteya.db.database import Database
from subiteya.db.models import Job, Outbox
from subiteya.domain.states import JobStatus

LEASE = timedelta(seconds=30)
PAST = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
async def job_id(db: Database, rows: Rows) -> str:
    video = await rows.video(await rows.user())
    job_id = f"edit-{video.id}"
    async with db.begin() as session:
        await jobs.queue_job(session, new(job_id, video.user_id, video.id))
    return job_id


def new(job_id: str, user_id: object, video_id: object, not_before: datetime = PAST) -> jobs.NewJob:
    return jobs.NewJob(
        job_id=job_id,
        queue="video-edit",
        user_id=user_id,  # type: ignore[arg-type]  # rows come untyped from the fixture
        video_id=video_id,  # type: ignore[arg-type]  # same
        post_id=None,
        priority=5,
        max_attempts=4,
        not_before=not_before,
    )


async def claim(db: Database, job_id: str, owner: str = "w1", lease: timedelta = LEASE) -> jobs.Claim | None:
    async with db.begin() as session:
        return await jobs.claim(session, job_id, owner, lease)


async def run_out(db: Database, job_id: str) -> None:
    async with db.begin() as session:
        await session.execute(
            update(Job).where(Job.id == job_id).values(lease_until=func.now() - timedelta(seconds=1))
        )


async def test_a_due_job_has_an_outbox_row_and_a_later_one_has_not(
    db: Database, rows: Rows, job_id: str
) -> None:
    video = await rows.video(await rows.user())
    later = datetime.now(UTC) + timedelta(hours=1)
    async with db.begin() as session:
        await jobs.queue_job(session, new(f"edit-{video.id}", video.user_id, video.id, later))
    async with db.begin() as session:
        assert list(await session.scalars(select(Outbox.job_id))) == [job_id]


async def test_a_rolled_back_job_leaves_no_outbox_row(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    async with db.begin() as session:
        await jobs.queue_job(session, new(f"edit-{video.id}", video.user_id, video.id))
        await session.rollback()
    async with db.begin() as session:
        assert list(await session.scalars(select(Outbox.job_id))) == []


async def test_of_many_workers_one_gets_the_job(db: Database, job_id: str) -> None:
    claims = await asyncio.gather(*(claim(db, job_id, f"w{n}") for n in range(8)))
    assert len([held for held in claims if held is not None]) == 1


async def test_a_lease_that_ran_out_frees_the_job_and_fences_its_old_owner(db: Database, job_id: str) -> None:
    old = await claim(db, job_id)
    assert old is not None
    assert await claim(db, job_id, "w2") is None
    await run_out(db, job_id)
    assert await claim(db, job_id, "w2") is not None
    async with db.begin() as session:
        assert not await jobs.renew(session, old, LEASE)
        assert not await jobs.still_held(session, old)
        assert not await jobs.finish(session, old)
        assert not await jobs.fail(session, old, "x", None)


async def test_the_same_owner_does_not_keep_a_job_that_was_queued_anew(db: Database, job_id: str) -> None:
    first = await claim(db, job_id)
    assert first is not None
    async with db.begin() as session:
        row = (await session.scalars(select(Job))).one()
        await jobs.queue_job(session, new(job_id, row.user_id, row.video_id))
    second = await claim(db, job_id)
    assert second is not None
    assert second.run == first.run + 1
    async with db.begin() as session:
        assert not await jobs.finish(session, first)
        assert await jobs.finish(session, second)


async def test_waiting_burns_no_attempt_and_a_retry_burns_one(db: Database, job_id: str) -> None:
    for burn, expected in [(False, 0), (True, 1), (False, 1), (True, 2)]:
        held = await claim(db, job_id)
        assert held is not None
        async with db.begin() as session:
            assert await jobs.put_back(
                session, held, not_before=PAST, reason="x", burn_attempt=burn, in_redis=False
            )
        async with db.begin() as session:
            assert await session.scalar(select(Job.attempts)) == expected


async def test_a_cancelled_job_cannot_be_claimed_and_its_worker_loses_it(db: Database, job_id: str) -> None:
    held = await claim(db, job_id)
    assert held is not None
    async with db.begin() as session:
        assert await jobs.cancel(session, job_id) is not None
        assert await jobs.cancel(session, job_id) is None
    assert await claim(db, job_id, "w2") is None
    async with db.begin() as session:
        assert not await jobs.renew(session, held, LEASE)
        assert await session.scalar(select(Job.status)) is JobStatus.CANCELLED


async def test_silent_jobs_are_found(db: Database, job_id: str) -> None:
    await claim(db, job_id)
    async with db.begin() as session:
        assert await jobs.expired(session) == []
    await run_out(db, job_id)
    async with db.begin() as session:
        assert [job.id for job in await jobs.expired(session)] == [job_id]


async def test_one_process_leads_and_the_next_takes_over(db: Database) -> None:
    async def hold(who: str, lease: timedelta = LEASE) -> bool:
        async with db.begin() as session:
            return await leases.hold(session, "sweep", who, lease)

    assert await hold("a")
    assert await hold("a")
    assert not await hold("b")
    assert await hold("a", timedelta(seconds=-1))
    assert await hold("b")
    async with db.begin() as session:
        await leases.let_go(session, "b")
    assert await hold("a")
