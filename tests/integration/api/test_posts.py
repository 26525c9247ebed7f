"""Posts: planned for several accounts, moved, changed, called off, tried again, asked about."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy import select

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.db.models import Event, Job, Post, Video
from subiteya.domain.consent import VERSION
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus, VideoStatus
from subiteya.queue.names import QueueName
from subiteya.queue.presence import runnable_jobs
from subiteya.services.resources import Resources

EDITED: Final = {"edited_key": "videos/x/edited.mp4", "edited_bytes": 1000}
PRIVATE: Final = {"privacy_level": "SELF_ONLY"}


def plan(*posts: dict[str, Any], version: str = VERSION) -> dict[str, Any]:
    return {"consent_version": version, "posts": list(posts)}


async def posts_of(resources: Resources) -> list[Post]:
    async with resources.db.begin() as session:
        return list(await session.scalars(select(Post).order_by(Post.created_at)))


async def job_of(resources: Resources, post_id: str) -> Job:
    async with resources.db.begin() as session:
        return (await session.scalars(select(Job).where(Job.post_id == uuid.UUID(post_id)))).one()


async def test_a_video_goes_to_several_accounts_each_in_its_own_way(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    first, second = await rows.account(ana.user), await rows.account(ana.user, username="otra")
    later = datetime.now(UTC) + timedelta(days=2)

    answer = await api.post(
        f"/api/videos/{video.id}/posts",
        json=plan(
            {"account_id": str(first.id), "caption": "Uno", **PRIVATE, "disable_comment": False},
            {"account_id": str(second.id), "caption": "Dos", **PRIVATE, "scheduled_at": later.isoformat()},
        ),
    )

    assert answer.status_code == 201, answer.text
    one, two = answer.json()["posts"]
    assert (one["account_username"], one["caption"], one["status"]) == ("ana.crea", "Uno", "UPLOAD_QUEUED")
    assert (two["account_username"], two["caption"], two["status"]) == ("otra", "Dos", "SCHEDULED")
    assert (one["disable_comment"], one["disable_duet"], two["disable_comment"]) == (False, True, True)
    assert datetime.fromisoformat(two["scheduled_at"]) == later
    consent = one["consent"]
    assert (consent["version"], consent["by"]) == (VERSION, f"user:{ana.user.id}")
    assert "Music Usage Confirmation" in consent["text"]
    assert (consent["settings"]["caption"], consent["settings"]["disable_comment"]) == ("Uno", False)
    assert datetime.fromisoformat(consent["at"]).tzinfo is not None
    job = await job_of(resources, two["id"])
    assert (job.not_before, job.enqueued_at) == (later, None)
    there = await runnable_jobs(resources.queues, QueueName.UPLOAD)
    assert set(there) == {f"upload-{one['id']}"}
    assert (await api.get(f"/api/posts/{two['id']}")).json() == two


async def test_all_posts_are_planned_or_none(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    account = str((await rows.account(ana.user)).id)
    theirs = str((await rows.account(ben.user)).id)
    draft = await rows.video(ana.user)
    soon = (datetime.now(UTC) + timedelta(days=91)).isoformat()
    mine = {"account_id": account, **PRIVATE}
    cases: list[tuple[Video, dict[str, Any], int, str]] = [
        (video, plan(mine, {"account_id": theirs, **PRIVATE}), 404, "not_found"),
        (video, plan(mine, {"account_id": account}), 422, "bad_input"),
        (video, plan(mine, {**mine, "caption": "x" * 2201}), 422, "caption_too_long"),
        (video, plan(mine, {**mine, "privacy_level": "PUBLIC_TO_EVERYONE"}), 422, "unaudited_app"),
        (video, plan(mine, {**mine, "brand_content": True}), 422, "bad_input"),
        (video, plan(mine, {**mine, "scheduled_at": soon}), 422, "bad_input"),
        (video, plan(mine, {**mine, "scheduled_at": "2020-01-01T00:00:00Z"}), 422, "bad_input"),
        (video, plan(mine, version="1999-01"), 422, "bad_input"),
        (video, plan(), 422, "bad_input"),
        (draft, plan(mine), 409, "wrong_state"),
    ]
    for where, body, status, code in cases:
        answer = await api.post(f"/api/videos/{where.id}/posts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert await posts_of(resources) == []


async def test_an_unaudited_app_says_why_it_posts_privately_only(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user)
    answer = await api.post(
        f"/api/videos/{video.id}/posts", json=plan({"privacy_level": "PUBLIC_TO_EVERYONE"})
    )
    assert "TIKTOK_UNAUDITED" in answer.json()["detail"]
    assert answer.json()["button"] == "choose_privacy"


@pytest.mark.usefixtures("audited")
async def test_an_audited_app_posts_in_public_and_branded(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user)
    wish = {"privacy_level": "PUBLIC_TO_EVERYONE", "brand_content": True}
    answer = await api.post(f"/api/videos/{video.id}/posts", json=plan(wish))
    assert answer.status_code == 201, answer.text
    assert "Branded Content Policy" in answer.json()["posts"][0]["consent"]["text"]


async def test_a_wall_time_is_read_by_the_accounts_clocks(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user, time_zone="America/Bogota")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT09:30")

    answer = await api.post(f"/api/videos/{video.id}/posts", json=plan({**PRIVATE, "scheduled_at": tomorrow}))

    post = answer.json()["posts"][0]
    assert datetime.fromisoformat(post["scheduled_at"]) == datetime.fromisoformat(tomorrow + "-05:00")
    assert (post["time_zone"], post["scheduled_local"][:16], post["notices"]) == (
        "America/Bogota",
        tomorrow,
        [],
    )


async def planned(api: httpx2.AsyncClient, ana: Person, rows: Rows, **more: Any) -> dict[str, Any]:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user)
    answer = await api.post(f"/api/videos/{video.id}/posts", json=plan({**PRIVATE, **more}))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()["posts"][0]
    return body


async def test_a_scheduled_post_is_moved_and_sent_now(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    post = await planned(api, ana, rows, scheduled_at=tomorrow.isoformat())
    address = f"/api/posts/{post['id']}"

    moved = await api.patch(address, json={"scheduled_at": (tomorrow + timedelta(days=1)).isoformat()})

    assert (moved.status_code, moved.json()["status"]) == (200, "SCHEDULED"), moved.text
    assert (await job_of(resources, post["id"])).not_before == tomorrow + timedelta(days=1)
    assert await runnable_jobs(resources.queues, QueueName.UPLOAD) == {}

    now = await api.patch(address, json={"send_now": True})

    assert (now.json()["status"], now.json()["scheduled_at"]) == ("UPLOAD_QUEUED", None)
    assert set(await runnable_jobs(resources.queues, QueueName.UPLOAD)) == {f"upload-{post['id']}"}

    back = await api.patch(address, json={"scheduled_at": tomorrow.isoformat()})

    assert back.json()["status"] == "SCHEDULED"
    assert await runnable_jobs(resources.queues, QueueName.UPLOAD) == {}
    job = await job_of(resources, post["id"])
    assert (job.run, job.not_before, job.status) == (4, tomorrow, JobStatus.QUEUED)


async def test_what_a_post_says_is_changed_with_a_new_consent(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    post = await planned(api, ana, rows, caption="Antes")
    address = f"/api/posts/{post['id']}"

    refused = await api.patch(address, json={"caption": "Después"})
    changed = await api.patch(
        address, json={"caption": "Después", "cover_ms": 900, "consent_version": VERSION}
    )

    assert (refused.status_code, "aceptarlo" in refused.json()["detail"]) == (422, True)
    seen = changed.json()
    assert (seen["caption"], seen["cover_ms"], seen["status"]) == ("Después", 900, "UPLOAD_QUEUED")
    assert seen["consent"]["settings"]["caption"] == "Después"
    assert seen["consent"]["at"] > post["consent"]["at"]
    public = {"privacy_level": "PUBLIC_TO_EVERYONE", "consent_version": VERSION}
    assert (await api.patch(address, json=public)).json()["code"] == "unaudited_app"


async def test_a_post_is_called_off_and_its_slot_is_free(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    post = await planned(api, ana, rows)

    gone = await api.delete(f"/api/posts/{post['id']}")
    again = await api.delete(f"/api/posts/{post['id']}")

    assert (gone.status_code, gone.json()["status"]) == (200, "CANCELLED")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert (await job_of(resources, post["id"])).status is JobStatus.CANCELLED
    assert await runnable_jobs(resources.queues, QueueName.UPLOAD) == {}
    async with resources.db.begin() as session:
        assert await session.scalar(select(Video.status)) is VideoStatus.EDITED
        assert "cancelled" in list(await session.scalars(select(Event.reason)))


@pytest.mark.parametrize(
    "status", [PostStatus.UPLOADING, PostStatus.CONFIRMING, PostStatus.POSTED, PostStatus.UNCONFIRMED]
)
async def test_a_post_that_tiktok_has_is_neither_changed_nor_called_off(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, status: PostStatus
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOADING, **EDITED)
    post = await rows.post(video, await rows.account(ana.user), status, step=LedgerStep.SUBMITTED)
    address = f"/api/posts/{post.id}"
    for method, path, body in (
        ("PATCH", address, {"send_now": True}),
        ("DELETE", address, None),
        ("POST", f"{address}/retry", None),
    ):
        answer = await api.request(method, path, json=body)
        assert (answer.status_code, answer.json()["state"]) == (409, status), path


@pytest.mark.parametrize("acknowledged", [0, 10_000_000])
async def test_a_queued_post_whose_last_chunk_may_have_arrived_is_not_called_off(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, acknowledged: int
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOAD_QUEUED, **EDITED)
    begun: dict[str, Any] = {
        "publish_id": "v_pub_file~v2-1.7",
        "video_bytes": 20_000_000,
        "chunk_bytes": 10_000_000,
    }
    post = await rows.post(
        video,
        await rows.account(ana.user),
        step=LedgerStep.SENDING,
        chunk_count=2,
        bytes_acknowledged=acknowledged,
        **begun,
    )
    changed = await api.patch(f"/api/posts/{post.id}", json={"send_now": True})
    gone = await api.delete(f"/api/posts/{post.id}")
    assert (changed.status_code, changed.json()["code"]) == (409, "already_at_tiktok")
    assert gone.status_code == (409 if acknowledged else 200)


@pytest.mark.parametrize("status", [PostStatus.FAILED_UPLOAD, PostStatus.NEEDS_ATTENTION])
async def test_a_stopped_post_is_tried_again_with_fresh_attempts(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources, status: PostStatus
) -> None:
    video = await rows.video(ana.user, VideoStatus.FAILED_UPLOAD, **EDITED)
    begun: dict[str, Any] = {"publish_id": "v_pub_file~v2-1.7", "bytes_acknowledged": 10, "inits": 3}
    post = await rows.post(
        video,
        await rows.account(ana.user),
        status,
        step=LedgerStep.SENDING,
        error_code="tiktok_unavailable",
        **begun,
    )

    answer = await api.post(f"/api/posts/{post.id}/retry")

    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (
        202,
        "UPLOAD_QUEUED",
        None,
    )
    kept = (await posts_of(resources))[0]
    assert (kept.step, kept.publish_id, kept.bytes_acknowledged, kept.inits) == (
        LedgerStep.SENDING,
        "v_pub_file~v2-1.7",
        10,
        0,
    ), "the next run must find what was begun, and ask about it"
    job = await job_of(resources, str(post.id))
    assert (job.attempts, job.status) == (0, JobStatus.QUEUED)


async def test_a_post_that_tiktok_refused_begins_anew(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.FAILED_UPLOAD, **EDITED)
    await rows.post(
        video,
        await rows.account(ana.user),
        PostStatus.FAILED_UPLOAD,
        step=LedgerStep.REFUSED,
        publish_id="v_pub_file~v2-1.7",
    )
    post = (await posts_of(resources))[0]
    assert (await api.post(f"/api/posts/{post.id}/retry")).status_code == 202
    kept = (await posts_of(resources))[0]
    assert (kept.step, kept.publish_id) == (LedgerStep.PLANNED, None)


async def test_tiktok_is_asked_at_once(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOADING, **EDITED)
    account = await rows.account(ana.user)
    later = datetime.now(UTC) + timedelta(minutes=5)
    for status in (PostStatus.CONFIRMING, PostStatus.UNCONFIRMED):
        post = await rows.post(video, account, status, publish_id=status.value, next_check_at=later)
        assert (await api.post(f"/api/posts/{post.id}/check-now")).status_code == 202
    due = [post.next_check_at for post in await posts_of(resources)]
    assert all(at is not None and at <= datetime.now(UTC) for at in due)
    queued = await rows.post(video, account)
    assert (await api.post(f"/api/posts/{queued.id}/check-now")).status_code == 409
