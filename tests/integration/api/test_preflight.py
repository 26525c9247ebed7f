"""A video held against TikTok's limits before anybody waits for it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import update

from integration.api.conftest import Look, Person, UploadClip
from subiteya.db.models import Video
from subiteya.domain.measured import Measured, Region
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import FindingCode, Probe, tiktok_findings
from subiteya.http.locale import translate
from subiteya.services.check_video import SENTENCES


async def preflight(person: Person, video_id: str, **asked: str) -> dict[str, Any]:
    answer = await person.client.get(f"/api/videos/{video_id}/preflight", params=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def findings(person: Person, video_id: str, **asked: str) -> dict[str, dict[str, Any]]:
    return {found["code"]: found for found in (await preflight(person, video_id, **asked))["findings"]}


async def change(look: Look, video_id: str, **values: Any) -> None:
    async with look.resources.db.begin() as session:
        await session.execute(update(Video).where(Video.id == uuid.UUID(video_id)).values(**values))


async def test_what_any_edit_mends_has_an_empty_fix_and_the_source_is_measured_once(
    ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana)  # 180x320
    told = await preflight(ana, video["id"])
    found = {one["code"]: one for one in told["findings"]}
    assert set(found) - {"loudness"} == {"too_small"}
    assert found["too_small"]["severity"] == "error"
    assert found["too_small"]["fix"] == {}
    assert "180x320" in str(found["too_small"]["message"])
    assert told["measured"] is True
    measured = Measured.from_json((await look.video(video["id"])).measured)
    assert measured.loudness_lufs is not None
    assert measured.lit == Region()
    quiet = measured.model_copy(update={"loudness_lufs": -31.0, "lit": Region(top=0.25, bottom=0.75)})
    await change(look, video["id"], measured=quiet.to_json())
    found = await findings(ana, video["id"])
    assert (found["loudness"]["value"], found["loudness"]["fix"]) == (
        "-31.0 LUFS",
        {"sound": {"normalise": True}},
    )
    assert (found["black_bars"]["value"], found["black_bars"]["severity"]) == ("50%", "warning")


async def test_a_source_that_cannot_be_fetched_is_not_measured_and_the_rest_is_said(
    ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana)
    await look.resources.storage.objects.delete((await look.video(video["id"])).source_key)
    told = await preflight(ana, video["id"])
    assert (told["measured"], [one["code"] for one in told["findings"]]) == (False, ["too_small"])
    assert (await look.video(video["id"])).measured is None


async def test_a_clip_that_is_too_long_is_cut_by_its_fix(
    ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana)
    probe = (await look.video(video["id"])).probe
    changed = probe | {"duration_s": 700.5, "video": probe["video"] | {"transfer": "arib-std-b67"}}
    await change(look, video["id"], probe=changed, measured=Measured().to_json())
    found = await findings(ana, video["id"])
    assert found["hdr"]["severity"] == "warning"
    fix = found["duration"]["fix"]
    assert PatternSpec.merge({}, fix).time.shown_s(700.5) == 600
    assert FindingCode.DURATION in {finding.code for finding in tiktok_findings(Probe.from_json(changed))}


async def test_the_pattern_counts_with_its_cut_its_intro_and_what_it_puts_under_the_buttons(
    ana: Person, upload_clip: UploadClip, look: Look, clip: bytes, logo: bytes
) -> None:
    video = await upload_clip(ana)
    probe = (await look.video(video["id"])).probe
    await change(look, video["id"], probe=probe | {"duration_s": 599.5}, measured=Measured().to_json())
    spec = {"time": {"speed": 1.0}, "logo": {"x_percent": 97, "y_percent": 60}}
    pattern = (await ana.client.post("/api/patterns", json={"name": "Luz", "spec": spec})).json()
    for kind, data in {"intro": clip, "logo": logo}.items():
        put = await ana.client.post(f"/api/patterns/{pattern['id']}/{kind}", files={"file": ("a", data)})
        assert put.is_success, put.text

    bare = await findings(ana, video["id"])
    worn = await findings(ana, video["id"], pattern_id=pattern["id"])

    assert set(bare) == {"too_small"}
    assert set(worn) == {"too_small", "duration", "covered"}
    assert worn["duration"]["fix"]["time"]["trim_end_s"] == pytest.approx(599, abs=0.2)
    assert (worn["covered"]["value"], worn["covered"]["fix"]["logo"]) == (
        "logo",
        {"x_percent": None, "y_percent": None},
    )
    for name in ("pattern_id", "account_id"):
        unknown = await ana.client.get(
            f"/api/videos/{video['id']}/preflight", params={name: str(uuid.uuid4())}
        )
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("code", FindingCode)
def test_each_finding_has_a_sentence_in_both_languages(code: FindingCode) -> None:
    values = {"value": "7", "limit": "9"}
    spanish, english = (translate(SENTENCES[code], language, values) for language in ("es", "en"))
    assert spanish != english
    assert "{" not in spanish + english
