"""A video held against TikTok's limits before anybody waits for it."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import update

from integration.api.conftest import Look, Person, UploadClip
from subiteya.db.models import Video
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import FindingCode, Probe, tiktok_findings
from subiteya.http.locale import translate
from subiteya.services.check_video import SENTENCES


async def findings(person: Person, video_id: str) -> dict[str, dict[str, object]]:
    answer = await person.client.get(f"/api/videos/{video_id}/preflight")
    assert answer.status_code == 200, answer.text
    return {found["code"]: found for found in answer.json()["findings"]}


async def test_what_any_edit_mends_has_an_empty_fix(ana: Person, upload_clip: UploadClip) -> None:
    video = await upload_clip(ana)  # 180x320
    found = await findings(ana, video["id"])
    assert list(found) == ["too_small"]
    assert found["too_small"]["severity"] == "error"
    assert found["too_small"]["fix"] == {}
    assert "180x320" in str(found["too_small"]["message"])


async def test_a_clip_that_is_too_long_is_cut_by_its_fix(
    ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana)
    probe = (await look.video(video["id"])).probe
    changed = probe | {"duration_s": 700.5, "video": probe["video"] | {"transfer": "arib-std-b67"}}
    async with look.resources.db.begin() as session:
        await session.execute(update(Video).where(Video.id == uuid.UUID(video["id"])).values(probe=changed))
    found = await findings(ana, video["id"])
    assert found["hdr"]["severity"] == "warning"
    fix = found["duration"]["fix"]
    assert isinstance(fix, dict)
    assert PatternSpec.merge({}, fix).time.shown_s(700.5) == 600
    assert FindingCode.DURATION in {finding.code for finding in tiktok_findings(Probe.from_json(changed))}


@pytest.mark.parametrize("code", FindingCode)
def test_each_finding_has_a_sentence_in_both_languages(code: FindingCode) -> None:
    values = {"value": "7", "limit": "9"}
    spanish, english = (translate(SENTENCES[code], language, values) for language in ("es", "en"))
    assert spanish != english
    assert "{" not in spanish + english
