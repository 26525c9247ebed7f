"""Signed addresses in the hands of somebody without keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from subiteya.domain.keys import temp_key
from subiteya.storage import PresignedRequest, Storage

TYPE = "video/mp4"
BODY = b"0123456789" * 100


@pytest.fixture
async def stored(storage: Storage, user_id: UUID) -> str:
    key = temp_key(user_id, ".mp4")
    await storage.objects.put_bytes(key, BODY, content_type=TYPE)
    return key


async def put(browser: httpx2.AsyncClient, signed: PresignedRequest, body: bytes, **headers: str) -> int:
    answer = await browser.put(signed.url, content=body, headers={**signed.headers, **headers})
    return answer.status_code


async def test_a_download_gives_bytes_ranges_and_the_files_name(
    storage: Storage, stored: str, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.presign.download(stored, file_name="mañana.mp4")
    whole = await browser.get(signed.url)
    assert (whole.status_code, whole.content) == (200, BODY)
    assert whole.headers["content-disposition"] == (
        "attachment; filename=\"manana.mp4\"; filename*=UTF-8''ma%C3%B1ana.mp4"
    )
    assert whole.headers["content-type"] == TYPE
    part = await browser.get(signed.url, headers={"Range": "bytes=3-6"})
    assert (part.status_code, part.content) == (206, b"3456")


async def test_a_download_may_open_in_the_browser_as_another_type(
    storage: Storage, stored: str, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.presign.download(stored, inline=True, content_type="video/webm")
    answer = await browser.get(signed.url)
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["content-type"] == "video/webm"


async def test_without_a_signature_nothing_is_given(
    storage: Storage, stored: str, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.presign.download(stored)
    bare = signed.url.split("?")[0]
    assert (await browser.get(bare)).status_code == 403
    assert (await browser.put(bare, content=BODY)).status_code == 403


async def test_a_tampered_address_is_refused(
    storage: Storage, stored: str, user_id: UUID, browser: httpx2.AsyncClient
) -> None:
    other = temp_key(user_id, ".mp4")
    await storage.objects.put_bytes(other, b"other", content_type=TYPE)
    signed = await storage.presign.download(stored)
    last = signed.url[-1]
    for tampered in (
        signed.url.replace(stored, other),
        signed.url.replace("X-Amz-Expires=3600", "X-Amz-Expires=360000"),
        signed.url[:-1] + ("0" if last != "0" else "1"),
    ):
        assert tampered != signed.url
        assert (await browser.get(tampered)).status_code == 403
    assert (await browser.put(signed.url, content=b"x")).status_code == 403
    assert (await browser.delete(signed.url)).status_code == 403


async def test_an_expired_address_is_refused(
    storage: Storage, stored: str, browser: httpx2.AsyncClient
) -> None:
    signed = await storage.presign.download(stored, life=timedelta(seconds=1))
    await asyncio.sleep(2.1)  # the server counts in whole seconds
    assert (await browser.get(signed.url)).status_code == 403


async def test_an_upload_takes_exactly_the_signed_size_and_type(
    storage: Storage, user_id: UUID, browser: httpx2.AsyncClient
) -> None:
    key = temp_key(user_id, ".mp4")
    signed = await storage.presign.upload(key, size=len(BODY), content_type=TYPE)
    assert await put(browser, signed, BODY + b"x") == 403
    assert await put(browser, signed, BODY[:-1]) == 403
    assert await put(browser, signed, BODY, **{"Content-Type": "text/html"}) == 403
    assert not await storage.objects.exists(key)
    assert await put(browser, signed, BODY) == 200
    found = await storage.objects.head(key)
    assert (found.size, found.content_type) == (len(BODY), TYPE)
