"""Connecting a TikTok account, against the simulator."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from fixtures.probes import clip, track
from fixtures.rows import Rows
from subiteya.config import Settings
from subiteya.db.models import Account, Job, Post
from subiteya.domain.consent import VERSION
from subiteya.domain.errors import NotFound, TikTokTokenRejected, TikTokUnavailable
from subiteya.domain.measured import Measured
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.post_errors import PrivacyNotOffered, TooLongForCreator
from subiteya.domain.probe import FindingCode
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.http.api.creator_out import creator_out
from subiteya.services.ask_creator import get_creator
from subiteya.services.change_post import retry_post
from subiteya.services.check_video import Check, check_video
from subiteya.services.connect_account import AccountTaken, ScopeMissing, connect_with_code
from subiteya.services.create_posts import PlannedPost, create_posts
from subiteya.services.disconnect_account import disconnect_account
from subiteya.services.list_accounts import list_accounts
from subiteya.services.measure_video import Measures
from subiteya.services.preview_pattern import Previews
from subiteya.services.queue_upload import PostWish, queue_upload
from subiteya.services.resources import Resources, open_resources
from subiteya.services.tiktok_access import oauth_of, tokens_of
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.simulator import CreatorSpec, SimulatorConfig, Switches, create_app
from subiteya.tiktok.wire import new_http_client

REDIRECT = "http://127.0.0.1:3001/callback"
ALL = ("user.info.basic", "user.info.profile", "video.publish", "video.upload")


@dataclass(frozen=True, slots=True)
class TikTok:
    """A simulator in this process, and our engines that talk to it."""

    resources: Resources
    http: httpx2.AsyncClient
    base: str

    async def code(self, username: str = "ana.cocina", scopes: tuple[str, ...] = ALL) -> SecretStr:
        """What the consent page would give for this creator."""
        creators = await self._knob("GET", "/creators")
        open_id = next(one["open_id"] for one in creators if one["username"] == username)
        granted = await self._knob("POST", f"/creators/{open_id}/authorize", {"scopes": scopes})
        return SecretStr(granted["code"])

    async def change(self, username: str = "ana.cocina", **changes: object) -> None:
        """Change a creator's settings at TikTok."""
        creators = await self._knob("GET", "/creators")
        open_id = next(one["open_id"] for one in creators if one["username"] == username)
        await self._knob("PATCH", f"/creators/{open_id}", changes)

    async def _knob(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{self.base}/simulator{path}", json=body)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
async def tiktok(settings: Settings, tmp_path: Path) -> AsyncIterator[TikTok]:
    base = settings.tiktok.api_url
    config = SimulatorConfig(
        data_dir=tmp_path / "simulator",
        public_url=base,
        switches=Switches(check_media=False),
        creators=(
            CreatorSpec(username="ana.cocina", nickname="Ana en la cocina"),
            CreatorSpec(username="taller.norte", nickname="Taller Norte", private=True),
        ),
    )
    app = create_app(config)
    async with (
        app.running(),
        new_http_client(httpx2.ASGITransport(app)) as http,
        open_resources(settings) as resources,
    ):
        ours = replace(resources, tiktok=TikTokClient(base, http), tiktok_http=http)
        yield TikTok(ours, http, base)


async def accounts(resources: Resources) -> list[Account]:
    async with resources.db.begin() as session:
        return list(await session.scalars(select(Account)))


async def test_a_code_becomes_an_account_with_sealed_tokens(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()

    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    assert (account.user_id, account.username, account.nickname) == (
        ana.id,
        "ana.cocina",
        "Ana en la cocina",
    )
    assert (account.status, set(account.scopes.split(","))) == ("connected", set(ALL))
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(account.access_token, f"account:{account.id}:access"))
    assert (await tiktok.resources.tiktok.creator_info(token)).username == "ana.cocina"
    assert sealer.open(account.refresh_token, f"account:{account.id}:refresh").startswith("rft.")


async def test_without_the_profile_scope_the_creators_own_call_tells_the_name(
    tiktok: TikTok, rows: Rows
) -> None:
    ana = await rows.user()
    code = await tiktok.code("taller.norte", ("user.info.basic", "video.publish"))

    account = await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)

    assert (account.username, account.nickname) == ("taller.norte", "Taller Norte")


