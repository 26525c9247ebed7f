from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from contract.simulator.rig import Person, Rig, data_of, file_source

CHUNK = 5_242_880
SIZE = 3 * CHUNK + 123  # three chunks, the last one longer
DATA = bytes(range(256)) * (SIZE // 256) + b"end"[: SIZE % 256]
DATA += b"." * (SIZE - len(DATA))


async def begin(rig: Rig) -> tuple[Person, str, str]:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    made = data_of(await ana.init(file_source(SIZE, CHUNK)))
    return ana, made["publish_id"], made["upload_url"]


async def send(rig: Rig, url: str, first: int, last: int, **headers: str) -> httpx2.Response:
    return await rig.put(url, DATA[first : last + 1], first, SIZE, **headers)


async def stored(rig: Rig, url: str) -> bytes:
    upload_id = parse_qs(urlsplit(url).query)["upload_id"][0]
    path = rig.app.state.parts.config.videos_dir / f"{upload_id}.video"
    return bytes(await asyncio.to_thread(path.read_bytes))


async def test_chunks_are_answered_206_and_the_last_one_201(rig: Rig) -> None:
    ana, publish_id, url = await begin(rig)
    assert (await ana.status(publish_id))["uploaded_bytes"] == 0
    first = await send(rig, url, 0, CHUNK - 1)
    assert (first.status_code, first.headers["content-range"]) == (206, f"bytes 0-{CHUNK}/{SIZE}")
    second = await send(rig, url, CHUNK, 2 * CHUNK - 1)
    assert second.status_code == 206
    assert await ana.status(publish_id) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 2 * CHUNK}
    last = await send(rig, url, 2 * CHUNK, SIZE - 1)
    assert (last.status_code, last.headers["content-range"]) == (201, f"bytes 0-{SIZE}/{SIZE}")
    assert await ana.status(publish_id) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": SIZE}
    assert await stored(rig, url) == DATA
    (publish,) = (await rig.state())["publishes"]
    assert (publish["step"], publish["chunks"]) == ("processing", 3)


async def test_progress_may_name_the_last_byte_instead_by_switch(rig: Rig) -> None:
    _, _, url = await begin(rig)
    await rig.switch(progress_header="index")
    assert (await send(rig, url, 0, CHUNK - 1)).headers["content-range"] == f"bytes 0-{CHUNK - 1}/{SIZE}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/octet-stream"}, 400),
        ({"Content_Range": "bytes 0-5242879"}, 400),
        ({"Content_Range": f"bytes 0-{CHUNK - 1}/{SIZE + 1}"}, 400),
        ({"Content_Range": f"bytes 0-{CHUNK - 2}/{SIZE}"}, 400),
        ({"Content_Range": f"bytes 1-{CHUNK}/{SIZE}"}, 416),
        ({"Content_Range": f"bytes {CHUNK}-{2 * CHUNK - 1}/{SIZE}"}, 416),
    ],
)
async def test_headers_that_do_not_fit_are_refused_and_nothing_counts(
    rig: Rig, headers: dict[str, str], status: int
) -> None:
    ana, publish_id, url = await begin(rig)
    response = await send(rig, url, 0, CHUNK - 1, **headers)
    assert response.status_code == status
    assert response.headers["content-range"] == f"bytes 0-0/{SIZE}"
    assert (await ana.status(publish_id))["uploaded_bytes"] == 0
    assert (await send(rig, url, 0, CHUNK - 1)).status_code == 206


async def test_a_wrong_position_is_answered_with_the_right_one(rig: Rig) -> None:
    _, _, url = await begin(rig)
    await send(rig, url, 0, CHUNK - 1)
    for first, last in ((0, CHUNK - 1), (2 * CHUNK, SIZE - 1)):
        response = await send(rig, url, first, last)
        assert (response.status_code, response.headers["content-range"]) == (416, f"bytes 0-{CHUNK}/{SIZE}")


