"""POST /api/videos with a form."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from integration.api.conftest import SRT, LimitUploads, Look, Person, UploadClip
from subiteya.db.models import Upload, Video

BOUNDARY = "------aBoundary"


def form(*parts: tuple[str, str | None, bytes], end: bool = True) -> tuple[bytes, dict[str, str]]:
    """A form with its parts in this order, and its header."""
    body = b""
    for name, filename, data in parts:
        named = f'; filename="{filename}"' if filename is not None else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    if end:
        body += f"--{BOUNDARY}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


async def send(api: httpx2.AsyncClient, *parts: tuple[str, str | None, bytes], **kw: Any) -> httpx2.Response:
    body, headers = form(*parts, **kw)
    return await api.post("/api/videos", content=body, headers=headers)


async def nothing_is_left(look: Look) -> bool:
    rows = await look.count(Upload) + await look.count(Video)
    return not rows and not await look.keys() and not await look.unfinished()


async def test_a_form_becomes_a_draft_out_of_reach_of_the_rule_for_temp(
    ana: Person, upload_clip: UploadClip, look: Look, clip: bytes
) -> None:
    video = await upload_clip(ana, title="Pan", subtitles=SRT)

    assert video["status"] == "DRAFT"
    assert (video["title"], video["filename"], video["subtitles"]) == ("Pan", "pan.mp4", True)
    assert (video["width"], video["height"], video["duration_seconds"]) == (180, 320, 1.0)
    assert video["source_bytes"] == len(clip)
    source = f"videos/{ana.user.id}/{video['id']}/source.mp4"
    assert await look.keys() == [source]
    assert await look.bytes(source) == clip
    row = await look.video(video["id"])
    assert (row.content_type, row.subtitles, row.subtitles_name) == ("video/mp4", SRT, "pan.srt")


@pytest.mark.parametrize("order", [("file", "subtitles", "title"), ("title", "subtitles", "file")])
async def test_the_order_of_fields_does_not_matter(
    api: httpx2.AsyncClient, clip: bytes, order: tuple[str, ...]
) -> None:
    parts = {
        "file": ("file", "pan.mp4", clip),
        "subtitles": ("subtitles", "pan.srt", SRT.encode()),
        "title": ("title", None, "Pan dulce ñ".encode()),
    }

    answer = await send(api, *(parts[name] for name in order))

    assert answer.status_code == 201, answer.text
    assert (answer.json()["title"], answer.json()["subtitles"]) == ("Pan dulce ñ", True)


async def test_without_a_title_the_files_name_is_the_title(api: httpx2.AsyncClient, clip: bytes) -> None:
    answer = await send(api, ("file", "C:\\vídeos\\pan de masa.MP4", clip))

    assert answer.json()["title"] == "pan de masa"
    assert answer.json()["filename"] == "pan de masa.MP4"


async def test_what_is_inside_decides_and_not_the_name(
    api: httpx2.AsyncClient, clip: bytes, look: Look
) -> None:
    answer = await send(api, ("file", "page.html", clip))

    assert answer.status_code == 201
    assert (await look.video(answer.json()["id"])).content_type == "video/mp4"


async def test_an_empty_subtitle_field_of_a_browser_is_none(api: httpx2.AsyncClient, clip: bytes) -> None:
    answer = await send(api, ("subtitles", "", b""), ("file", "pan.mp4", clip))

    assert answer.status_code == 201
    assert answer.json()["subtitles"] is False


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        pytest.param([("file", "a.mp4", b"no video at all" * 100)], (422, "not_a_video"), id="text"),
        pytest.param([("file", "a.mp4", b"")], (422, "bad_input"), id="empty file"),
        pytest.param([("title", None, b"Pan")], (422, "bad_input"), id="no file"),
        pytest.param([], (422, "bad_input"), id="no parts"),
        pytest.param([("file", "a.mp4", b"CLIP"), ("x", None, b"1")], (422, "bad_input"), id="unknown field"),
        pytest.param(
            [("file", "a.mp4", b"CLIP"), ("file", "b.mp4", b"CLIP")], (422, "bad_input"), id="two files"
        ),
        pytest.param(
            [("file", "a.mp4", b"CLIP"), ("subtitles", "a.srt", b"nothing")],
            (422, "bad_subtitles"),
            id="bad subtitles after the file",
        ),
        pytest.param(
            [("subtitles", "a.srt", b"nothing"), ("file", "a.mp4", b"CLIP")],
            (422, "bad_subtitles"),
            id="bad subtitles before the file",
        ),
        pytest.param(
            [("file", "a.mp4", b"CLIP"), ("subtitles", "a.srt", bytes(3 * 2**20))],
            (413, "too_large"),
            id="huge subtitles",
        ),
        pytest.param(
            [("title", None, b"\xff\xfe"), ("file", "a", b"CLIP")], (422, "bad_input"), id="not UTF-8"
        ),
    ],
)
async def test_a_refused_form_leaves_nothing(
    api: httpx2.AsyncClient,
    look: Look,
    clip: bytes,
    parts: list[tuple[str, str | None, bytes]],
    refusal: tuple[int, str],
) -> None:
    real = [(name, filename, clip if data == b"CLIP" else data) for name, filename, data in parts]

    answer = await send(api, *real)

    assert (answer.status_code, answer.json()["code"]) == refusal
    assert await nothing_is_left(look)


async def test_a_form_that_ends_in_the_middle_leaves_nothing(
    api: httpx2.AsyncClient, look: Look, clip: bytes
) -> None:
    answer = await send(api, ("file", "a.mp4", clip), end=False)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert await nothing_is_left(look)


async def test_a_form_without_a_boundary_is_refused(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/api/videos", content=b"x", headers={"Content-Type": "multipart/form-data"})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_another_type_of_body_is_refused(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/api/videos", content=b"x", headers={"Content-Type": "video/mp4"})

    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_type")


async def test_a_file_above_the_limit_is_refused_while_it_comes(
    api: httpx2.AsyncClient, look: Look, big_clip: bytes, limit_uploads: LimitUploads
) -> None:
    limit_uploads(20 * 2**20)

    answer = await send(api, ("file", "a.mp4", big_clip))

    assert answer.status_code == 413
    assert answer.json()["limit"] == "20 MiB"
    assert await nothing_is_left(look)


async def test_a_length_far_above_the_limit_is_refused_before_a_byte_is_read(
    api: httpx2.AsyncClient, limit_uploads: LimitUploads
) -> None:
    limit_uploads(1000)
    _, headers = form()

    answer = await api.post("/api/videos", content=b"", headers={**headers, "Content-Length": str(2**40)})

    assert answer.status_code == 413


async def test_a_large_form_is_stored_byte_for_byte(
    api: httpx2.AsyncClient, look: Look, big_clip: bytes
) -> None:
    answer = await send(api, ("file", "a.mp4", big_clip))

    assert answer.status_code == 201, answer.text
    row = await look.video(answer.json()["id"])
    assert await look.bytes(row.source_key) == big_clip


async def test_the_timeline_begins_with_the_upload(
    api: httpx2.AsyncClient, ana: Person, upload_clip: UploadClip, clip: bytes
) -> None:
    video = await upload_clip(ana)

    events = (await api.get(f"/api/videos/{video['id']}/events")).json()["events"]

    assert [(event["reason"], event["detail"]["bytes"]) for event in events] == [("uploaded", len(clip))]
    assert events[0]["actor"] == f"user:{ana.user.id}"
