"""The schema of patterns, and a frame to look at before confirming."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import uuid
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.types import Message

from fixtures.rows import Rows
from integration.api.conftest import HERE, Person, UploadClip
from subiteya.domain.keys import asset_key
from subiteya.domain.pattern import PatternSpec
from subiteya.media.probe import probe


async def shown(api: httpx2.AsyncClient, **wish: Any) -> Image.Image:
    answer = await api.post("/api/patterns/preview", json=wish)
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == f"image/{(image.format or '').lower()}"
    return image.convert("RGB")


def orange(image: Image.Image) -> float:
    """How much of a picture has the logo's colour."""
    red, green, blue = np.moveaxis(np.asarray(image).astype(int), 2, 0)
    return float(((red > 190) & (green > 50) & (green < 120) & (blue < 50)).mean())


async def test_the_schema_is_that_of_the_specification(api: httpx2.AsyncClient) -> None:
    answer = await api.get("/api/patterns/schema")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    schema = answer.json()
    assert schema.pop("$schema").startswith("https://json-schema.org/")
    assert schema == PatternSpec.model_json_schema()


async def test_a_frame_of_a_video_shows_the_pattern(
    ana: Person, upload_clip: UploadClip, logo: bytes
) -> None:
    video = await upload_clip(ana)
    made = (await ana.client.post("/api/patterns", json={"name": "Luz", "spec": {}})).json()
    branded = await ana.client.post(f"/api/patterns/{made['id']}/logo", files={"file": ("a.png", logo)})
    spec = {"logo": branded.json()["spec"]["logo"] | {"width_percent": 50, "opacity": 1}}

    plain = await shown(ana.client, video_id=video["id"], second=0.5, format="png")
    with_logo = await shown(ana.client, video_id=video["id"], second=0.5, spec=spec, format="png")
    photo = await shown(ana.client, video_id=video["id"], second=0.5, spec=spec)

    assert plain.size == with_logo.size == photo.size
    bare = orange(plain)
    assert orange(with_logo) > bare + 0.03
    assert orange(photo) > bare + 0.03


async def test_a_frame_is_shown_as_an_account_would_get_it(
    ana: Person, ben: Person, rows: Rows, upload_clip: UploadClip
) -> None:
    video = (await upload_clip(ana))["id"]
    grey, named = {"effects": {"look": "grayscale"}}, {"texts": [{"text": "{{account.nickname}}"}]}
    made = (await ana.client.post("/api/patterns", json={"name": "Gris", "spec": grey})).json()
    await rows.account(ana.user, username="first", nickname="WWWWWWWW")
    account = str((await rows.account(ana.user, username="luz", nickname="Luz", pattern_id=made["id"])).id)
    theirs = str((await rows.account(ben.user)).id)

    for_her = await shown(ana.client, video_id=video, spec=named, account_id=account, format="png")
    by_hand = await shown(ana.client, video_id=video, spec={**grey, **named}, format="png")
    answer = await ana.client.post("/api/patterns/preview", json={"account_id": theirs})

    red, _, blue = np.moveaxis(np.asarray(for_her).astype(int), 2, 0)
    assert np.abs(red - blue).max() < 25, "her default pattern lies under it"
    assert for_her.tobytes() != by_hand.tobytes(), "the name is hers, not the first account's"
    assert answer.status_code == 404


async def test_the_sample_is_shown_when_no_video_is_named(api: httpx2.AsyncClient) -> None:
    grey = await shown(api, spec={"effects": {"look": "grayscale"}}, second=0.1)
    assert grey.size == (540, 960)
    red, _, blue = np.moveaxis(np.asarray(grey).astype(int), 2, 0)
    assert np.abs(red - blue).max() < 25
    captioned = await shown(api, second=1.0, spec={"subtitles": {"size_percent": 5}})
    bare = await shown(api, second=1.0, spec={"subtitles": {"source": "none"}})
    assert captioned.tobytes() != bare.tobytes()


async def test_a_source_is_fetched_once(app: FastAPI, ana: Person, upload_clip: UploadClip) -> None:
    video = await upload_clip(ana)
    wish = {"video_id": video["id"], "second": 0.2, "format": "png"}
    first = await shown(ana.client, **wish)
    shelves = app.state.previews.shelves
    await app.state.previews.copies.settled()
    for source in shelves["sources"].folder.iterdir():
        source.unlink()
    other = await shown(ana.client, **wish, spec={"effects": {"look": "sepia"}})
    assert other.tobytes() != first.tobytes()
    assert list(shelves["sources"].folder.iterdir()) == []

    shelves["stills"].most = 2
    for second in (0.0, 0.4, 0.8):
        await shown(ana.client, video_id=video["id"], second=second)
    assert len(list(shelves["stills"].folder.iterdir())) == 2
    assert list(shelves["sources"].folder.iterdir()) == [], "the small copy has every frame"
    folder = app.state.previews.folder
    assert [path.name for path in folder.iterdir() if path.name.startswith(("draw-", "copy-"))] == []


