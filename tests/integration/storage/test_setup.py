"""Bucket set-up on the server that `up` starts."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx2
import pytest

from subiteya.config import StorageSettings
from subiteya.domain.keys import temp_key
from subiteya.storage import Storage, open_storage
from subiteya.storage.parts import MIB
from subiteya.storage.setup import Outcome, lifecycle_rules

ORIGIN = "https://clips.example.org"


@pytest.fixture
async def fresh(storage_settings: StorageSettings, s3_client: Any) -> AsyncIterator[Storage]:
    """A storage whose bucket does not exist yet."""
    name = f"fresh-{uuid.uuid4().hex[:20]}"
    async with open_storage(storage_settings.model_copy(update={"bucket": name})) as storage:
        yield storage
        with suppress(s3_client.exceptions.NoSuchBucket):
            await storage.bucket.s3.delete_bucket(Bucket=name)


async def test_set_up_makes_the_bucket_and_changes_nothing_the_second_time(fresh: Storage) -> None:
    first = {step.name: step.outcome for step in await fresh.set_up([ORIGIN])}
    assert first == {
        "bucket": Outcome.DONE,
        "public access block": Outcome.NOT_OFFERED,  # this server has none; it is private by itself
        "cors": Outcome.DONE,
        "lifecycle": Outcome.DONE,
    }
    await fresh.check()
    second = {step.name: step.outcome for step in await fresh.set_up([ORIGIN])}
    assert second == {
        "bucket": Outcome.ALREADY,
        "public access block": Outcome.NOT_OFFERED,
        "cors": Outcome.ALREADY,
        "lifecycle": Outcome.ALREADY,
    }


async def test_the_server_keeps_the_lifecycle_rules_whole(fresh: Storage) -> None:
    await fresh.set_up([ORIGIN])
    kept = await fresh.bucket.s3.get_bucket_lifecycle_configuration(Bucket=fresh.bucket.name)
    assert kept["Rules"] == lifecycle_rules()


async def test_another_origin_replaces_the_old_one(fresh: Storage) -> None:
    await fresh.set_up(["https://old.example.org"])
    await fresh.set_up([ORIGIN])
    rules = (await fresh.bucket.s3.get_bucket_cors(Bucket=fresh.bucket.name))["CORSRules"]
    assert [rule["AllowedOrigins"] for rule in rules] == [[ORIGIN]]


async def test_a_browser_on_our_origin_may_put_parts_and_see_their_etag(
    fresh: Storage, user_id: UUID, browser: httpx2.AsyncClient
) -> None:
    await fresh.set_up([f"{ORIGIN}/app"])
    upload = await fresh.multipart.create(temp_key(user_id), size=5, content_type="video/mp4")
    signed = await fresh.multipart.sign_part(upload, 1)
    asking = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = await browser.options(signed.url, headers=asking)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    answer = await browser.put(signed.url, content=b"12345", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "etag" in answer.headers["access-control-expose-headers"].lower()
    assert answer.headers["etag"]
    await fresh.multipart.abort(upload)


async def test_a_page_elsewhere_gets_no_permission(
    fresh: Storage, user_id: UUID, browser: httpx2.AsyncClient
) -> None:
    await fresh.set_up([ORIGIN])
    signed = await fresh.presign.upload(temp_key(user_id), size=MIB, content_type="video/mp4")
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    preflight = await browser.options(signed.url, headers=asking)
    assert "access-control-allow-origin" not in preflight.headers
