"""The schema of patterns, and a frame to look at before confirming."""

from __future__ import annotations

import io
import uuid
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from integration.api.conftest import HERE, Person, UploadClip
from subiteya.domain.keys import asset_key
from subiteya.domain.pattern import PatternSpec
from subiteya.services import preview_pattern


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


async def test_the_sample_is_shown_when_no_video_is_named(api: httpx2.AsyncClient) -> None:
    grey = await shown(api, spec={"effects": {"look": "grayscale"}}, second=0.1)
    assert grey.size == (540, 960)
    red, _, blue = np.moveaxis(np.asarray(grey).astype(int), 2, 0)
    assert np.abs(red - blue).max() < 25
    captioned = await shown(api, second=1.0, spec={"subtitles": {"size_percent": 5}})
    bare = await shown(api, second=1.0, spec={"subtitles": {"source": "none"}})
    assert captioned.tobytes() != bare.tobytes()


async def test_a_source_is_fetched_once(
    app: FastAPI, ana: Person, upload_clip: UploadClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = await upload_clip(ana)
    first = await shown(ana.client, video_id=video["id"], second=0.2, format="png")
    folder = app.state.previews.folder
    for source in (folder / "sources").iterdir():
        source.unlink()
    kept = await shown(ana.client, video_id=video["id"], second=0.2, format="png")
    assert kept.tobytes() == first.tobytes()
    assert list((folder / "sources").iterdir()) == []

    monkeypatch.setattr(preview_pattern, "STILLS", 2)
    for second in (0.0, 0.4, 0.8):
        await shown(ana.client, video_id=video["id"], second=second)
    assert len(list((folder / "stills").iterdir())) == 2
    assert len(list((folder / "sources").iterdir())) == 1
    assert [path.name for path in folder.iterdir() if path.name.startswith("draw-")] == []


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
        assert (await anybody.post("/api/patterns/preview", json={})).status_code == 401
