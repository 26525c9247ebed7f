"""The end of an edit that makes versions of an edited video: its posts follow, the video stays as it is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from fixtures.rows import Rows
from subiteya.db import jobs
from subiteya.db.jobs import Claim
from subiteya.db.models import BrandPattern, Event, Job, Post, Render, User, Video
from subiteya.domain.outcome import Decision, Done, GiveUp, TryAgain, Wait
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.media.edit import Editor
from subiteya.media.fonts import bundled_fonts
from subiteya.media.transcribe import NoTranscription
from subiteya.pipeline.edit.journey import EditJourney
from subiteya.pipeline.journey import Run
from subiteya.pipeline.tools import Tools
from subiteya.queue.hand import Abort, JobInHand
from subiteya.queue.names import QueueName, edit_job_id, upload_job_id
from subiteya.services.queue_upload import queue_upload
from subiteya.services.resources import Resources

SOON = datetime.now(UTC) + timedelta(seconds=5)


@dataclass
class Bench:
    """An edit worker's end of things, without the edit."""

    resources: Resources
    rows: Rows
    user: User
    video: Video

    async def late(self, look: str) -> Post:
        """A post to a new account that wants a version of its own."""
        pattern = BrandPattern(
            id=uuid.uuid4(),
            user_id=self.video.user_id,
            name=look,
            version=1,
            spec={"effects": {"look": look}},
        )
        async with self.resources.db.begin() as session:
            session.add(pattern)
        account = await self.rows.account(self.user, username=look, pattern_id=pattern.id)
        page = await queue_upload(
            self.resources, user_id=self.user.id, video_id=self.video.id, account_id=account.id
        )
        return page.view.post

    async def claim(self) -> Run:
        """Take the edit job as a worker does, and begin."""
        own = self.resources
        tools = Tools(own.settings, own.db, own.queues, own.storage, own.sealer, own.tiktok, "edit-worker")
        async with own.db.begin() as session:
            await session.execute(update(Job).where(Job.post_id.is_(None)).values(not_before=func.now()))
            claim = await jobs.claim(session, edit_job_id(self.video.id), "edit-worker", timedelta(minutes=1))
            assert isinstance(claim, Claim)
            hand = JobInHand(
                claim.job_id, QueueName.EDIT, self.video.id, {}, 0, 4, 0, "t", Abort(), _no_report
            )
            run = Run(tools, claim, hand)
            assert await self.journey.begin(session, run)
        return run

    async def settle(self, run: Run, decision: Decision) -> None:
        async with self.resources.db.begin() as session:
            assert await jobs.finish(session, run.claim)
            await self.journey.settle(session, run, decision)

    @property
    def journey(self) -> EditJourney:
        return EditJourney(Editor(Path("ffmpeg"), bundled_fonts(), threads=1), NoTranscription())

    async def make(self, post: Post) -> None:
        values = {"edited_key": "k", "edited_bytes": 5, "edited_at": func.now()}
        async with self.resources.db.begin() as session:
            await session.execute(update(Render).where(Render.id == post.render_id).values(**values))

    async def look(self, post: Post) -> tuple[PostStatus, JobStatus]:
        async with self.resources.db.begin() as session:
            now = await session.get_one(Post, post.id)
            job = await session.get_one(Job, upload_job_id(post.id))
        return now.status, job.status

    async def edit(self) -> tuple[JobStatus, int]:
        async with self.resources.db.begin() as session:
            job = await session.get_one(Job, edit_job_id(self.video.id))
        return job.status, job.run

    async def status(self) -> VideoStatus:
        async with self.resources.db.begin() as session:
            return (await session.get_one(Video, self.video.id)).status


async def _no_report(_told: int | dict[str, Any]) -> None:
    return


@pytest.fixture
async def bench(resources: Resources, rows: Rows) -> Bench:
    user = await rows.user()
    video = await rows.video(user, VideoStatus.EDITED, edited_key="own", spec={}, field_values={})
    return Bench(resources, rows, user, video)


async def test_what_is_made_goes_out_and_the_video_stays_where_its_posts_put_it(bench: Bench) -> None:
    post = await bench.late("sepia")
    run = await bench.claim()
    assert await bench.status() is VideoStatus.UPLOAD_QUEUED
    await bench.make(post)

    await bench.settle(run, Done())

    assert await bench.look(post) == (PostStatus.UPLOAD_QUEUED, JobStatus.QUEUED)
    assert (await bench.edit(), await bench.status()) == ((JobStatus.DONE, 1), VideoStatus.UPLOAD_QUEUED)


async def test_an_account_that_comes_while_an_edit_ends_gets_the_next_one(bench: Bench) -> None:
    first = await bench.late("sepia")
    run = await bench.claim()
    await bench.make(first)
    second = await bench.late("cool")
    assert await bench.edit() == (JobStatus.ACTIVE, 1), "the running edit is not disturbed"

    await bench.settle(run, Done())

    assert await bench.look(first) == (PostStatus.UPLOAD_QUEUED, JobStatus.QUEUED)
    assert await bench.look(second) == (PostStatus.UPLOAD_QUEUED, JobStatus.HELD)
    assert await bench.edit() == (JobStatus.QUEUED, 2)


async def test_the_end_of_all_tries_asks_only_those_who_still_wait(bench: Bench) -> None:
    made, missing = await bench.late("sepia"), await bench.late("cool")
    run = await bench.claim()
    await bench.make(made)

    await bench.settle(run, GiveUp("edit_failed", "why"))

    assert await bench.look(made) == (PostStatus.UPLOAD_QUEUED, JobStatus.QUEUED)
    assert await bench.look(missing) == (PostStatus.NEEDS_ATTENTION, JobStatus.CANCELLED)
    async with bench.resources.db.begin() as session:
        post = await session.get_one(Post, missing.id)
    assert (post.error_code, post.error_context) == ("render_failed", {"why": "edit_failed"})


@pytest.mark.parametrize(
    "decision", [TryAgain(SOON, 1, 3, "edit_failed"), Wait(SOON, "shutdown")], ids=["retry", "hand-back"]
)
async def test_between_two_tries_the_post_waits_and_the_timeline_knows(
    bench: Bench, decision: TryAgain | Wait
) -> None:
    post = await bench.late("sepia")
    run = await bench.claim()

    await bench.settle(run, decision)

    assert await bench.look(post) == (PostStatus.UPLOAD_QUEUED, JobStatus.HELD)
    assert await bench.status() is VideoStatus.UPLOAD_QUEUED
    async with bench.resources.db.begin() as session:
        reasons = list(await session.scalars(select(Event.reason).order_by(Event.id)))
    assert reasons[-1] in {"edit_failed", "shutdown"}


async def test_a_worker_that_finds_nobody_waiting_has_nothing_to_do(bench: Bench) -> None:
    await bench.late("sepia")
    run = await bench.claim()
    async with bench.resources.db.begin() as session:
        await session.execute(update(Job).where(Job.post_id.is_not(None)).values(status=JobStatus.CANCELLED))
        assert not await bench.journey.begin(session, run)
