"""Nobody sees or changes what is another's: every route, one by one."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI

from fixtures.rows import Rows
from integration.api.conftest import HERE, SRT, Look, Person
from subiteya.db.models import Asset, BrandPattern, Upload
from subiteya.domain.assets import AssetKind
from subiteya.domain.consent import VERSION
from subiteya.domain.keys import temp_key
from subiteya.domain.states import VideoStatus
from subiteya.services.resources import Resources
from subiteya.services.start_upload import new_upload

PATTERN: Final = {"name": "Mine now", "spec": {}, "version": 1}
POSTS: Final = {"consent_version": VERSION, "posts": [{"privacy_level": "SELF_ONLY"}]}
ROUTES: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("GET", "/api/videos/{video_id}", {}),
    ("DELETE", "/api/videos/{video_id}", {}),
    ("GET", "/api/videos/{video_id}/events", {}),
    ("GET", "/api/videos/{video_id}/download", {}),
    ("POST", "/api/videos/{video_id}/confirm", {}),
    ("POST", "/api/videos/{video_id}/queue-upload", {}),
    ("POST", "/api/videos/{video_id}/posts", {"json": POSTS}),
    ("GET", "/api/posts/{post_id}", {}),
    ("PATCH", "/api/posts/{post_id}", {"json": {"send_now": True}}),
    ("DELETE", "/api/posts/{post_id}", {}),
    ("POST", "/api/posts/{post_id}/retry", {}),
    ("POST", "/api/posts/{post_id}/check-now", {}),
    ("PATCH", "/api/accounts/{account_id}", {"json": {"time_zone": "Europe/Madrid"}}),
    ("DELETE", "/api/accounts/{account_id}", {}),
    ("GET", "/api/accounts/{account_id}", {}),
    ("GET", "/api/accounts/{account_id}/slots", {}),
    ("PUT", "/api/accounts/{account_id}/slots", {"json": {"slots": []}}),
    ("GET", "/api/accounts/{account_id}/slots/next", {}),
    ("GET", "/api/accounts/{account_id}/budget", {}),
    ("GET", "/api/accounts/{account_id}/creator", {}),
    ("POST", "/api/videos/{video_id}/cancel", {}),
    ("POST", "/api/videos/{video_id}/retry", {}),
    ("PUT", "/api/videos/{video_id}/priority", {"json": {"priority": "HIGH"}}),
    ("GET", "/api/videos/{video_id}/subtitles", {}),
    ("POST", "/api/videos/{video_id}/subtitles/transcribe", {}),
    ("DELETE", "/api/videos/{video_id}/subtitles/transcribe", {}),
    ("GET", "/api/videos/{video_id}/preflight", {}),
    ("PUT", "/api/videos/{video_id}/subtitles", {"json": {"name": "a.srt", "text": SRT}}),
    ("GET", "/api/patterns/{pattern_id}", {}),
    ("PUT", "/api/patterns/{pattern_id}", {"json": PATTERN}),
    ("DELETE", "/api/patterns/{pattern_id}", {}),
    ("POST", "/api/patterns/{pattern_id}/{kind}", {"files": {"file": ("a.png", b"x")}}),
    ("DELETE", "/api/patterns/{pattern_id}/{kind}", {}),
    ("GET", "/api/assets/{asset_id}", {}),
    ("GET", "/api/assets/{asset_id}/content", {}),
    ("PATCH", "/api/assets/{asset_id}", {"json": {"filename": "mine.png"}}),
    ("DELETE", "/api/assets/{asset_id}", {}),
    ("GET", "/api/s3/multipart/{upload_id}", {}),
    ("GET", "/api/s3/multipart/{upload_id}/batch", {"params": {"partNumbers": "1"}}),
    ("GET", "/api/s3/multipart/{upload_id}/{part_number}", {}),
    ("POST", "/api/s3/multipart/{upload_id}/complete", {"json": {"parts": []}}),
    ("DELETE", "/api/s3/multipart/{upload_id}", {}),
]
"""Every route that names a thing."""

OPEN: Final = {"/api/health", "/api/ready", "/api/webhooks/tiktok"}
"""Answers without a key; the last one asks for TikTok's signature instead."""