async def test_connecting_again_renews_the_tokens_and_keeps_the_account(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    first = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    second = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    assert second.id == first.id
    assert second.access_token != first.access_token
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(second.access_token, f"account:{first.id}:access"))
    assert (await tiktok.resources.tiktok.creator_info(token)).username == "ana.cocina"
    assert len(await accounts(tiktok.resources)) == 1


async def test_another_users_account_is_never_taken_over(tiktok: TikTok, rows: Rows) -> None:
    ana, ben = await rows.user("Ana"), await rows.user("Ben")
    hers = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    with pytest.raises(AccountTaken):
        await connect_with_code(tiktok.resources, ben.id, await tiktok.code(), REDIRECT)

    kept = await accounts(tiktok.resources)
    assert [(one.id, one.user_id, one.access_token) for one in kept] == [(hers.id, ana.id, hers.access_token)]


async def test_an_account_that_may_not_post_is_not_connected(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()

    with pytest.raises(ScopeMissing):
        await connect_with_code(tiktok.resources, ana.id, await tiktok.code(scopes=ALL[:2]), REDIRECT)

    assert await accounts(tiktok.resources) == []


async def test_a_code_works_once(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    code = await tiktok.code()
    await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)

    with pytest.raises(TikTokTokenRejected):
        await connect_with_code(tiktok.resources, ana.id, code, REDIRECT)


async def test_disconnecting_gives_the_access_back_and_keeps_the_posts(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(account.access_token, f"account:{account.id}:access"))
    video = await rows.video(ana, VideoStatus.EDITED, edited_key="x", edited_bytes=1)
    waiting = (await queue_upload(tiktok.resources, user_id=ana.id, video_id=video.id)).view.post
    held = (await queue_upload(tiktok.resources, user_id=ana.id, video_id=video.id)).view.post
    posted = await rows.post(video, account, PostStatus.POSTED)
    async with tiktok.resources.db.begin() as session:
        # One waits for its version of the video.
        await session.execute(update(Job).where(Job.post_id == held.id).values(status=JobStatus.HELD))

    await disconnect_account(tiktok.resources, user_id=ana.id, account_id=account.id)

    with pytest.raises(TikTokTokenRejected):
        await tiktok.resources.tiktok.creator_info(token)
    (kept,) = await accounts(tiktok.resources)
    assert (kept.status, kept.access_token, kept.refresh_token) == ("disconnected", "", "")
    assert await list_accounts(tiktok.resources, user_id=ana.id) == []
    async with tiktok.resources.db.begin() as session:
        found = {post.id: (post.status, post.error_code) for post in await session.scalars(select(Post))}
    assert found == {
        waiting.id: (PostStatus.NEEDS_ATTENTION, "account_disconnected"),
        held.id: (PostStatus.NEEDS_ATTENTION, "account_disconnected"),
        posted.id: (PostStatus.POSTED, None),
    }
    with pytest.raises(TikTokTokenRejected):
        await tokens_of(tiktok.resources).access(account.id)
    with pytest.raises(NotFound):
        await disconnect_account(tiktok.resources, user_id=ana.id, account_id=account.id)

    again = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)
    assert (again.id, again.status) == (account.id, "connected")
    retried = await retry_post(tiktok.resources, user_id=ana.id, post_id=waiting.id)
    assert retried.view.post.status is PostStatus.UPLOAD_QUEUED


async def test_an_access_that_is_dead_already_is_let_go_all_the_same(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)
    sealer = tiktok.resources.sealer
    token = SecretStr(sealer.open(account.access_token, f"account:{account.id}:access"))
    await oauth_of(tiktok.resources).revoke(token)

    await disconnect_account(tiktok.resources, user_id=ana.id, account_id=account.id)

    assert [one.status for one in await accounts(tiktok.resources)] == ["disconnected"]


