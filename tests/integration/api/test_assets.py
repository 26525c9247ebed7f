"""Files for patterns: brought by form or directly, looked at, named, and deleted when nobody needs them."""

from __future__ import annotations

import asyncio
import io
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from sqlalchemy import update

from fixtures.clips import render
from fixtures.rows import Rows
from integration.api.conftest import Look, Person
from subiteya.db.models import Asset, Job, Upload, Video
from subiteya.domain.assets import FIELDS, AssetKind
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.services.expire_uploads import expire_uploads

CUBE = b"LUT_3D_SIZE 2\n" + b"0 1 0\n" * 8
PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"
SVG = b'<?xml version="1.0"?><!-- drawn --><svg xmlns="http://www.w3.org/2000/svg"></svg>'


def image_of(kind: str, size: tuple[int, int] = (64, 32), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (255, 80, 0)).save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("music")
    return render(folder / "m.mp3", "-f", "lavfi", "-i", "sine=frequency=1000:duration=2").read_bytes()


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip that lasts longer than an intro may, without sound."""
    path: Path = tmp_path_factory.mktemp("endless") / "e.mp4"
    return render(path, "-f", "lavfi", "-i", "color=red:s=64x64:r=1:d=130", "-c:v", "libx264").read_bytes()


async def bring(api: httpx2.AsyncClient, data: bytes, kind: str | None = None) -> httpx2.Response:
    fields = {} if kind is None else {"kind": kind}
    return await api.post("/api/assets", data=fields, files={"file": ("verano.bin", data)})


async def kept(api: httpx2.AsyncClient, data: bytes, kind: str | None = None) -> dict[str, Any]:
    answer = await bring(api, data, kind)
    assert answer.status_code == 201, answer.text
    asset: dict[str, Any] = answer.json()
    return asset


async def make_pattern(api: httpx2.AsyncClient, spec: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post("/api/patterns", json={"name": "Luz", "spec": spec})
    assert answer.status_code == 201, answer.text
    pattern: dict[str, Any] = answer.json()
    return pattern


async def test_a_form_brings_music_that_a_pattern_names_and_a_browser_plays(
    api: httpx2.AsyncClient, ana: Person, browser: httpx2.AsyncClient, music: bytes, look: Look
) -> None:
    made = await kept(api, music, "music")

    assert made["key"] == f"assets/{ana.user.id}/{made['id']}.mp3"
    assert (made["content_type"], made["size_bytes"]) == ("audio/mpeg", len(music))
    assert made["facts"]["seconds"] == pytest.approx(2, abs=0.2)
    assert await look.keys() == [made["key"]]
    pattern = await make_pattern(api, {"sound": {"music_key": made["key"]}})
    [listed] = (await api.get("/api/assets")).json()["assets"]
    assert listed["used_by"] == [{"what": "pattern", "id": pattern["id"], "name": "Luz"}]
    assert (await api.get("/api/assets", params={"kind": "lut"})).json()["assets"] == []
    going = await api.get(f"/api/assets/{made['id']}/content")
    played = await browser.get(going.headers["location"])
    assert (going.status_code, played.headers["content-type"]) == (307, "audio/mpeg")
    assert played.content == music


async def test_what_a_file_is_for_is_found_out(
    api: httpx2.AsyncClient, music: bytes, clip: bytes, look: Look
) -> None:
    cases = [
        (image_of("PNG"), "logo", ".png", {"width": 64, "height": 32}),
        (CUBE, "lut", ".cube", {"steps": 2}),
        (music, "music", ".mp3", {"channels": 1}),
        (clip, "intro", ".mp4", {"width": 180, "height": 320, "has_sound": True}),
    ]
    for data, kind, ending, facts in cases:
        made = await kept(api, data)
        assert (made["kind"], made["key"][-len(ending) :]) == (kind, ending)
        assert facts.items() <= made["facts"].items()
        assert await look.bytes(made["key"]) == data


async def test_an_intro_may_be_an_image_and_a_phones_photo_stands_upright(api: httpx2.AsyncClient) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # the orientation tag: rotate by 90 degrees
    made = await kept(api, image_of("JPEG", exif=turned), "intro")
    assert (made["kind"], made["key"][-4:], made["facts"]) == ("intro", ".jpg", {"width": 32, "height": 64})


async def test_a_direct_upload_becomes_one_file_however_often_it_is_asked_for(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes, look: Look
) -> None:
    wanted = {"filename": "outro.mp4", "size_bytes": len(clip), "kind": "outro"}
    started = (await api.post("/api/assets/upload-url", json=wanted)).json()
    body = {"key": started["key"], "kind": "outro"}
    early = await api.post("/api/assets", json=body)
    await browser.request(started["method"], started["url"], content=clip, headers=started["headers"])

    answers = await asyncio.gather(*(api.post("/api/assets", json=body) for _ in range(3)))
    later = await api.post("/api/assets", json=body)

    assert (early.status_code, early.json()["code"]) == (422, "upload_incomplete")
    assert {answer.status_code for answer in [*answers, later]} == {201}, [each.text for each in answers]
    assert len({answer.json()["id"] for answer in [*answers, later]}) == 1
    assert (later.json()["kind"], later.json()["filename"]) == ("outro", "outro.mp4")
    assert await look.keys() == [later.json()["key"]]
    video = await api.post("/api/videos", json={"key": started["key"]})
    assert (video.status_code, video.json()["code"]) == (409, "wrong_state")


async def test_more_than_such_a_file_may_have_is_not_even_signed(api: httpx2.AsyncClient) -> None:
    for kind, size in [("music", 65 * 2**20), ("lut", 13 * 2**20), (None, 513 * 2**20)]:
        body = {"filename": "a", "size_bytes": size, "kind": kind}
        answer = await api.post("/api/assets/upload-url", json=body)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_what_is_of_no_use_is_refused_by_name_and_not_kept(
    api: httpx2.AsyncClient, music: bytes, endless: bytes, clip: bytes, look: Look
) -> None:
    cases: list[tuple[str | None, bytes, str, str]] = [
        ("logo", SVG, "bad_image", "SVG"),
        ("intro", SVG, "bad_image", "SVG"),
        (None, SVG, "bad_image", "SVG"),
        ("background", image_of("GIF"), "bad_image", "GIF"),
        ("background", b"\0\0\0\x1cftypheic" + bytes(64), "bad_image", "HEIC"),
        ("logo", image_of("PNG", (8000, 6000)), "bad_image", "40 million pixels"),
        ("logo", image_of("PNG")[:60], "bad_image", "broken"),
        ("logo", clip, "bad_image", "neither PNG"),
        ("lut", b"LUT_1D_SIZE 2\n0 0 0\n1 1 1\n", "bad_input", "one-dimensional"),
        ("lut", b"\n" * 2**20, "bad_input", "lines"),
        ("lut", image_of("PNG"), "bad_input", "makes no sense"),
        ("music", PLAYLIST, "bad_asset", "container"),
        ("music", CONCAT, "bad_asset", "container"),
        ("music", endless, "bad_asset", "no sound"),
        ("music", image_of("PNG"), "bad_asset", "container"),
        ("intro", PLAYLIST, "bad_asset", "container"),
        ("intro", music, "bad_asset", "container"),
        ("outro", endless, "bad_asset", "too long"),
        (None, PLAYLIST, "bad_asset", "neither an image nor"),
        (None, bytes(5000), "bad_asset", "neither an image nor"),
        ("banner", music, "bad_input", "allowed values"),
    ]
    for kind, data, code, words in cases:
        answer = await bring(api, data, kind)
        assert (answer.status_code, answer.json()["code"]) == (422, code), (kind, data[:20], answer.text)
        assert words in answer.json()["why"], answer.text
    assert (await bring(api, bytes(13 * 2**20), "lut")).status_code == 413
    assert (await api.post("/api/assets", content=b"x")).json()["code"] == "wrong_type"
    assert (await api.post("/api/assets", data={"kind": "lut"})).status_code == 415
    assert await look.keys() == []
    assert (await look.count(Asset), await look.count(Upload)) == (0, 0)


async def test_a_pattern_takes_each_kind_by_its_own_address_and_gives_it_back(
    api: httpx2.AsyncClient, music: bytes, clip: bytes
) -> None:
    pattern = await make_pattern(api, {})
    files = {"background": image_of("PNG"), "lut": CUBE, "music": music, "intro": clip, "outro": clip}
    for kind, data in files.items():
        address = f"/api/patterns/{pattern['id']}/{kind}"
        put = await api.post(address, files={"file": ("a", data)})
        assert put.status_code == 200, put.text
        spec = PatternSpec.parse(put.json()["spec"])
        assert list(spec.asset_keys()) == [FIELDS[AssetKind(kind)]]
        assert (spec.layout.background == "image") is (kind == "background")
        cleared = await api.delete(address)
        spec = PatternSpec.parse(cleared.json()["spec"])
        assert (spec.asset_keys(), spec.layout.background) == ({}, "blur")
    assert len((await api.get("/api/assets")).json()["assets"]) == len(files)


async def test_a_file_in_use_stays_and_a_deleted_one_is_never_named_again(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, music: bytes, look: Look
) -> None:
    made = await kept(api, music, "music")
    spec = {"sound": {"music_key": made["key"]}}
    pattern = await make_pattern(api, spec)
    video = await rows.video(ana.user, VideoStatus.EDITING_QUEUED, spec=spec)
    address = f"/api/assets/{made['id']}"

    used = await api.delete(address)
    await api.delete(f"/api/patterns/{pattern['id']}")
    waited_for = await api.delete(address)
    async with look.resources.db.begin() as session:
        session.add(
            Job(
                id=f"edit-{video.id}",
                queue="video-edit",
                user_id=ana.user.id,
                video_id=video.id,
                priority=5,
                status=JobStatus.DONE,
                max_attempts=4,
                not_before=datetime.now(UTC),
            )
        )
        await session.execute(update(Video).where(Video.id == video.id).values(status=VideoStatus.EDITED))
    gone = [await api.delete(address) for _ in range(2)]

    assert (used.status_code, used.json()["code"]) == (409, "asset_in_use")
    assert used.json()["used_by"] == "Luz, Clip"
    assert (waited_for.status_code, waited_for.json()["used_by"]) == (409, "Clip")
    assert [answer.status_code for answer in gone] == [204, 204]
    assert await look.keys() == []
    assert (await api.get(address)).status_code == 404
    assert (await api.get("/api/assets")).json()["assets"] == []
    again = await api.post("/api/patterns", json={"name": "Sol", "spec": spec})
    assert (again.json()["code"], again.json()["what"]) == ("bad_pattern", "sound.music_key")
    fresh = await rows.video(ana.user)
    confirmed = await api.post(f"/api/videos/{fresh.id}/confirm", json={"spec": spec})
    assert (confirmed.json()["code"], confirmed.json()["what"]) == ("bad_pattern", "sound.music_key")
    rerun = await api.post(f"/api/videos/{video.id}/retry")
    assert (rerun.json()["code"], rerun.json()["what"]) == ("bad_pattern", "sound.music_key")


async def test_another_name_changes_nothing_else(api: httpx2.AsyncClient) -> None:
    made = await kept(api, CUBE)
    answer = await api.patch(f"/api/assets/{made['id']}", json={"filename": "../cálido.cube"})
    assert answer.json() == made | {"filename": "cálido.cube"}
    assert (await api.get(f"/api/assets/{made['id']}")).json() == answer.json()


async def test_what_a_dead_process_left_of_a_file_is_swept(look: Look, ana: Person) -> None:
    upload = Upload(
        id=uuid.uuid4(),
        user_id=ana.user.id,
        key=f"temp/{ana.user.id}/{uuid.uuid4()}",
        kind="form",
        filename="a.mp3",
        content_type="audio/mpeg",
        expires_at=datetime.now(UTC) - timedelta(minutes=1),
    )
    key = f"assets/{ana.user.id}/{upload.id}.mp3"
    objects = look.resources.storage.objects
    for each in (upload.key, key):
        await objects.put_bytes(each, b"half", content_type="audio/mpeg")
    async with look.resources.db.begin() as session:
        session.add(upload)

    assert await expire_uploads(look.resources) == 1

    assert await look.keys() == []


async def test_what_became_a_file_outlives_its_uploads_row(api: httpx2.AsyncClient, look: Look) -> None:
    made = await kept(api, CUBE)
    async with look.resources.db.begin() as session:
        await session.execute(update(Upload).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    await expire_uploads(look.resources)
    assert await look.keys() == [made["key"]]