@pytest.fixture
async def theirs(ben: Person, rows: Rows, resources: Resources) -> dict[str, Any]:
    """Ben's things by the name of the path parameter, and the key of his upload."""
    video = await rows.video(ben.user, VideoStatus.EDITED, edited_key="videos/x/edited.mp4", edited_bytes=1)
    pattern = BrandPattern(id=uuid.uuid4(), user_id=ben.user.id, name="Ben's", spec={}, version=1)
    account = await rows.account(ben.user)
    post = await rows.post(video, account)
    upload = new_upload("multipart", user_id=ben.user.id, filename="a.mp4", content_type="", size=10)
    upload.s3_upload_id, upload.part_size = "s3", 10
    asset_id = uuid.uuid4()
    asset = Asset(
        id=asset_id,
        user_id=ben.user.id,
        kind=AssetKind.LOGO,
        key=f"assets/{ben.user.id}/{asset_id}.png",
        filename="ben.png",
        content_type="image/png",
        facts={},
    )
    async with resources.db.begin() as session:
        session.add_all([pattern, upload, asset])
    return {
        "video_id": video.id,
        "pattern_id": pattern.id,
        "post_id": post.id,
        "account_id": account.id,
        "asset_id": asset_id,
        "kind": "logo",
        "upload_id": upload.id,
        "part_number": 1,
        "key": upload.key,
    }


def test_every_route_that_names_a_thing_is_tested_here(app: FastAPI) -> None:
    named = {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if "{" in path and path.startswith("/api/")
    }

    assert named == {(method, path) for method, path, _ in ROUTES}


async def test_anothers_things_do_not_exist(
    ana: Person, ben: Person, theirs: dict[str, Any], rows: Rows, look: Look
) -> None:
    await rows.account(ana.user)
    for method, path, request in ROUTES:
        params = {"key": theirs["key"]} | request.get("params", {})
        answer = await ana.client.request(method, path.format(**theirs), **request | {"params": params})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}"
    assert (await look.video(str(theirs["video_id"]))).status is VideoStatus.EDITED
    assert (await look.upload(theirs["key"])).status == "open"
    assert (await ben.client.get(f"/api/patterns/{theirs['pattern_id']}")).json()["name"] == "Ben's"


async def test_unknown_things_look_just_like_anothers(ana: Person, theirs: dict[str, Any]) -> None:
    unknown = {name: uuid.uuid4() for name in theirs} | {
        "part_number": 1,
        "kind": "logo",
        "key": temp_key(ana.user.id),
    }
    for method, path, request in ROUTES:
        answers = []
        for things in (theirs, unknown):
            params = {"key": things["key"]} | request.get("params", {})
            answer = await ana.client.request(method, path.format(**things), **request | {"params": params})
            answers.append((answer.status_code, answer.json() | {"request_id": None}))
        assert answers[0] == answers[1], f"{method} {path}"


@pytest.mark.usefixtures("theirs")
async def test_lists_hold_only_what_is_mine(ana: Person) -> None:
    videos = (await ana.client.get("/api/videos")).json()["videos"]
    patterns = (await ana.client.get("/api/patterns")).json()["patterns"]
    assets = (await ana.client.get("/api/assets")).json()["assets"]
    queues = (await ana.client.get("/api/me/queues")).json()

    assert (videos, patterns, assets, queues["edited"], queues["counts"]["edited"]) == ([], [], [], [], 0)


async def test_anothers_pattern_cannot_be_worn(ana: Person, theirs: dict[str, Any], rows: Rows) -> None:
    mine = await rows.video(ana.user)

    answer = await ana.client.post(
        f"/api/videos/{mine.id}/confirm", json={"pattern_id": str(theirs["pattern_id"])}
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_without_a_key_nothing_is_told(app: FastAPI, theirs: dict[str, Any], look: Look) -> None:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=HERE) as nobody:
        for path, methods in app.openapi()["paths"].items():
            if path in OPEN or not path.startswith("/api/"):
                continue
            for method in methods:
                # Ids of things that exist: whoever has no key must not learn even that.
                address = re.sub(r"\{(\w+)\}", lambda found: str(theirs[found[1]]), path)
                answer = await nobody.request(method, address)
                assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), path
    assert await look.count(Upload) == 1