async def test_while_tiktok_is_away_nothing_is_let_go(
    tiktok: TikTok, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await rows.user()
    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    async def away(*_: object, **__: object) -> None:
        raise TikTokUnavailable

    monkeypatch.setattr("subiteya.tiktok.oauth.OAuthClient.revoke", away)
    with pytest.raises(TikTokUnavailable):
        await disconnect_account(tiktok.resources, user_id=ana.id, account_id=account.id)
    assert [one.status for one in await accounts(tiktok.resources)] == ["connected"]


def audited(resources: Resources) -> Resources:
    tiktok = resources.settings.tiktok.model_copy(update={"unaudited": False})
    return replace(resources, settings=resources.settings.model_copy(update={"tiktok": tiktok}))


async def test_a_creator_is_shown_as_tiktok_describes_them(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code(), REDIRECT)

    private = await get_creator(tiktok.resources, user_id=ana.id, account_id=account.id)
    public = await get_creator(audited(tiktok.resources), user_id=ana.id, account_id=account.id)
    await tiktok.change(banned=True)
    banned = await get_creator(tiktok.resources, user_id=ana.id, account_id=account.id)

    assert private.info is not None
    assert private.info.nickname == "Ana en la cocina"
    assert private.privacy_levels == ("SELF_ONLY",), "an app that is not audited may use no other"
    assert "PUBLIC_TO_EVERYONE" in public.privacy_levels
    assert (banned.info, banned.refusal) == (None, "tiktok_spam_risk_user_banned_from_posting")
    shown = creator_out(banned, "es")
    assert shown.refusal is not None
    assert "no permite que esta cuenta publique" in shown.refusal.message
    assert "Music Usage Confirmation" in creator_out(private, "es").declaration.text


async def test_what_tiktok_would_refuse_is_refused_at_once(tiktok: TikTok, rows: Rows) -> None:
    ana = await rows.user()
    resources = audited(tiktok.resources)
    await connect_with_code(resources, ana.id, await tiktok.code("taller.norte"), REDIRECT)
    await tiktok.change("taller.norte", max_video_post_duration_sec=60)
    edited = {"edited_key": "x", "edited_bytes": 1, "probe": {"duration_s": 90.0}}
    long = await rows.video(ana, VideoStatus.EDITED, **edited)
    cut = await rows.video(ana, VideoStatus.EDITED, **edited, spec={"time": {"trim_end_s": 50}})

    async def plan(video_id: uuid.UUID, level: str) -> None:
        await create_posts(
            resources,
            user_id=ana.id,
            video_id=video_id,
            planned=[PlannedPost(None, PostWish(privacy_level=level))],
            consent_version=VERSION,
        )

    with pytest.raises(TooLongForCreator, match="90 s > 60 s"):
        await plan(long.id, "SELF_ONLY")
    with pytest.raises(PrivacyNotOffered):
        await plan(cut.id, "PUBLIC_TO_EVERYONE")
    await plan(cut.id, "FOLLOWER_OF_CREATOR")


async def test_a_preflight_knows_what_this_creator_may_post(
    tiktok: TikTok, rows: Rows, tmp_path: Path
) -> None:
    ana = await rows.user()
    account = await connect_with_code(tiktok.resources, ana.id, await tiktok.code("taller.norte"), REDIRECT)
    await tiktok.change("taller.norte", max_video_post_duration_sec=60)
    probe = clip(track(), duration_s=90.0).to_json()
    video = await rows.video(ana, VideoStatus.DRAFT, probe=probe, measured=Measured().to_json())
    measures = Measures(Previews(lambda: nullcontext(tmp_path), ffmpeg=None, threads=1))

    async def found(account_id: uuid.UUID | None) -> dict[FindingCode, Check]:
        checked = await check_video(
            tiktok.resources, measures, user_id=ana.id, video_id=video.id, account_id=account_id
        )
        return {check.finding.code: check for check in checked.checks}

    assert FindingCode.DURATION not in await found(None)
    theirs = (await found(account.id))[FindingCode.DURATION]
    assert theirs.fix is not None
    assert PatternSpec.merge({}, theirs.fix).time.shown_s(90.0) == 60
