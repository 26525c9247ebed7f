"""Brand patterns, their logos, and accounts."""

from __future__ import annotations

import io
import uuid
from typing import Any

import httpx2
import pytest
from PIL import Image

from fixtures.rows import Rows
from integration.api.conftest import Look, Person, UploadClip

SPEC = {"effects": {"look": "vibrant"}, "logo": {"opacity": 0.5}}


async def make(api: httpx2.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await api.post("/api/patterns", json={"name": "Luz", "spec": SPEC} | values)
    assert answer.status_code == 201, answer.text
    pattern: dict[str, Any] = answer.json()
    return pattern


async def test_a_pattern_is_kept_with_everything_that_was_left_out(api: httpx2.AsyncClient) -> None:
    made = await make(api)

    read = (await api.get(f"/api/patterns/{made['id']}")).json()
    listed = (await api.get("/api/patterns")).json()["patterns"]

    assert read == made
    assert listed == [made]
    assert (made["name"], made["version"]) == ("Luz", 1)
    assert (made["spec"]["effects"]["look"], made["spec"]["logo"]["opacity"]) == ("vibrant", 0.5)
    assert (made["spec"]["version"], made["spec"]["subtitles"]["source"]) == (2, "video")


async def test_saving_makes_the_next_version_and_a_stale_one_is_refused(api: httpx2.AsyncClient) -> None:
    made = await make(api)
    path = f"/api/patterns/{made['id']}"

    first = await api.put(path, json={"name": "Sol", "spec": {}, "version": 1})
    stale = await api.put(path, json={"name": "Luna", "spec": {}, "version": 1})

    assert (first.status_code, first.json()["name"], first.json()["version"]) == (200, "Sol", 2)
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "stale_version", 2)
    assert (await api.get(path)).json()["name"] == "Sol"


async def test_a_deleted_pattern_lives_on_in_the_videos_it_was_frozen_into(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    made = await make(api)
    video = await upload_clip(ana)
    await api.post(f"/api/videos/{video['id']}/confirm", json={"pattern_id": made["id"]})

    answer = await api.delete(f"/api/patterns/{made['id']}")

    assert answer.status_code == 204
    assert (await api.get(f"/api/patterns/{made['id']}")).status_code == 404
    row = await look.video(video["id"])
    assert row.pattern_id is None
    assert (row.spec or {})["effects"]["look"] == "vibrant"


async def test_a_pattern_with_a_mistake_is_refused_with_the_fields_name(
    api: httpx2.AsyncClient, ben: Person
) -> None:
    theirs = f"assets/{ben.user.id}/{uuid.uuid4()}.png"
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"spec": {"effects": {"contrast": 2}}}, "bad_pattern", "effects.contrast"),
        ({"spec": {"logo": {"key": theirs}}}, "bad_pattern", "logo.key"),
        ({"spec": {"version": 3}}, "bad_pattern", "version"),
        ({"spec": "x"}, "bad_input", "body.spec"),
        ({"name": ""}, "bad_input", "body.name"),
        ({"colour": "red"}, "bad_input", "body.colour"),
    ]
    for body, code, what in cases:
        answer = await api.post("/api/patterns", json={"name": "Luz", "spec": SPEC} | body)
        assert (answer.status_code, answer.json()["code"], answer.json()["what"]) == (422, code, what)


async def test_a_logo_is_kept_and_named_in_the_pattern(
    api: httpx2.AsyncClient, ana: Person, look: Look, logo: bytes
) -> None:
    made = await make(api)

    answer = await api.post(f"/api/patterns/{made['id']}/logo", files={"file": ("x.gif", logo)})

    assert answer.status_code == 200, answer.text
    key = answer.json()["spec"]["logo"]["key"]
    assert key.startswith(f"assets/{ana.user.id}/")
    assert key.endswith(".png")
    assert answer.json()["version"] == 2
    assert answer.json()["spec"]["logo"]["opacity"] == 0.5
    assert await look.bytes(key) == logo
    saved = await api.put(
        f"/api/patterns/{made['id']}", json={"name": "Luz", "spec": answer.json()["spec"], "version": 2}
    )
    assert saved.status_code == 200, saved.text


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (8000, 6000)).save(out, "PNG")
    return out.getvalue()


async def test_what_is_no_logo_is_refused_and_not_kept(
    api: httpx2.AsyncClient, look: Look, logo: bytes
) -> None:
    path = f"/api/patterns/{(await make(api))['id']}/logo"
    cases: list[tuple[str, bytes, int, str]] = [
        ("file", b"no image", 422, "bad_image"),
        ("file", logo[: len(logo) // 2], 422, "bad_image"),
        ("file", bomb(), 422, "bad_image"),
        ("file", bytes(11 * 2**20), 413, "too_large"),
        ("image", logo, 422, "bad_input"),
    ]
    for field, data, status, code in cases:
        answer = await api.post(path, files={field: ("logo.png", data)})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = await api.post(path, json={})
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_type")
    assert await look.keys() == []


async def test_accounts_are_listed_without_their_tokens(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user, access_token="v1.sealed.a", refresh_token="v1.sealed.r")
    await rows.account(ben.user)

    answer = await api.get("/api/accounts")

    assert [seen["id"] for seen in answer.json()["accounts"]] == [str(account.id)]
    assert answer.json()["accounts"][0]["scopes"] == ["user.info.basic", "video.publish", "video.upload"]
    assert "sealed" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_pattern_that_never_was_is_not_found(api: httpx2.AsyncClient, method: str) -> None:
    answer = await api.request(
        method, f"/api/patterns/{uuid.uuid4()}", json={"name": "x", "spec": {}, "version": 1}
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