async def test_a_chunk_shorter_than_the_plan_is_refused(rig: Rig) -> None:
    _, _, url = await begin(rig)
    assert (await send(rig, url, 0, CHUNK - 2)).status_code == 400


@pytest.mark.parametrize("body", [CHUNK - 1, CHUNK + 1])
async def test_a_body_that_is_not_as_long_as_announced_is_refused(rig: Rig, body: int) -> None:
    ana, publish_id, url = await begin(rig)

    async def pieces() -> AsyncIterator[bytes]:
        yield DATA[:body]

    response = await rig.client.put(
        url,
        content=pieces(),
        headers={
            "Content-Type": "video/mp4",
            "Content-Length": str(CHUNK),
            "Content-Range": f"bytes 0-{CHUNK - 1}/{SIZE}",
        },
    )
    assert response.status_code == 400
    assert (await ana.status(publish_id))["uploaded_bytes"] == 0


async def test_a_broken_chunk_leaves_nothing_that_hurts(rig: Rig) -> None:
    ana, publish_id, url = await begin(rig)

    async def broken() -> AsyncIterator[bytes]:
        yield b"garbage" * 100_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await rig.client.put(
            url,
            content=broken(),
            headers={
                "Content-Type": "video/mp4",
                "Content-Length": str(CHUNK),
                "Content-Range": f"bytes 0-{CHUNK - 1}/{SIZE}",
            },
        )
    assert (await ana.status(publish_id))["uploaded_bytes"] == 0
    for first, last in ((0, CHUNK - 1), (CHUNK, 2 * CHUNK - 1), (2 * CHUNK, SIZE - 1)):
        assert (await send(rig, url, first, last)).is_success
    assert await stored(rig, url) == DATA


async def test_the_same_chunk_twice_at_once_counts_once(rig: Rig) -> None:
    ana, publish_id, url = await begin(rig)
    both = await asyncio.gather(*(send(rig, url, 0, CHUNK - 1) for _ in range(2)))
    assert sorted(response.status_code for response in both) == [206, 416]
    assert (await ana.status(publish_id))["uploaded_bytes"] == CHUNK


@pytest.mark.parametrize(
    "change", ["upload_id=1&upload_token=2", "upload_id=1", "", "upload_id=ID&upload_token=wrong"]
)
async def test_an_unknown_address_is_404(rig: Rig, change: str) -> None:
    _, _, url = await begin(rig)
    upload_id = parse_qs(urlsplit(url).query)["upload_id"][0]
    wrong = f"http://simulator.test/video/?{change.replace('ID', upload_id)}"
    assert (await send(rig, wrong, 0, CHUNK - 1)).status_code == 404


async def test_an_upload_address_lives_an_hour(rig: Rig) -> None:
    ana, publish_id, url = await begin(rig)
    rig.clock.advance(3_599)
    assert (await send(rig, url, 0, CHUNK - 1)).status_code == 206
    rig.clock.advance(1)
    assert (await send(rig, url, CHUNK, 2 * CHUNK - 1)).status_code == 403
    assert (await ana.status(publish_id))["status"] == "PROCESSING_UPLOAD"


@pytest.mark.parametrize("status", [404, 416])
async def test_a_put_after_the_last_chunk_is_refused(rig: Rig, status: int) -> None:
    _, _, url = await begin(rig)
    await rig.switch(finished_upload_status=status)
    for first, last in ((0, CHUNK - 1), (CHUNK, 2 * CHUNK - 1), (2 * CHUNK, SIZE - 1)):
        await send(rig, url, first, last)
    response = await send(rig, url, 2 * CHUNK, SIZE - 1)
    assert (response.status_code, response.headers["content-range"]) == (status, f"bytes 0-{SIZE}/{SIZE}")


async def test_an_upload_needs_no_bearer_and_every_documented_type_will_do(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    for kind in ("video/mp4", "video/quicktime", "video/webm"):
        made: dict[str, Any] = data_of(await ana.init(file_source(1_000)))
        response = await rig.put(made["upload_url"], b"x" * 1_000, Content_Type=kind)
        assert response.status_code == 201
