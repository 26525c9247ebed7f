"""What the scaling rules ask PostgreSQL, asked."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy import text

from fixtures.rows import Rows
from subiteya.db import jobs
from subiteya.db.database import Database
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName

KEDA = Path(__file__).parents[3] / "deploy" / "scaling" / "keda.yaml"


async def test_a_rule_counts_what_is_due_and_what_runs(db: Database, rows: Rows) -> None:
    user = await rows.user()
    now = datetime.now(UTC)
    minute = timedelta(minutes=1)
    for queue, due in ((QueueName.EDIT, 3), (QueueName.UPLOAD, 1)):
        for number in range(due + 1):
            video = await rows.video(user)
            new = jobs.NewJob(
                job_id=f"{queue.kind}-{uuid.uuid4()}",
                queue=queue,
                user_id=user.id,
                video_id=video.id,
                post_id=None,
                priority=5,
                max_attempts=4,
                not_before=now + minute if number == due else now - minute,
            )
            async with db.begin() as session:
                await jobs.queue_job(session, new)
                if number == 0:
                    assert await jobs.claim(session, new.job_id, "w1", minute)
    queries = [
        trigger["metadata"]["query"]
        for each in yaml.safe_load_all(KEDA.read_text(encoding="utf-8"))
        for trigger in each["spec"].get("triggers", ())
    ]
    async with db.begin() as session:
        states = set(await session.scalars(text("SELECT DISTINCT status FROM job")))
        counted = [await session.scalar(text(query)) for query in queries]
    assert states == {JobStatus.ACTIVE, JobStatus.QUEUED}
    assert counted == [3, 1]
