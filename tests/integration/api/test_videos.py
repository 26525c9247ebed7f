"""Videos: list, look, confirm, queue, download, change, delete."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from fixtures.rows import Rows
from integration.api.conftest import SRT, Look, Person, UploadClip
from subiteya.db.models import Job, Post, Video
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.services.resources import Resources

EDITED: dict[str, Any] = {"edited_key": "videos/x/edited.mp4", "edited_bytes": 900}


async def test_pages_hold_every_video_once_newest_first(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows
) -> None:
    begun = datetime(2026, 11, 5, 14, 32, tzinfo=UTC)
    # Two at the same moment, so that time alone does not order them.
    ages = [0, 1, 1, 2, 3]
    made = [
        (
            begun - timedelta(minutes=age),
            (await rows.video(ana.user, created_at=begun - timedelta(minutes=age))).id,
        )
        for age in ages
    ]
    await rows.video(ben.user)
    await rows.video(ana.user, deleted_at=begun)

    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/api/videos", params=query)).json()
        seen += [video["id"] for video in page["videos"]]
        cursor = page["cursor"]
        if cursor is None:
            break

    assert seen == [str(video_id) for _, video_id in sorted(made, reverse=True)]


async def test_videos_can_be_listed_by_status(api: httpx2.AsyncClient, ana: Person, rows: Rows) -> None:
    await rows.video(ana.user)
    failed = await rows.video(ana.user, VideoStatus.FAILED_EDIT)
    posted = await rows.video(ana.user, VideoStatus.POSTED)

    answer = await api.get("/api/videos", params={"status": ["FAILED_EDIT", "POSTED"]})

    assert {video["id"] for video in answer.json()["videos"]} == {str(failed.id), str(posted.id)}


@pytest.mark.parametrize("query", ["cursor=x", "cursor=Kg==", "status=LOST", "limit=0", "limit=1000"])
async def test_a_question_that_makes_no_sense_is_refused(api: httpx2.AsyncClient, query: str) -> None:
    answer = await api.get(f"/api/videos?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_a_video_tells_of_its_posts_and_retries_in_the_owners_language(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOAD_QUEUED, **EDITED)
    account = await rows.account(ana.user)
    post = await rows.post(video, account, caption="Pan", tiktok_post_ids=[7_300_000_000_000_000_001])
    later = datetime.now(UTC) + timedelta(seconds=20)
    async with resources.db.begin() as session:
        session.add(
            Job(
                id=f"upload-{post.id}",
                queue="video-upload",
                user_id=ana.user.id,
                video_id=video.id,
                post_id=post.id,
                priority=5,
                status=JobStatus.QUEUED,
                attempts=1,
                max_attempts=4,
                not_before=later,
                error_code="tiktok_unavailable",
            )
        )

    seen = (await api.get(f"/api/videos/{video.id}")).json()["posts"][0]

    assert (seen["account_username"], seen["caption"], seen["attempt"], seen["max_attempts"]) == (
        "ana.crea",
        "Pan",
        2,
        4,
    )
    assert datetime.fromisoformat(seen["will_retry_at"]) == later
    assert seen["tiktok_post_ids"] == ["7300000000000000001"]
    assert seen["error"] == {
        "code": "tiktok_unavailable",
        "message": "TikTok no responde en este momento. Seguimos intentándolo.",
    }


async def test_confirm_freezes_the_pattern_and_queues_the_edit(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, resources: Resources
) -> None:
    video = await upload_clip(ana)
    spec = {"effects": {"look": "sepia"}}
    pattern = (await api.post("/api/patterns", json={"name": "Luz", "spec": spec})).json()

    answer = await api.post(
        f"/api/videos/{video['id']}/confirm", json={"pattern_id": pattern["id"], "priority": "HIGH"}
    )

    assert answer.status_code == 202, answer.text
    seen = answer.json()
    assert (seen["status"], seen["pattern_id"], seen["pattern_version"]) == (
        "EDITING_QUEUED",
        pattern["id"],
        1,
    )
    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job).where(Job.id == f"edit-{video['id']}"))).one()
        row = (await session.scalars(select(Video).where(Video.id == uuid.UUID(video["id"])))).one()
    assert job.priority == 3
    assert row.spec is not None
    assert row.spec["effects"]["look"] == "sepia"


async def test_confirm_takes_a_specification_of_its_own_or_none(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    first, second = await upload_clip(ana), await upload_clip(ana)

    given = await api.post(
        f"/api/videos/{first['id']}/confirm", json={"spec": {"effects": {"vignette": 0.5}}}
    )
    bare = await api.post(f"/api/videos/{second['id']}/confirm")

    assert (given.status_code, bare.status_code) == (202, 202)
    assert ((await look.video(first["id"])).spec or {})["effects"]["vignette"] == 0.5


async def test_a_mistake_in_a_specification_is_named(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana)
    for spec, field in [
        ({"logo": {"opacity": 7}}, "logo.opacity"),
        ({"logo": {"key": f"assets/{uuid.uuid4()}/{uuid.uuid4()}.png"}}, "logo.key"),
        ({"unknown": 1}, "unknown"),
    ]:
        answer = await api.post(f"/api/videos/{video['id']}/confirm", json={"spec": spec})
        assert (answer.status_code, answer.json()["code"], answer.json()["what"]) == (
            422,
            "bad_pattern",
            field,
        )
    answer = await api.post(f"/api/videos/{video['id']}/confirm", json={"spec": []})
    assert answer.status_code == 422
    assert (await look.video(video["id"])).status is VideoStatus.DRAFT


async def test_confirm_in_the_wrong_state_names_the_state(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITING)

    answer = await api.post(f"/api/videos/{video.id}/confirm")

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (
        409,
        "wrong_state",
        "EDITING",
    )


async def test_an_edited_video_is_queued_for_its_account(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    account = await rows.account(ana.user)

    answer = await api.post(
        f"/api/videos/{video.id}/queue-upload",
        json={
            "account_id": str(account.id),
            "caption": "Pan recién hecho #panaderia",
            "privacy_level": "SELF_ONLY",
            "disable_comment": False,
            "cover_ms": 1500,
            "is_aigc": True,
            "priority": "LOW",
        },
    )

    assert answer.status_code == 202, answer.text
    seen = answer.json()
    assert seen["status"] == "UPLOAD_QUEUED"
    assert (seen["posts"][0]["status"], seen["posts"][0]["privacy_level"]) == (
        "UPLOAD_QUEUED",
        "SELF_ONLY",
    )
    assert seen["posts"][0]["slot_at"] is not None
    async with resources.db.begin() as session:
        post = (await session.scalars(select(Post))).one()
        job = (await session.scalars(select(Job).where(Job.post_id == post.id))).one()
    assert (post.disable_comment, post.disable_duet, post.cover_ms, post.is_aigc) == (False, True, 1500, True)
    assert job.priority == 7


async def test_a_post_is_private_unless_it_says_otherwise(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user)

    answer = await api.post(f"/api/videos/{video.id}/queue-upload")

    assert answer.json()["posts"][0]["privacy_level"] == "SELF_ONLY"


async def test_a_post_that_cannot_be_is_refused(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows
) -> None:
    draft = await rows.video(ana.user)
    edited = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.account(ana.user)
    theirs = await rows.account(ben.user)
    cases: list[tuple[Video, dict[str, Any], int, str]] = [
        (draft, {}, 409, "wrong_state"),
        (edited, {"account_id": str(theirs.id)}, 404, "not_found"),
        (edited, {"caption": "x" * 2201}, 422, "caption_too_long"),
        (edited, {"caption": "a\x00b"}, 422, "bad_caption"),
        (edited, {"brand_content": True}, 422, "bad_input"),
        (edited, {"privacy_level": "EVERYBODY"}, 422, "bad_input"),
        (edited, {"privacy_level": "PUBLIC_TO_EVERYONE"}, 422, "unaudited_app"),
        (edited, {"cover_ms": -1}, 422, "bad_input"),
        (edited, {"priority": "URGENT"}, 422, "bad_input"),
        (edited, {"privacy": "SELF_ONLY"}, 422, "bad_input"),
    ]
    for video, body, status, code in cases:
        answer = await api.post(f"/api/videos/{video.id}/queue-upload", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body


async def test_a_download_brings_the_bytes_under_the_files_name(
    api: httpx2.AsyncClient, ana: Person, browser: httpx2.AsyncClient, upload_clip: UploadClip, clip: bytes
) -> None:
    video = await upload_clip(ana)

    answer = await api.get(f"/api/videos/{video['id']}/download")
    fetched = await browser.get(answer.json()["url"])
    going = await api.get(f"/api/videos/{video['id']}/download?redirect=1")

    left = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert fetched.content == clip
    assert fetched.headers["content-type"] == "video/mp4"
    assert 'filename="pan.mp4"' in fetched.headers["content-disposition"]
    assert going.status_code == 307
    assert (await browser.get(going.headers["location"])).content == clip


async def test_the_edited_clip_is_preferred_once_there_is_one(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, resources: Resources
) -> None:
    video = await upload_clip(ana)
    path = f"/api/videos/{video['id']}/download"

    before = await api.get(f"{path}?which=edited")
    async with resources.db.begin() as session:
        key = f"videos/{ana.user.id}/{video['id']}/edited.mp4"
        await session.execute(update(Video).values(edited_key=key, status=VideoStatus.EDITED))

    assert (before.status_code, before.json()["state"]) == (409, "DRAFT")
    assert "/edited.mp4" in (await api.get(path)).json()["url"]
    assert "/edited.mp4" in (await api.get(f"{path}?which=edited")).json()["url"]
    assert "/source.mp4" in (await api.get(f"{path}?which=source")).json()["url"]


async def test_subtitles_can_be_replaced_before_an_edit(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, look: Look, rows: Rows
) -> None:
    video = await upload_clip(ana)
    path = f"/api/videos/{video['id']}/subtitles"
    editing = await rows.video(ana.user, VideoStatus.EDITING)

    answer = await api.put(path, json={"name": "pan.srt", "text": SRT})
    bad = await api.put(path, json={"name": "pan.srt", "text": "nothing"})
    busy = await api.put(f"/api/videos/{editing.id}/subtitles", json={"name": "a.srt", "text": SRT})

    assert (answer.status_code, answer.json()["origin"]) == (200, "file")
    assert (await look.video(video["id"])).subtitles == SRT
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_subtitles")
    assert (busy.status_code, busy.json()["state"]) == (409, "EDITING")


async def test_a_deleted_video_is_gone_with_its_files_and_its_work(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, look: Look, resources: Resources
) -> None:
    video = await upload_clip(ana)
    await api.post(f"/api/videos/{video['id']}/confirm")

    answers = [await api.delete(f"/api/videos/{video['id']}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert await look.keys() == []
    assert (await api.get(f"/api/videos/{video['id']}")).status_code == 404
    assert (await api.get("/api/videos")).json()["videos"] == []
    async with resources.db.begin() as session:
        job = (await session.scalars(select(Job))).one()
    assert job.status is JobStatus.CANCELLED


@pytest.mark.parametrize("status", [PostStatus.UPLOADING, PostStatus.CONFIRMING])
async def test_a_video_on_its_way_to_tiktok_cannot_be_deleted(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, look: Look, status: PostStatus
) -> None:
    video = await rows.video(ana.user, VideoStatus.UPLOADING, **EDITED)
    await rows.post(video, await rows.account(ana.user), status)

    answer = await api.delete(f"/api/videos/{video.id}")

    assert (answer.status_code, answer.json()["state"]) == (409, "UPLOADING")
    assert (await look.video(str(video.id))).deleted_at is None


async def test_videos_are_grouped_as_people_see_them(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows
) -> None:
    groups = {
        "drafts": [VideoStatus.DRAFT],
        "editing": [VideoStatus.EDITING_QUEUED, VideoStatus.EDITING],
        "edited": [VideoStatus.EDITED],
        "uploading": [VideoStatus.UPLOAD_QUEUED, VideoStatus.UPLOADING],
        "posted": [VideoStatus.POSTED],
        "failed": [VideoStatus.FAILED_EDIT, VideoStatus.FAILED_UPLOAD, VideoStatus.CANCELLED],
    }
    for statuses in groups.values():
        for status in statuses:
            await rows.video(ana.user, status)
    await rows.video(ben.user)

    queues = (await api.get("/api/me/queues")).json()

    assert queues.pop("counts") == {name: len(statuses) for name, statuses in groups.items()}
    assert {name: sorted(video["status"] for video in videos) for name, videos in queues.items()} == {
        name: sorted(statuses) for name, statuses in groups.items()
    }


async def test_a_group_shows_its_newest_and_counts_all(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subiteya.services.get_videos.GROUP_LIMIT", 2)
    begun = datetime(2026, 11, 5, tzinfo=UTC)
    made = [await rows.video(ana.user, created_at=begun + timedelta(days=day)) for day in range(3)]

    queues = (await api.get("/api/me/queues")).json()

    assert queues["counts"]["drafts"] == 3
    assert [video["id"] for video in queues["drafts"]] == [str(made[2].id), str(made[1].id)]


async def test_me_is_who_the_key_belongs_to(ben: Person) -> None:
    answer = (await ben.client.get("/api/me")).json()

    assert (answer["id"], answer["name"]) == (str(ben.user.id), "Ben")
