"""Versions of a video: one for each way in which its accounts want it, made once, also for who comes late."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import func, select, update

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.db.models import Account, Job, Post, RateSlot, Render, Video
from subiteya.domain.consent import VERSION
from subiteya.domain.keys import VideoFile, video_key
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.queue.names import QueueName, edit_job_id
from subiteya.queue.presence import runnable_jobs
from subiteya.services.release_held_posts import release_held_posts
from subiteya.services.resources import Resources

USER: Final = uuid.UUID("0b1f4c1e-8d0a-4a53-9f57-0d8f3a7f2c11")
OWN_KEY: Final = video_key(USER, USER, VideoFile.EDITED, ".mp4", take=1001)
EDITED: Final = {
    "edited_key": OWN_KEY,
    "edited_bytes": 1000,
    "edited_at": datetime(2026, 11, 5, tzinfo=UTC),
    "spec": {},
    "spec_given": {},
    "field_values": {},
}
PRIVATE: Final = {"privacy_level": "SELF_ONLY"}


def key_of(render: Render) -> str:
    """Where its file would lie."""
    return video_key(USER, render.video_id, VideoFile.EDITED, ".mp4", take=1001, render=render.id)


@dataclass
class Desk:
    """Ana at her desk: her program, her accounts, and what the engines behind it hold."""

    ana: Person
    rows: Rows
    resources: Resources

    async def account(self, name: str, spec: dict[str, Any] | None = None) -> Account:
        """An account, with a default pattern of its own when it has something to say."""
        account = await self.rows.account(self.ana.user, username=name, nickname=name.title())
        if spec is not None:
            await self.wear(account, await self.pattern(name, spec))
        return account

    async def pattern(self, name: str, spec: dict[str, Any]) -> str:
        answer = await self.ana.client.post("/api/patterns", json={"name": name, "spec": spec})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def wear(self, account: Account, pattern_id: str) -> None:
        answer = await self.ana.client.patch(f"/api/accounts/{account.id}", json={"pattern_id": pattern_id})
        assert answer.status_code == 200, answer.text

    async def confirm(self, video: Video, accounts: Sequence[Account], **body: Any) -> dict[str, Any]:
        wish = {"account_ids": [str(account.id) for account in accounts], **body}
        answer = await self.ana.client.post(f"/api/videos/{video.id}/confirm", json=wish)
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def plan(self, video: Video, *accounts: Account, **wish: Any) -> list[dict[str, Any]]:
        posts = [{"account_id": str(account.id), **PRIVATE, **wish} for account in accounts]
        answer = await self.ana.client.post(
            f"/api/videos/{video.id}/posts", json={"consent_version": VERSION, "posts": posts}
        )
        assert answer.status_code == 201, answer.text
        told: list[dict[str, Any]] = answer.json()["posts"]
        return told

    async def post(self, post_id: str) -> dict[str, Any]:
        told: dict[str, Any] = (await self.ana.client.get(f"/api/posts/{post_id}")).json()
        return told

    async def renders(self) -> list[Render]:
        async with self.resources.db.begin() as session:
            return list(await session.scalars(select(Render).order_by(Render.created_at)))

    async def job(self, job_id: str) -> Job:
        async with self.resources.db.begin() as session:
            return await session.get_one(Job, job_id)

    async def make(self, render: Render) -> None:
        """As the edit worker leaves a version that it has made."""
        values = {"edited_key": key_of(render), "edited_bytes": 77, "edited_at": func.now()}
        async with self.resources.db.begin() as session:
            await session.execute(update(Render).where(Render.id == render.id).values(**values))

    async def end_edit(self, video: Video, status: JobStatus, code: str | None = None) -> None:
        values = {"status": status, "error_code": code, "enqueued_at": None}
        async with self.resources.db.begin() as session:
            await session.execute(update(Job).where(Job.id == edit_job_id(video.id)).values(**values))


@pytest.fixture
def desk(ana: Person, rows: Rows, resources: Resources) -> Desk:
    return Desk(ana, rows, resources)


async def test_accounts_that_want_the_same_share_a_version(desk: Desk) -> None:
    sepia, other_sepia = {"effects": {"look": "sepia"}}, {"version": 2, "effects": {"look": "sepia"}}
    luz, sol = await desk.account("luz", sepia), await desk.account("sol", other_sepia)
    mar, plain = await desk.account("mar", {"effects": {"contrast": 0.5}}), await desk.account("plain")
    video = await desk.rows.video(desk.ana.user)

    told = await desk.confirm(video, [luz, sol, mar, plain], spec={"effects": {"contrast": 0.2}})

    versions = {version["account_id"]: version for version in told["versions"]}
    of_luz, of_sol, of_mar, of_plain = (versions[str(account.id)] for account in (luz, sol, mar, plain))
    assert of_luz["render_id"] == of_sol["render_id"] is not None
    assert of_mar["render_id"] is of_plain["render_id"] is None, "the video's own wins: nothing differs"
    assert (of_luz["pattern_version"], of_luz["edited_at"], of_plain["pattern_id"]) == (1, None, None)
    [render] = await desk.renders()
    assert (render.spec["effects"]["look"], render.spec["effects"]["contrast"]) == ("sepia", 0.2)


async def test_a_saved_pattern_of_the_video_says_only_what_differs_and_names_are_each_accounts_own(
    desk: Desk,
) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    sol = await desk.account("sol")
    saved = await desk.pattern("Título", {"texts": [{"text": "{{account.nickname}}: {{video.title}}"}]})
    video = await desk.rows.video(desk.ana.user, title="Pan")

    told = await desk.confirm(video, [luz, sol], pattern_id=saved)

    renders = {str(render.id): render for render in await desk.renders()}
    made = {version["account_id"]: renders[version["render_id"]] for version in told["versions"]}
    of_luz, of_sol = made[str(luz.id)], made[str(sol.id)]
    assert of_luz.spec["effects"]["look"] == "sepia"
    assert of_luz.field_values == {"account.nickname": "Luz", "video.title": "Pan"}
    assert of_sol.field_values == {"account.nickname": "Sol", "video.title": "Pan"}
    async with desk.resources.db.begin() as session:
        own = await session.scalar(select(Video.field_values))
    assert own == {"account.nickname": "Luz", "video.title": "Pan"}, "the first account by name"


async def test_a_confirmation_that_cannot_be_kept_changes_nothing(desk: Desk, ben: Person) -> None:
    short = await desk.account("short", {"time": {"trim_end_s": 5}})
    theirs = await desk.rows.account(ben.user)
    video = await desk.rows.video(desk.ana.user)
    contradiction = {"account_ids": [str(short.id)], "spec": {"time": {"trim_start_s": 9}}}
    for body, code in [({"account_ids": [str(theirs.id)]}, "not_found"), (contradiction, "bad_pattern")]:
        answer = await desk.ana.client.post(f"/api/videos/{video.id}/confirm", json=body)
        assert answer.json()["code"] == code
    async with desk.resources.db.begin() as session:
        assert await session.scalar(select(Video.status).where(Video.id == video.id)) is VideoStatus.DRAFT
    assert await desk.renders() == []


async def test_what_was_decided_at_confirm_stays_until_the_next_one(desk: Desk) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    video = await desk.rows.video(desk.ana.user)
    [first] = (await desk.confirm(video, [luz]))["versions"]
    await desk.wear(luz, await desk.pattern("otra", {"effects": {"look": "cool"}}))
    [render] = await desk.renders()
    await desk.make(render)
    async with desk.resources.db.begin() as session:
        await session.execute(
            update(Video).values(status=VideoStatus.EDITED, edited_key="k", edited_at=func.now())
        )
    [post] = await desk.plan(video, luz)
    assert (post["render_id"], post["wait_reason"], post["video_bytes"]) == (first["render_id"], None, 77)
    await desk.ana.client.delete(f"/api/posts/{post['id']}")

    [second] = (await desk.confirm(video, [luz]))["versions"]

    assert second["render_id"] != first["render_id"]
    [render] = await desk.renders()
    assert render.spec["effects"]["look"] == "cool"
    assert (await desk.post(post["id"]))["render_id"] is None, "its version is no more"


async def test_an_account_that_comes_late_waits_for_its_version(desk: Desk) -> None:
    luz, plain = await desk.account("luz", {"effects": {"look": "sepia"}}), await desk.account("plain")
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)

    late, at_once = await desk.plan(video, luz, plain)

    assert (late["status"], late["wait_reason"], late["slot_at"]) == ("UPLOAD_QUEUED", "rendering", None)
    assert (at_once["wait_reason"], at_once["render_id"], at_once["video_bytes"]) == (None, None, 1000)
    assert (await desk.job(f"upload-{late['id']}")).attempts == 0
    there = [await runnable_jobs(desk.resources.queues, queue) for queue in QueueName]
    assert [set(each) for each in there] == [{edit_job_id(video.id)}, {f"upload-{at_once['id']}"}]
    async with desk.resources.db.begin() as session:
        assert await session.scalar(select(Video.status)) is VideoStatus.UPLOAD_QUEUED
        reserved = set(await session.scalars(select(RateSlot.owner)))
    assert reserved == {edit_job_id(video.id), f"upload-{at_once['id']}"}
    assert await release_held_posts(desk.resources) == 0

    [render] = await desk.renders()
    await desk.make(render)
    await release_held_posts(desk.resources)  # or the sweep of the running api, whoever is first

    now = await desk.post(late["id"])
    assert (now["render_id"], now["video_bytes"]) == (str(render.id), 77)
    assert now["slot_at"] is not None
    job = await desk.job(f"upload-{late['id']}")
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 0)
    [another] = await desk.plan(video, await desk.account("sol", {"effects": {"look": "sepia"}}))
    assert (another["render_id"], another["wait_reason"]) == (str(render.id), None)


async def test_a_version_that_nobody_makes_asks_the_owner_who_may_try_again(desk: Desk) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)
    [post] = await desk.plan(video, luz)
    await desk.end_edit(video, JobStatus.FAILED, "worker_lost")

    await release_held_posts(desk.resources)

    failed = await desk.post(post["id"])
    assert (failed["status"], failed["error"]["code"]) == ("NEEDS_ATTENTION", "render_failed")
    assert "worker_lost" in failed["error"]["message"]
    async with desk.resources.db.begin() as session:
        assert await session.scalar(select(Video.status)) is VideoStatus.FAILED_UPLOAD
    retried = (await desk.ana.client.post(f"/api/posts/{post['id']}/retry")).json()
    assert (retried["status"], retried["wait_reason"], retried["error"]) == (
        "UPLOAD_QUEUED",
        "rendering",
        None,
    )
    edit = await desk.job(edit_job_id(video.id))
    assert (edit.status, edit.run) == (JobStatus.QUEUED, 2)


async def test_a_post_that_waits_for_its_version_can_be_moved_and_called_off(desk: Desk) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)
    [post] = await desk.plan(video, luz)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()

    moved = (await desk.ana.client.patch(f"/api/posts/{post['id']}", json={"scheduled_at": later})).json()

    assert (moved["status"], moved["wait_reason"], moved["slot_at"]) == ("SCHEDULED", "rendering", None)
    gone = await desk.ana.client.delete(f"/api/posts/{post['id']}")
    assert gone.is_success, gone.text
    assert (await desk.job(f"upload-{post['id']}")).status is JobStatus.CANCELLED
    [again] = await desk.plan(video, luz)
    assert (await desk.ana.client.delete(f"/api/videos/{video.id}")).status_code == 204
    for job_id in (edit_job_id(video.id), f"upload-{again['id']}"):
        assert (await desk.job(job_id)).status is JobStatus.CANCELLED


async def test_a_priority_reaches_what_waits_for_its_version(desk: Desk) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)
    [post] = await desk.plan(video, luz)
    changed = await desk.ana.client.put(f"/api/videos/{video.id}/priority", json={"priority": "HIGH"})
    assert changed.is_success, changed.text
    assert (await desk.job(f"upload-{post['id']}")).priority == 3


async def test_a_scheduled_post_whose_version_comes_too_late_asks_its_owner(desk: Desk) -> None:
    luz = await desk.account("luz", {"effects": {"look": "sepia"}})
    sol = await desk.account("sol", {"effects": {"look": "sepia"}})
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    missed, in_time = await desk.plan(video, luz, sol, scheduled_at=soon)
    async with desk.resources.db.begin() as session:
        for post, ago in [(missed, timedelta(hours=2)), (in_time, timedelta(minutes=10))]:
            due = datetime.now(UTC) - ago
            await session.execute(
                update(Post).where(Post.id == uuid.UUID(post["id"])).values(scheduled_at=due)
            )
    [render] = await desk.renders()
    await desk.make(render)

    await release_held_posts(desk.resources)

    told = await desk.post(missed["id"])
    assert (told["status"], told["error"]["code"]) == (PostStatus.NEEDS_ATTENTION, "missed_schedule")
    told = await desk.post(in_time["id"])
    assert (told["error"], told["wait_reason"]) == (None, None)
    assert (await desk.job(f"upload-{in_time['id']}")).status is JobStatus.QUEUED


async def test_each_accounts_version_can_be_downloaded_once_it_is_made(desk: Desk) -> None:
    luz, plain = await desk.account("luz", {"effects": {"look": "sepia"}}), await desk.account("plain")
    video = await desk.rows.video(desk.ana.user, VideoStatus.EDITED, **EDITED)
    address = f"/api/videos/{video.id}/download"
    assert (await desk.ana.client.get(address, params={"account_id": str(luz.id)})).status_code == 409
    await desk.plan(video, luz)
    [render] = await desk.renders()
    await desk.make(render)
    for account, key in [(luz, key_of(render)), (plain, OWN_KEY)]:
        answer = await desk.ana.client.get(address, params={"account_id": str(account.id)})
        assert key in answer.json()["url"], answer.text
    missing = await desk.ana.client.get(address, params={"account_id": str(uuid.uuid4())})
    assert missing.status_code == 404
