"""POST /api/videos/upload-url, the browser's PUT, and POST /api/videos with the key."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from integration.api.conftest import SRT, LimitUploads, Look, Person
from subiteya.db.models import Upload, Video
from subiteya.services.resources import Resources


async def start(api: httpx2.AsyncClient, size: int, **values: object) -> dict[str, Any]:
    body = {"filename": "pan.mp4", "content_type": "video/mp4", "size_bytes": size} | values
    answer = await api.post("/api/videos/upload-url", json=body)
    assert answer.status_code == 200, answer.text
    started: dict[str, Any] = answer.json()
    return started


async def put(browser: httpx2.AsyncClient, started: dict[str, Any], body: bytes) -> int:
    answer = await browser.request(
        started["method"], started["url"], content=body, headers=started["headers"]
    )
    return answer.status_code


@pytest.fixture
async def key(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes) -> str:
    """The key of a finished upload of Ana's."""
    started = await start(api, len(clip))
    assert await put(browser, started, clip) == 200
    return str(started["key"])


async def test_a_direct_upload_becomes_a_video(
    api: httpx2.AsyncClient, ana: Person, key: str, look: Look, clip: bytes
) -> None:
    answer = await api.post(
        "/api/videos",
        json={"key": key, "title": "Pan", "subtitles": {"name": "pan.srt", "text": SRT}},
    )

    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert (video["status"], video["title"], video["subtitles"]) == ("DRAFT", "Pan", True)
    assert await look.keys() == [f"videos/{ana.user.id}/{video['id']}/source.mp4"]
    assert await look.bytes((await look.video(video["id"])).source_key) == clip


async def test_the_seeds_address_names_an_upload_too(
    api: httpx2.AsyncClient, key: str, resources: Resources
) -> None:
    address = f"s3://{resources.storage.bucket.name}/{key}"

    answer = await api.post("/api/videos", json={"srcUrl": address})

    assert answer.status_code == 201, answer.text


async def test_another_buckets_address_is_refused(api: httpx2.AsyncClient, key: str) -> None:
    answer = await api.post("/api/videos", json={"srcUrl": f"s3://somebody-elses/{key}"})

    assert answer.status_code == 422


async def test_the_storage_takes_only_the_announced_bytes(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes, look: Look
) -> None:
    started = await start(api, len(clip))

    assert await put(browser, started, clip + b"x") == 403
    assert await put(browser, started | {"headers": {"Content-Type": "text/html"}}, clip) == 403
    assert await look.keys() == []


async def test_a_type_that_is_no_videos_is_signed_as_plain_bytes(api: httpx2.AsyncClient) -> None:
    started = await start(api, 10, content_type="text/html; charset=utf-8")

    assert started["headers"] == {"Content-Type": "application/octet-stream"}


async def test_the_same_key_twice_is_one_video(api: httpx2.AsyncClient, key: str, look: Look) -> None:
    first = await api.post("/api/videos", json={"key": key})
    second = await api.post("/api/videos", json={"key": key, "title": "Another"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert await look.count(Video) == 1


async def test_the_same_key_five_times_at_once_is_one_video(
    api: httpx2.AsyncClient, key: str, look: Look
) -> None:
    answers = await asyncio.gather(*(api.post("/api/videos", json={"key": key}) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await look.count(Video) == 1
    assert len(await look.keys()) == 1


async def test_an_attempt_that_died_after_the_move_is_taken_up(
    api: httpx2.AsyncClient, ana: Person, key: str, look: Look, resources: Resources
) -> None:
    video_id = uuid.uuid4()
    async with resources.db.begin() as session:
        await session.execute(update(Upload).where(Upload.key == key).values(video_id=video_id))
    await resources.storage.copies.move_to_videos(key, user_id=ana.user.id, video_id=video_id)

    answer = await api.post("/api/videos", json={"key": key})

    assert (answer.status_code, answer.json()["id"]) == (201, str(video_id))
    assert len(await look.keys()) == 1


async def test_a_late_put_cannot_change_the_video(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes, look: Look
) -> None:
    started = await start(api, len(clip))
    await put(browser, started, clip)
    video = (await api.post("/api/videos", json={"key": started["key"]})).json()

    assert await put(browser, started, bytes(len(clip))) == 200

    assert await look.bytes((await look.video(video["id"])).source_key) == clip


async def test_bytes_that_have_not_come_are_missed(api: httpx2.AsyncClient, look: Look) -> None:
    started = await start(api, 1000)

    answer = await api.post("/api/videos", json={"key": started["key"]})

    assert (answer.status_code, answer.json()["code"]) == (422, "upload_incomplete")
    assert (await look.upload(started["key"])).status == "open"


async def test_what_is_no_video_is_removed(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, look: Look
) -> None:
    started = await start(api, 5000)
    await put(browser, started, b"plain" * 1000)

    answer = await api.post("/api/videos", json={"key": started["key"]})
    again = await api.post("/api/videos", json={"key": started["key"]})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_video")
    assert (again.status_code, again.json()["state"]) == (409, "aborted")
    assert await look.keys() == []
    assert await look.count(Video) == 0


async def test_a_deleted_videos_key_does_not_bring_it_back(api: httpx2.AsyncClient, key: str) -> None:
    video = (await api.post("/api/videos", json={"key": key})).json()
    await api.delete(f"/api/videos/{video['id']}")

    answer = await api.post("/api/videos", json={"key": key})

    assert (answer.status_code, answer.json()["state"]) == (409, "used")


async def test_anothers_key_does_not_exist(ben: Person, key: str, look: Look) -> None:
    answer = await ben.client.post("/api/videos", json={"key": key})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await look.keys() == [key]


async def test_a_key_that_was_never_given_does_not_exist(api: httpx2.AsyncClient) -> None:
    for key in ["temp/x", "../../etc/passwd", "", str(uuid.uuid4())]:
        answer = await api.post("/api/videos", json={"key": key})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), key


async def test_a_file_above_the_limit_is_not_promised_a_place(
    api: httpx2.AsyncClient, limit_uploads: LimitUploads, look: Look
) -> None:
    limit_uploads(1_000_000)

    answer = await api.post("/api/videos/upload-url", json={"filename": "a.mp4", "size_bytes": 1_000_001})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await look.count(Upload) == 0


async def test_more_than_one_put_carries_is_sent_to_multipart(
    api: httpx2.AsyncClient, limit_uploads: LimitUploads
) -> None:
    limit_uploads(20 * 2**30)

    answer = await api.post("/api/videos/upload-url", json={"filename": "a.mp4", "size_bytes": 6 * 2**30})

    assert (answer.status_code, answer.json()["code"]) == (413, "use_multipart")
    assert "/api/s3/multipart" in answer.json()["detail"]


async def test_json_that_is_not_right_is_refused_with_the_fields_name(api: httpx2.AsyncClient) -> None:
    for body, field in [
        ({}, "body"),
        ({"key": "a", "srcUrl": "s3://a/b"}, "body"),
        ({"key": "a", "unknown": 1}, "body.unknown"),
        ({"key": "a", "title": "a\x00b"}, "body.title"),
        ({"key": "a", "title": "half \ud83d"}, "body"),
        ({"key": "a", "subtitles": {"name": "a.srt"}}, "body.subtitles.text"),
    ]:
        answer = await api.post(
            "/api/videos", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_input"), body
        assert answer.json()["errors"][0]["field"].startswith(field)


async def test_no_json_at_all_is_refused(api: httpx2.AsyncClient) -> None:
    answer = await api.post(
        "/api/videos", content=b"{", headers={"Content-Type": "application/json; charset=utf-8"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