async def test_the_same_wish_is_drawn_once(app: FastAPI, ana: Person, upload_clip: UploadClip) -> None:
    video = await upload_clip(ana)
    first = await shown(ana.client, video_id=video["id"], second=0.2)
    for still in app.state.previews.shelves["stills"].folder.iterdir():
        still.unlink()
    again = await shown(ana.client, video_id=video["id"], second=0.2)
    assert again.tobytes() == first.tobytes()
    assert list(app.state.previews.shelves["stills"].folder.iterdir()) == []


async def test_three_seconds_of_the_sample_come_with_their_sound(
    api: httpx2.AsyncClient, tmp_path: Path
) -> None:
    wish = {"second": 2.0, "spec": {"sound": {"volume": 0.5}, "layout": {"target": "1:1"}}}
    answer = await api.post("/api/patterns/preview/clip", json=wish)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.content)
    found = await probe(clip)
    assert found.duration_s == pytest.approx(3, abs=0.1)
    assert [track.codec for track in found.audio] == ["aac"]
    assert found.video is not None
    assert (found.video.width, found.video.height) == (540, 540)
    assert len(answer.content) < 4_000_000


async def test_who_asks_for_too_much_at_once_is_told(api: httpx2.AsyncClient) -> None:
    wishes = [api.post("/api/patterns/preview", json={"second": number / 10}) for number in range(6)]
    answers = await asyncio.gather(*wishes)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["code"], refused.json()["retryable"]) == ("too_many_previews", True)
    assert refused.headers["retry-after"].isdecimal()
    assert (await api.post("/api/patterns/preview", json={})).status_code == 200


async def test_who_hangs_up_ends_the_work(app: FastAPI, ana: Person) -> None:
    """FFmpeg is at work when the client goes; then it is gone, and its folder too."""
    await shown(ana.client)  # the sample is there
    previews = app.state.previews
    body = json.dumps({"spec": {"effects": {"stabilise": True}}, "second": 4}).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/patterns/preview/clip", "raw_path": b"/api/patterns/preview/clip", "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {},
        "headers": [
            (b"host", b"testserver"), (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()), (b"authorization", f"Bearer {ana.key}".encode()),
        ],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []
    hangs_up = asyncio.Event()

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asking = asyncio.create_task(app(scope, receive, send))
    async with asyncio.timeout(60):
        while not programs_in(previews.folder):  # noqa: ASYNC110 - another process tells us nothing
            await asyncio.sleep(0.01)
    hangs_up.set()
    async with asyncio.timeout(20):
        await asking
    assert sent[0]["status"] == 499
    assert programs_in(previews.folder) == []
    assert [path.name for path in previews.folder.iterdir() if path.name.startswith("draw-")] == []


def programs_in(folder: Path) -> list[int]:
    """The processes that draw in a folder: a small copy is made for whoever comes next, and goes on."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            if str((process / "cwd").readlink()).startswith(f"{folder}/draw-"):
                found.append(int(process.name))
    return found


async def test_nobody_looks_through_anothers_video_or_logo(
    ana: Person, ben: Person, upload_clip: UploadClip
) -> None:
    video = await upload_clip(ana)
    of_ana = await ben.client.post("/api/patterns/preview", json={"video_id": video["id"]})
    assert (of_ana.status_code, of_ana.json()["code"]) == (404, "not_found")

    logo = asset_key(ana.user.id, ".png")
    for spec in ({"logo": {"key": logo}}, {"layout": {"background_key": logo}}):
        answer = await ben.client.post("/api/patterns/preview", json={"spec": spec})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_pattern")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"spec": {"logo": {"opacity": 7}}}, 422, "bad_pattern"),
        ({"second": -1}, 422, "bad_input"),
        ({"second": "NaN"}, 422, "bad_input"),
        ({"format": "gif"}, 422, "bad_input"),
        ({"video_id": str(uuid.uuid4())}, 404, "not_found"),
    ],
)
async def test_a_bad_wish_is_named(
    api: httpx2.AsyncClient, wish: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.post("/api/patterns/preview", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_who_is_not_signed_in_sees_no_preview(app: FastAPI) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=HERE) as anybody:
        for path in ("/api/patterns/preview", "/api/patterns/preview/clip"):
            assert (await anybody.post(path, json={})).status_code == 401
