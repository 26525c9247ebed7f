"""TikTok's webhooks: whose they are, and that they make us ask rather than believe."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from fixtures.rows import Rows
from integration.api.conftest import HERE, Person
from subiteya.db.models import Account, Event, Post
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.services.resources import Resources
from subiteya.tiktok.simulator.webhooks import signature

PUBLISH: Final = "v_pub_file~v2-1.7"
BIG_ID: Final = 7_480_000_000_000_000_123
"""Beyond what a JavaScript number holds."""


@pytest.fixture
async def tiktok(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without keys of ours."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=HERE) as client:
        yield client


def body(event: str, account: Account, client_key: str = "simulator", **content: Any) -> bytes:
    return json.dumps(
        {
            "client_key": client_key,
            "event": event,
            "create_time": int(datetime.now(UTC).timestamp()),
            "user_openid": account.open_id,
            "content": json.dumps(content),
        }
    ).encode()


async def deliver(client: httpx2.AsyncClient, raw: bytes, signed_with: str = "simulator-secret") -> int:
    stamp = int(datetime.now(UTC).timestamp())
    headers = {"TikTok-Signature": signature(signed_with, stamp, raw), "Content-Type": "application/json"}
    return (await client.post("/api/webhooks/tiktok", content=raw, headers=headers)).status_code


async def look(resources: Resources) -> Post:
    async with resources.db.begin() as session:
        return (await session.scalars(select(Post))).one()


async def waiting(rows: Rows, person: Person, status: PostStatus, **values: Any) -> Account:
    video = await rows.video(person.user, VideoStatus.UPLOADING, edited_key="x", edited_bytes=1)
    account = await rows.account(person.user)
    later = datetime.now(UTC) + timedelta(minutes=5)
    await rows.post(video, account, status, publish_id=PUBLISH, next_check_at=later, **values)
    return account


def is_due(post: Post) -> bool:
    return post.next_check_at is not None and post.next_check_at <= datetime.now(UTC)


@pytest.mark.parametrize("status", [PostStatus.CONFIRMING, PostStatus.UNCONFIRMED])
@pytest.mark.parametrize("event", ["post.publish.complete", "post.publish.failed"])
async def test_a_webhook_makes_us_ask_and_moves_nothing(
    tiktok: httpx2.AsyncClient,
    ana: Person,
    rows: Rows,
    resources: Resources,
    *,
    status: PostStatus,
    event: str,
) -> None:
    account = await waiting(rows, ana, status)
    raw = body(event, account, publish_id=PUBLISH, reason="internal")
    for _ in range(2):
        assert await deliver(tiktok, raw) == 200
    post = await look(resources)
    assert (post.status, is_due(post)) == (status, True)


async def test_a_public_id_is_kept_to_the_last_digit_and_once(
    tiktok: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await waiting(rows, ana, PostStatus.POSTED, privacy_level="PUBLIC_TO_EVERYONE")
    raw = body("post.publish.publicly_available", account, publish_id=PUBLISH, post_id=BIG_ID)
    for _ in range(3):
        assert await deliver(tiktok, raw) == 200
    post = await look(resources)
    assert post.tiktok_post_ids == [str(BIG_ID)]
    assert post.post_url is not None
    assert post.post_url.endswith(f"/@ana.crea/video/{BIG_ID}")
    async with resources.db.begin() as session:
        assert list(await session.scalars(select(Event.reason))) == ["link_known"]


async def test_a_public_id_before_the_confirmation_claims_nothing(
    tiktok: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await waiting(rows, ana, PostStatus.CONFIRMING)
    raw = body("post.publish.publicly_available", account, publish_id=PUBLISH, post_id=str(BIG_ID))
    assert await deliver(tiktok, raw) == 200
    post = await look(resources)
    assert (post.status, is_due(post)) == (PostStatus.CONFIRMING, True)


async def test_what_is_not_tiktoks_or_not_ours_is_refused(
    tiktok: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await waiting(rows, ana, PostStatus.CONFIRMING)
    raw = body("post.publish.complete", account, publish_id=PUBLISH)
    assert await deliver(tiktok, raw, signed_with="guessed") == 401
    assert await deliver(tiktok, body("post.publish.complete", account, "other", publish_id=PUBLISH)) == 401
    assert await deliver(tiktok, b"not json") == 401
    assert (await tiktok.post("/api/webhooks/tiktok", content=raw)).status_code == 401
    old = {"TikTok-Signature": signature("simulator-secret", 1_700_000_000, raw)}
    assert (await tiktok.post("/api/webhooks/tiktok", content=raw, headers=old)).status_code == 401
    assert not is_due(await look(resources))


async def test_what_is_unknown_is_taken_without_a_word(
    tiktok: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows, resources: Resources
) -> None:
    account = await waiting(rows, ana, PostStatus.CONFIRMING)
    other = await rows.account(ben.user)
    assert await deliver(tiktok, body("post.publish.complete", account, publish_id="another")) == 200
    assert await deliver(tiktok, body("portability.download.ready", account)) == 200
    assert await deliver(tiktok, body("post.publish.complete", other, publish_id=PUBLISH)) == 200
    assert not is_due(await look(resources))


async def test_a_removed_access_must_be_connected_again(
    tiktok: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows, resources: Resources
) -> None:
    account, other = await rows.account(ana.user), await rows.account(ben.user)
    gone = await rows.account(ana.user, status="disconnected")
    for one in (account, gone):
        assert await deliver(tiktok, body("authorization.removed", one, reason=1)) == 200
    async with resources.db.begin() as session:
        seen = {row.id: row for row in await session.scalars(select(Account))}
    assert [seen[one.id].status for one in (account, other, gone)] == [
        "needs_reconnect",
        "connected",
        "disconnected",
    ]
    # An old delivery must not cut off an account that was connected again: the next use renews and tells.
    assert seen[account.id].access_expires_at <= datetime.now(UTC)
