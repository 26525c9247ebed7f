"""One user's batch does not keep another one's single video waiting."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select, update

from fixtures.rows import Rows
from subiteya.config import EditSettings, Settings
from subiteya.db import jobs
from subiteya.db.jobs import USER_IN_REDIS
from subiteya.db.models import Job, RateSlot, User
from subiteya.db.turns import in_turn
from subiteya.domain.states import JobStatus
from subiteya.queue.names import Priority, QueueName, edit_job_id
from subiteya.queue.presence import runnable_jobs
from subiteya.services.confirm_video import confirm_video
from subiteya.services.resources import Resources, open_resources
from subiteya.services.sweep import Sweeper


async def confirm(resources: Resources, rows: Rows, user: User, priority: Priority = Priority.NORMAL) -> str:
    video = await rows.video(user)
    await confirm_video(resources, user_id=user.id, video_id=video.id, priority=priority)
    return edit_job_id(video.id)


async def starts(resources: Resources) -> list[str]:
    """Job ids by their start; those without another's in between keep their order of arrival."""
    async with resources.db.begin() as session:
        return list(await session.scalars(select(Job.id).order_by(Job.not_before, Job.created_at)))


async def test_a_lone_video_comes_before_the_rest_of_a_batch(settings: Settings, rows: Rows) -> None:
    slow = settings.model_copy(update={"edit": EditSettings(EDIT_MAX_PER_MINUTE=1)})
    ana, ben = await rows.user("Ana"), await rows.user("Ben")
    async with open_resources(slow) as resources:
        batch = [await confirm(resources, rows, ana) for _ in range(6)]
        assert await starts(resources) == batch

        first = await confirm(resources, rows, ben)
        second = await confirm(resources, rows, ben)

        order = await starts(resources)
        async with resources.db.begin() as session:
            held = {row.owner: row for row in await session.scalars(select(RateSlot))}
            times = {job.id: job.not_before for job in await session.scalars(select(Job))}
    assert order == [batch[0], batch[1], first, batch[2], second, *batch[3:]]
    assert {owner: slot.at for owner, slot in held.items()} == times
    assert {slot.keep_until - slot.at for slot in held.values()} == {timedelta(minutes=1)}
    ordered = sorted(times.values())
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(ordered))


async def test_a_priority_ranks_ones_own_videos(settings: Settings, rows: Rows) -> None:
    slow = settings.model_copy(update={"edit": EditSettings(EDIT_MAX_PER_MINUTE=1)})
    ana, ben = await rows.user("Ana"), await rows.user("Ben")
    async with open_resources(slow) as resources:
        running = await confirm(resources, rows, ana)
        late = await confirm(resources, rows, ana)
        bens = await confirm(resources, rows, ben)
        urgent = await confirm(resources, rows, ana, Priority.CRITICAL)
        order = await starts(resources)
    assert order[0] == running
    assert set(order[1:3]) == {bens, urgent}
    assert order[3] == late


def test_turns_go_round_and_keep_a_lone_users_order() -> None:
    ana, ben, eva = (uuid.uuid4() for _ in range(3))
    waiting = [("a1", ana, 5), ("a2", ana, 5), ("a3", ana, 5), ("b1", ben, 5), ("e1", eva, 9), ("b2", ben, 1)]
    assert in_turn(waiting) == ["a1", "e1", "b2", "a2", "b1", "a3"]
    assert in_turn(waiting[:3]) == ["a1", "a2", "a3"]


async def queue_many(resources: Resources, rows: Rows, user: User, number: int) -> None:
    for _ in range(number):
        video = await rows.video(user)
        async with resources.db.begin() as session:
            await jobs.queue_job(
                session,
                jobs.NewJob(
                    job_id=edit_job_id(video.id),
                    queue=QueueName.EDIT,
                    user_id=user.id,
                    video_id=video.id,
                    post_id=None,
                    priority=Priority.NORMAL,
                    max_attempts=4,
                    not_before=datetime.now(UTC) - timedelta(minutes=1),
                ),
            )


async def in_redis(resources: Resources) -> Counter[uuid.UUID]:
    """How many jobs of each user wait in Redis."""
    there = await runnable_jobs(resources.queues, QueueName.EDIT)
    async with resources.db.begin() as session:
        return Counter(await session.scalars(select(Job.user_id).where(Job.id.in_(there))))


async def test_a_backlog_waits_as_rows_and_moves_up_as_it_is_worked_off(
    resources: Resources, rows: Rows
) -> None:
    ana, ben = await rows.user("Ana"), await rows.user("Ben")
    await queue_many(resources, rows, ana, USER_IN_REDIS + 7)
    await queue_many(resources, rows, ben, 1)
    sweeper = Sweeper(resources)
    for _ in range(2):
        await sweeper.once()
        assert await in_redis(resources) == {ana.id: USER_IN_REDIS, ben.id: 1}

    async with resources.db.begin() as session:
        three = select(Job.id).where(Job.user_id == ana.id, Job.enqueued_at.is_not(None)).limit(3)
        done = list(await session.scalars(three))
        await session.execute(update(Job).where(Job.id.in_(done)).values(status=JobStatus.DONE))
    await sweeper.once()

    assert (await in_redis(resources))[ana.id] == USER_IN_REDIS + 3  # three of them are over
    async with resources.db.begin() as session:
        waiting = await session.scalar(select(func.count()).where(Job.enqueued_at.is_(None)))
    assert waiting == 4
