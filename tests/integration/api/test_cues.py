"""Subtitles as a list of cues: read, corrected, exported."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.rows import Rows
from integration.api.conftest import SRT, Look, Person, UploadClip
from subiteya.domain.states import VideoStatus
from subiteya.media.subtitles import parse_subtitles

WORDS = [
    {"start_ms": 100, "end_ms": 400, "text": "¿Qué"},
    {"start_ms": 400, "end_ms": 700, "text": "tal?"},
]
CUES: list[dict[str, Any]] = [
    {"start_ms": 100, "end_ms": 700, "text": "¿Qué tal?", "words": WORDS},
    {"start_ms": 800, "end_ms": 3_723_004, "text": "Pan & <3\n«ñandú» 🚀", "words": []},
]


def brought(origin: str | None) -> dict[str, str | None]:
    """What is told of subtitles that no machine wrote."""
    return {"origin": origin, "by": None, "language": None}


async def test_what_came_as_a_file_is_read_as_cues(ana: Person, upload_clip: UploadClip) -> None:
    video = await upload_clip(ana, subtitles=SRT)
    read = await ana.client.get(f"/api/videos/{video['id']}/subtitles")
    cue = {"start_ms": 200, "end_ms": 900, "text": "Pan de masa madre", "words": []}
    assert read.json() == {"name": "pan.srt", **brought("file"), "cues": [cue]}


async def test_a_corrected_list_comes_back_as_it_was_sent_words_and_all(
    ana: Person, upload_clip: UploadClip, look: Look
) -> None:
    video = await upload_clip(ana, subtitles=SRT)
    address = f"/api/videos/{video['id']}/subtitles"
    put = await ana.client.put(address, json={"cues": CUES})
    assert put.status_code == 200, put.text
    read = (await ana.client.get(address)).json()
    assert put.json() == read == {"name": "pan.srt", **brought("edited"), "cues": CUES}
    assert (
        parse_subtitles(((await look.video(video["id"])).subtitles or "").encode())[0].words[1].end_ms == 700
    )


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("srt", "application/x-subrip"), ("vtt", "text/vtt"), ("ass", "text/x-ssa")],
)
async def test_an_exported_file_says_the_same_when_it_is_brought_back(
    ana: Person, upload_clip: UploadClip, kind: str, content_type: str
) -> None:
    video = await upload_clip(ana)
    address = f"/api/videos/{video['id']}"
    await ana.client.put(f"{address}/subtitles", json={"name": "voz", "cues": CUES})
    file = await ana.client.get(f"{address}/subtitles", params={"format": kind})
    assert file.headers["content-type"] == f"{content_type}; charset=utf-8"
    assert file.headers["content-disposition"] == f'attachment; filename="subtitles.{kind}"'

    body = {"name": f"a.{kind}", "text": file.text}
    assert (await ana.client.put(f"{address}/subtitles", json=body)).status_code == 200
    back = (await ana.client.get(f"{address}/subtitles")).json()["cues"]
    grain = 10 if kind == "ass" else 1  # ASS counts hundredths
    assert [cue["text"] for cue in back] == [cue["text"] for cue in CUES]
    assert [cue["end_ms"] // grain for cue in back] == [cue["end_ms"] // grain for cue in CUES]


async def test_a_video_without_subtitles_has_an_empty_list_and_no_file(
    ana: Person, upload_clip: UploadClip
) -> None:
    video = await upload_clip(ana)
    read = (await ana.client.get(f"/api/videos/{video['id']}/subtitles")).json()
    assert read == {"name": None, **brought(None), "cues": []}
    file = await ana.client.get(f"/api/videos/{video['id']}/subtitles", params={"format": "srt"})
    assert (file.status_code, file.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "cues",
    [
        [],
        [{"start_ms": 5, "end_ms": 5, "text": "x"}],
        [{"start_ms": -1, "end_ms": 5, "text": "x"}],
        [{"start_ms": 1, "end_ms": 5, "text": ""}],
        [{"start_ms": 1, "end_ms": 5, "text": "a\u0000b"}],
        [{"start_ms": 1, "end_ms": 5, "text": "   "}],
        [{"start_ms": 1, "end_ms": 5, "text": "x", "colour": "red"}],
    ],
)
async def test_a_bad_list_is_refused(
    ana: Person, upload_clip: UploadClip, cues: list[dict[str, Any]]
) -> None:
    video = await upload_clip(ana)
    answer = await ana.client.put(f"/api/videos/{video['id']}/subtitles", json={"cues": cues})
    assert answer.status_code == 422
    assert answer.json()["code"] in {"bad_input", "bad_subtitles"}


async def test_cues_are_not_changed_under_a_running_edit(ana: Person, rows: Rows) -> None:
    video = await rows.video(ana.user, VideoStatus.EDITING)
    answer = await ana.client.put(f"/api/videos/{video.id}/subtitles", json={"cues": CUES})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
