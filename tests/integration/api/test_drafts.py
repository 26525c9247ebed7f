"""Drafts for the TikTok inbox, warnings about what is planned, and when accounts must be connected again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy import select

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.db.models import Post, RateSlot
from subiteya.domain.consent import VERSION
from subiteya.domain.states import PostStatus, VideoStatus
from subiteya.services.resources import Resources

EDITED: Final = {"edited_key": "videos/x/edited.mp4", "edited_bytes": 1000}
PRIVATE: Final = {"privacy_level": "SELF_ONLY"}
DRAFT: Final = {"mode": "draft", "caption": "Para copiar #pan"}


def plan(*posts: dict[str, Any]) -> dict[str, Any]:
    return {"consent_version": VERSION, "posts": list(posts)}


async def test_a_draft_keeps_its_caption_and_says_that_tiktok_takes_none(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await rows.account(ana.user)
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    answer = await api.post(f"/api/videos/{video.id}/posts", json=plan(DRAFT))
    assert answer.status_code == 201, answer.text
    [post] = answer.json()["posts"]
    assert (post["mode"], post["caption"]) == ("draft", DRAFT["caption"])
    assert [notice["code"] for notice in post["notices"]] == ["draft_without_caption"]
    async with resources.db.begin() as session:
        scopes = set(await session.scalars(select(RateSlot.scope)))
    assert f"account:{account.id}" in scopes
    assert f"day:{account.id}" not in scopes, "TikTok's day is of direct posts"


async def test_without_the_scope_a_draft_is_refused_with_the_button_that_helps(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    await rows.account(ana.user, scopes="user.info.basic,video.publish")
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    for path, body in (("posts", plan(DRAFT)), ("queue-upload", DRAFT)):
        answer = await api.post(f"/api/videos/{video.id}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "draft_scope_missing")
        assert answer.json()["button"] == "reconnect"


async def test_a_draft_becomes_a_post_only_with_an_audience_and_takes_its_place_in_the_day(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await rows.account(ana.user)
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    draft = {**DRAFT, "scheduled_at": later}
    [post] = (await api.post(f"/api/videos/{video.id}/posts", json=plan(draft))).json()["posts"]
    change: dict[str, Any] = {"mode": "direct", "consent_version": VERSION}
    refused = await api.patch(f"/api/posts/{post['id']}", json=change)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_input")
    changed = (await api.patch(f"/api/posts/{post['id']}", json={**change, **PRIVATE})).json()
    assert (changed["mode"], changed["notices"], changed["status"]) == ("direct", [], "SCHEDULED")
    assert datetime.fromisoformat(changed["scheduled_at"]) == datetime.fromisoformat(later)
    async with resources.db.begin() as session:
        assert f"day:{account.id}" in set(await session.scalars(select(RateSlot.scope)))


async def test_a_draft_in_the_inbox_can_be_asked_about_but_not_changed(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await rows.account(ana.user)
    video = await rows.video(ana.user, VideoStatus.IN_INBOX, **EDITED)
    post = await rows.post(video, account, PostStatus.IN_INBOX, publish_id="v_inbox_file~v2.1")
    assert (await api.patch(f"/api/posts/{post.id}", json={"send_now": True})).status_code == 409
    assert (await api.delete(f"/api/posts/{post.id}")).status_code == 409
    assert (await api.post(f"/api/posts/{post.id}/check-now")).status_code == 202
    async with resources.db.begin() as session:
        assert (await session.get_one(Post, post.id)).next_check_at is not None


@pytest.mark.parametrize("same", ["video", "file"])
async def test_the_same_file_to_the_same_account_is_warned_of_and_not_refused(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows, same: str
) -> None:
    account, other = await rows.account(ana.user), await rows.account(ana.user, username="otra")
    known: dict[str, Any] = {**EDITED, "source_sha256": "ab" * 32}
    first = await rows.video(ana.user, VideoStatus.POSTED, **known)
    video = first if same == "video" else await rows.video(ana.user, VideoStatus.EDITED, **known)
    theirs = await rows.video(ben.user, VideoStatus.POSTED, **known)
    await rows.post(theirs, await rows.account(ben.user), PostStatus.POSTED)
    address = f"/api/videos/{video.id}/posts"
    here, there = {"account_id": str(account.id), **PRIVATE}, {"account_id": str(other.id), **PRIVATE}
    failed = await rows.post(first, account, PostStatus.FAILED_UPLOAD)
    [calm] = (await api.post(address, json=plan(there))).json()["posts"]
    assert calm["warnings"] == []
    posted = await rows.post(first, account, PostStatus.POSTED, posted_at=datetime.now(UTC))
    answer = await api.post(address, json=plan(here))
    assert answer.status_code == 201, answer.text
    [warned] = answer.json()["posts"]
    [warning] = warned["warnings"]
    assert (warning["code"], warning["post_id"]) == (f"same_{same}", str(posted.id))
    assert warning["video_id"] == str(first.id)
    assert warning["post_id"] != str(failed.id)
    assert (await api.get(f"/api/posts/{warned['id']}")).json()["warnings"] == [warning]
    queued = (
        await api.post(f"/api/videos/{video.id}/queue-upload", json={"account_id": str(account.id)})
    ).json()
    assert [one["code"] for one in queued["warnings"]] == ["same_video"], "the nearest is named"


async def test_accounts_say_by_when_they_must_be_connected_again_and_what_that_would_hit(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    end = datetime.now(UTC) + timedelta(days=10)
    account = await rows.account(ana.user, refresh_expires_at=end, scopes="video.publish")
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    before, after = end - timedelta(days=1), end + timedelta(days=1)
    await rows.post(video, account, PostStatus.SCHEDULED, scheduled_at=before)
    answer = await api.post(
        f"/api/videos/{video.id}/posts", json=plan({**PRIVATE, "scheduled_at": after.isoformat()})
    )
    [post] = answer.json()["posts"]
    assert [one["code"] for one in post["warnings"]] == ["same_video", "reconnect_before"]
    assert datetime.fromisoformat(post["warnings"][1]["at"]) == end
    assert end.strftime("%Y-%m-%d") in post["warnings"][1]["message"]
    seen = (await api.get(f"/api/accounts/{account.id}")).json()["reconnect"]
    assert (seen["reason"], datetime.fromisoformat(seen["by"]), seen["posts_hit"]) == (None, end, 1)
    assert "video.upload" in seen["missing_scopes"]
    await rows.post(video, account, PostStatus.SCHEDULED, scheduled_at=before, mode="draft")
    [listed] = (await api.get("/api/accounts")).json()["accounts"]
    assert (listed["reconnect"]["reason"], listed["reconnect"]["posts_hit"]) == ("scope_missing", 2)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": "needs_reconnect"}, "revoked"),
        ({"refresh_expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "expired"),
    ],
)
async def test_an_account_that_cannot_be_used_hits_everything_that_is_planned(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, values: dict[str, Any], reason: str
) -> None:
    account = await rows.account(ana.user, **values)
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    await rows.post(video, account, PostStatus.SCHEDULED, scheduled_at=datetime.now(UTC) + timedelta(days=1))
    seen = (await api.get(f"/api/accounts/{account.id}")).json()["reconnect"]
    assert (seen["reason"], seen["posts_hit"]) == (reason, 1)
