"""The client against the simulator: both keep to one protocol, and share no line of code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from subiteya.domain.chunks import Chunk, ChunkPlan
from subiteya.domain.errors import (
    TikTokOutcomeUnknown,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)
from subiteya.domain.privacy import PrivacyLevel
from subiteya.tiktok.answers import PublishState
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.endpoints import Endpoints, UploadHosts
from subiteya.tiktok.oauth import OAuthClient, Pkce, TokenPair
from subiteya.tiktok.requests import PostInfo
from subiteya.tiktok.simulator import CreatorSpec, Simulator, SimulatorConfig, Switches, create_app
from subiteya.tiktok.transfer import Acknowledged, ChunkSender, Expired, Gone, Resync, Retryable, Sent
from subiteya.tiktok.webhooks import Event, parse, verify
from subiteya.tiktok.wire import new_http_client

BASE = "http://simulator.test"
ENDPOINTS = Endpoints(BASE, f"{BASE}/v2/auth/authorize/", UploadHosts(BASE))
SECRET = SecretStr("simulator-secret")
DESKTOP = "http://127.0.0.1:3001/callback"
SCOPES = ("user.info.basic", "user.info.profile", "video.publish", "video.upload")
PLAN = ChunkPlan(size=11_000_007, chunk_size=5_500_000, count=2)
FIRST, LAST = PLAN
PRIVATE_POST = PostInfo(PrivacyLevel.SELF_ONLY, title="hola 🍞 #pan ")
PUBLIC_POST = PostInfo(PrivacyLevel.PUBLIC_TO_EVERYONE)


PATTERN = bytes(range(251)) * 262


async def content(first: int, last: int) -> AsyncGenerator[bytes]:
    """The bytes of a file in which each position can be told from its neighbours."""
    for start in range(first, last + 1, 65_000):
        shift = start % 251
        yield PATTERN[shift : shift + min(65_000, last + 1 - start)]


@dataclass
class Stand:
    """One simulator in this process, and our clients of it."""

    app: Simulator
    transport: httpx2.ASGITransport
    http: httpx2.AsyncClient
    webhooks: list[httpx2.Request]
    folder: Path

    def oauth(self, *, web_pkce: Pkce = Pkce.NONE) -> OAuthClient:
        return OAuthClient(ENDPOINTS, "simulator", SECRET, self.http, web_pkce=web_pkce)

    @property
    def client(self) -> TikTokClient:
        return TikTokClient(BASE, self.http)

    async def knob(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        response = await self.http.request(method, f"{BASE}/simulator{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def open_id(self, username: str = "ana.cocina") -> str:
        creators = await self.knob("/creators", method="GET")
        return str(next(one["open_id"] for one in creators if one["username"] == username))

    async def connect(self, username: str = "ana.cocina", scopes: tuple[str, ...] = SCOPES) -> TokenPair:
        authorized = await self.knob(
            f"/creators/{await self.open_id(username)}/authorize", {"scopes": scopes}
        )
        return await self.oauth().exchange(SecretStr(authorized["code"]), redirect_uri=DESKTOP)

    async def put(self, url: SecretStr | None, chunk: Chunk, *, first: int | None = None) -> Sent:
        assert url is not None
        sender = ChunkSender(self.transport, ENDPOINTS.uploads)
        start = chunk.first if first is None else first
        return await sender.send(url, PLAN, chunk, content(start, start + chunk.size - 1))

    async def settled(self, token: SecretStr, publish_id: str) -> PublishState:
        for _ in ("processing", "moderation"):
            await self.knob("/clock", {"seconds": 10})
            await self.knob("/settle")
        return (await self.client.fetch_status(token, publish_id)).state


@asynccontextmanager
async def standing(folder: Path, **switches: Any) -> AsyncIterator[Stand]:
    webhooks: list[httpx2.Request] = []

    def receive(request: httpx2.Request) -> httpx2.Response:
        webhooks.append(request)
        return httpx2.Response(200)

    config = SimulatorConfig(
        data_dir=folder,
        public_url=BASE,
        switches=Switches(check_media=False, webhook_url="https://us.test/webhooks", **switches),
        creators=(
            CreatorSpec(username="ana.cocina", nickname="Ana en la cocina"),
            CreatorSpec(username="taller.norte", private=True, comment_disabled=True),
        ),
    )
    app = create_app(config, transport=httpx2.MockTransport(receive))
    transport = httpx2.ASGITransport(app=app)
    async with app.running(), new_http_client(transport) as http:
        yield Stand(app, transport, http, webhooks, folder)


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with standing(tmp_path) as it:
        yield it


async def test_a_public_post_goes_the_whole_way_and_gets_its_exact_id(stand: Stand) -> None:
    pair = await stand.connect()
    info = await stand.client.creator_info(pair.access_token)
    assert PrivacyLevel.PUBLIC_TO_EVERYONE in info.privacy_levels
    assert info.nickname == "Ana en la cocina"
    publish = await stand.client.init_video(pair.access_token, PUBLIC_POST, PLAN)
    assert await stand.put(publish.upload_url, FIRST) == Acknowledged(5_500_000, complete=False)
    assert await stand.put(publish.upload_url, LAST) == Acknowledged(PLAN.size, complete=True)
    assert await stand.settled(pair.access_token, publish.publish_id) is PublishState.PUBLISH_COMPLETE
    status = await stand.client.fetch_status(pair.access_token, publish.publish_id)
    seen = await stand.knob(f"/publishes/{publish.publish_id}", method="GET")
    assert status.post_ids == (int(seen["post_id"]),)
    assert status.post_ids[0] > 2**53
    assert status.uploaded_bytes == PLAN.size


async def test_the_bytes_arrive_as_they_were_sent(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    for chunk in PLAN:
        await stand.put(publish.upload_url, chunk)
    files = [path for path in stand.folder.rglob("*") if path.is_file() and path.stat().st_size == PLAN.size]
    expected = b"".join([block async for block in content(0, PLAN.size - 1)])
    assert [await asyncio.to_thread(path.read_bytes) for path in files] == [expected]


async def test_a_draft_ends_in_the_inbox(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_inbox(pair.access_token, PLAN)
    for chunk in PLAN:
        await stand.put(publish.upload_url, chunk)
    assert await stand.settled(pair.access_token, publish.publish_id) is PublishState.SEND_TO_USER_INBOX


@pytest.mark.parametrize("size", [1, 4_194_304, 64_000_000, 64_000_001, 158_008_374, 4 * 1024**3])
async def test_every_plan_of_ours_is_accepted(stand: Stand, size: int) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, ChunkPlan.for_size(size))
    assert publish.publish_id


async def test_a_private_account_is_described_as_it_is(stand: Stand) -> None:
    pair = await stand.connect("taller.norte")
    info = await stand.client.creator_info(pair.access_token)
    assert PrivacyLevel.PUBLIC_TO_EVERYONE not in info.privacy_levels
    assert PrivacyLevel.FOLLOWER_OF_CREATOR in info.privacy_levels
    assert (info.comment_disabled, info.duet_disabled, info.stitch_disabled) == (True, True, True)


async def test_a_profile_shows_what_the_scopes_open(stand: Stand) -> None:
    pair = await stand.connect()
    user = await stand.client.user_info(pair.access_token, pair.scopes)
    assert user.open_id == pair.open_id
    assert user.username == "ana.cocina"
    basic = await stand.connect(scopes=("user.info.basic",))
    user = await stand.client.user_info(basic.access_token, basic.scopes)
    assert (user.open_id, user.username) == (pair.open_id, "")


async def test_a_failed_post_says_why(stand: Stand) -> None:
    pair = await stand.connect()
    await stand.knob("/faults", {"action": "fail", "reason": "spam_risk_text"})
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    for chunk in PLAN:
        await stand.put(publish.upload_url, chunk)
    assert await stand.settled(pair.access_token, publish.publish_id) is PublishState.FAILED
    status = await stand.client.fetch_status(pair.access_token, publish.publish_id)
    assert status.fail_reason == "spam_risk_text"


async def refused(stand: Stand, token: SecretStr, post: PostInfo = PRIVATE_POST) -> str:
    with pytest.raises(TikTokRefused) as error:
        await stand.client.init_video(token, post, PLAN)
    assert error.value.log_id
    return error.value.tiktok_code


async def test_refusals_keep_tiktoks_code(stand: Stand) -> None:
    private = await stand.connect("taller.norte")
    assert await refused(stand, private.access_token, PUBLIC_POST) == "privacy_level_option_mismatch"
    basic = await stand.connect(scopes=("user.info.basic",))
    assert await refused(stand, basic.access_token) == "scope_not_authorized"
    with pytest.raises(TikTokRefused) as unknown:
        await stand.client.fetch_status(private.access_token, "v_pub_file~v2-1.1")
    assert unknown.value.tiktok_code == "invalid_publish_id"


async def test_a_plan_that_rounds_up_is_refused_in_tiktoks_words(stand: Stand) -> None:
    pair = await stand.connect()
    response = await stand.http.post(
        f"{BASE}/v2/post/publish/video/init/",
        headers={"Authorization": f"Bearer {pair.access_token.get_secret_value()}"},
        json={
            "post_info": PRIVATE_POST.as_json(),
            "source_info": {
                "source": "FILE_UPLOAD",
                "video_size": 70_000_001,
                "chunk_size": 10_000_000,
                "total_chunk_count": 8,
            },
        },
    )
    assert response.json()["error"]["message"] == "The total chunk count is invalid"


async def test_a_creators_full_day_is_told_with_http_200(stand: Stand) -> None:
    await stand.knob("/switches", {"daily_post_cap": 0}, method="PATCH")
    pair = await stand.connect()
    with pytest.raises(TikTokRefused) as full:
        await stand.client.creator_info(pair.access_token)
    assert full.value.tiktok_code == "spam_risk_too_many_posts"
    assert full.value.context["http_status"] == 200


async def test_the_seventh_init_of_a_minute_is_refused(stand: Stand) -> None:
    pair = await stand.connect()
    for _ in range(6):
        await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    assert await refused(stand, pair.access_token) == "rate_limit_exceeded"


async def test_a_token_that_dies_in_the_middle_is_told_apart(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    await stand.knob("/faults", {"action": "kill_token", "endpoint": "status_fetch"})
    with pytest.raises(TikTokTokenRejected):
        await stand.client.fetch_status(pair.access_token, publish.publish_id)
    fresh = await stand.oauth().refresh(pair.refresh_token)
    status = await stand.client.fetch_status(fresh.access_token, publish.publish_id)
    assert status.state is PublishState.PROCESSING_UPLOAD


@pytest.mark.parametrize(("status", "code"), [(500, "internal_error"), (429, "rate_limit_exceeded")])
async def test_a_refusal_of_the_server_is_no_doubt(stand: Stand, status: int, code: str) -> None:
    pair = await stand.connect()
    await stand.knob(
        "/faults", {"action": "status", "endpoint": "video_init", "status": status, "code": code}
    )
    assert await refused(stand, pair.access_token) == code


async def test_a_gateways_page_leaves_an_init_in_doubt_and_indeed_it_had_happened(stand: Stand) -> None:
    pair = await stand.connect()
    await stand.knob(
        "/faults", {"action": "status", "endpoint": "video_init", "status": 502, "when": "after"}
    )
    with pytest.raises(TikTokOutcomeUnknown):
        await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    assert (await stand.knob("/state", method="GET"))["inits"] == 1


async def test_a_gateways_page_leaves_a_question_open(stand: Stand) -> None:
    pair = await stand.connect()
    await stand.knob("/faults", {"action": "status", "endpoint": "creator_info", "status": 502})
    with pytest.raises(TikTokUnavailable):
        await stand.client.creator_info(pair.access_token)


async def test_lifetimes_follow_the_simulators_switches(tmp_path: Path) -> None:
    async with standing(tmp_path, access_seconds=86_400, refresh_seconds=31_536_000) as stand:
        before = datetime.now(UTC)
        pair = await stand.connect()
        assert timedelta(0) <= pair.access_expires_at - before - timedelta(days=1) < timedelta(minutes=1)
        assert timedelta(0) <= pair.refresh_expires_at - before - timedelta(days=365) < timedelta(minutes=1)


async def test_a_refresh_token_works_once(stand: Stand) -> None:
    pair = await stand.connect()
    fresh = await stand.oauth().refresh(pair.refresh_token)
    assert fresh.open_id == pair.open_id
    with pytest.raises(TikTokTokenRejected) as rejected:
        await stand.oauth().refresh(pair.refresh_token)
    assert rejected.value.tiktok_code == "invalid_grant"


@pytest.mark.parametrize("status", [200, 400])
async def test_login_errors_are_read_whatever_their_status(tmp_path: Path, status: int) -> None:
    async with standing(tmp_path, oauth_error_status=status) as stand:
        stranger = OAuthClient(ENDPOINTS, "simulator", SecretStr("wrong"), stand.http)
        with pytest.raises(TikTokRefused) as error:
            await stranger.refresh(SecretStr("rft.x"))
        assert error.value.tiktok_code == "invalid_client"


async def test_access_that_is_given_back_is_gone_and_tiktok_says_so(stand: Stand) -> None:
    pair = await stand.connect()
    await stand.oauth().revoke(pair.access_token)
    with pytest.raises(TikTokTokenRejected):
        await stand.client.creator_info(pair.access_token)
    with pytest.raises(TikTokTokenRejected):
        await stand.oauth().revoke(pair.access_token)
    await stand.knob("/settle")
    assert [parse(request.content).event for request in stand.webhooks] == [Event.ACCESS_REMOVED]


async def consented(stand: Stand, url: str) -> SecretStr:
    """Press "allow" on the consent screen and return the code that comes back."""
    query = httpx2.URL(url).query.decode()
    form = {
        "query": query,
        "decision": "allow",
        "open_id": await stand.open_id(),
        "scopes": "video.publish",
    }
    response = await stand.http.post(f"{BASE}/v2/auth/authorize/", data=form)
    assert response.status_code == 302, response.text
    return SecretStr(httpx2.URL(response.headers["Location"]).params["code"])


@pytest.mark.parametrize("redirect_uri", [DESKTOP, "https://us.test/callback"])
async def test_the_consent_screen_leads_to_tokens(stand: Stand, redirect_uri: str) -> None:
    authorization = stand.oauth().authorize(
        redirect_uri=redirect_uri, scopes=["user.info.basic", "video.publish"], state="s"
    )
    code = await consented(stand, authorization.url)
    pair = await stand.oauth().exchange(code, redirect_uri=redirect_uri, verifier=authorization.verifier)
    assert pair.scopes == {"user.info.basic", "video.publish"}
    with pytest.raises(TikTokTokenRejected):
        await stand.oauth().exchange(code, redirect_uri=redirect_uri, verifier=authorization.verifier)


@pytest.mark.parametrize("pkce", [Pkce.HEX, Pkce.BASE64URL])
async def test_a_web_login_with_a_challenge_is_taken_where_it_is_demanded(tmp_path: Path, pkce: Pkce) -> None:
    redirect_uri = "https://us.test/callback"
    async with standing(tmp_path, web_pkce="required") as stand:
        client = stand.oauth(web_pkce=pkce)
        authorization = client.authorize(redirect_uri=redirect_uri, scopes=["video.publish"], state="s")
        code = await consented(stand, authorization.url)
        pair = await client.exchange(code, redirect_uri=redirect_uri, verifier=authorization.verifier)
        assert pair.scopes == {"video.publish"}


async def test_a_verifier_of_another_login_is_refused(stand: Stand) -> None:
    authorization = stand.oauth().authorize(redirect_uri=DESKTOP, scopes=["video.publish"], state="s")
    code = await consented(stand, authorization.url)
    with pytest.raises(TikTokRefused) as error:
        await stand.oauth().exchange(code, redirect_uri=DESKTOP, verifier=SecretStr("v" * 64))
    assert error.value.tiktok_code == "invalid_request"


@pytest.mark.parametrize("style", ["count", "index"])
async def test_a_chunk_out_of_turn_says_where_to_go_on(tmp_path: Path, style: str) -> None:
    async with standing(tmp_path, progress_header=style) as stand:
        pair = await stand.connect()
        publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
        nothing_yet = None if style == "index" else 0
        assert await stand.put(publish.upload_url, LAST) == Resync(nothing_yet)
        assert await stand.put(publish.upload_url, FIRST) == Acknowledged(FIRST.end, complete=False)
        assert await stand.put(publish.upload_url, FIRST) == Resync(FIRST.end)
        assert [*PLAN.remaining(FIRST.end)] == [LAST]


@pytest.mark.parametrize("status", [404, 416])
@pytest.mark.parametrize("style", ["count", "index"])
async def test_a_chunk_after_the_last_is_told_in_either_way(tmp_path: Path, status: int, style: str) -> None:
    async with standing(tmp_path, finished_upload_status=status, progress_header=style) as stand:
        pair = await stand.connect()
        publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
        for chunk in PLAN:
            await stand.put(publish.upload_url, chunk)
        expected = Gone() if status == 404 else Resync(PLAN.size)
        assert await stand.put(publish.upload_url, LAST) == expected


async def test_an_expired_address_and_an_unknown_one_are_told_apart(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    assert publish.upload_url is not None
    unknown = SecretStr(publish.upload_url.get_secret_value() + "x")
    assert await stand.put(unknown, FIRST) == Gone()
    await stand.knob("/clock", {"seconds": 3600})
    assert await stand.put(publish.upload_url, FIRST) == Expired()


async def test_a_chunk_that_met_a_broken_gateway_is_sent_again(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    await stand.knob("/faults", {"action": "status", "endpoint": "upload", "chunk": 1, "status": 502})
    assert await stand.put(publish.upload_url, FIRST) == Retryable("upload_server_error", "HTTP 502")
    assert await stand.put(publish.upload_url, FIRST) == Acknowledged(FIRST.end, complete=False)


async def test_a_chunk_whose_answer_was_lost_was_stored_and_a_resync_tells(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PRIVATE_POST, PLAN)
    await stand.knob("/faults", {"action": "status", "endpoint": "upload", "status": 504, "when": "after"})
    assert await stand.put(publish.upload_url, FIRST) == Retryable("upload_server_error", "HTTP 504")
    assert await stand.put(publish.upload_url, FIRST) == Resync(FIRST.end)


async def test_events_are_signed_as_we_check_them(stand: Stand) -> None:
    pair = await stand.connect()
    publish = await stand.client.init_video(pair.access_token, PUBLIC_POST, PLAN)
    for chunk in PLAN:
        await stand.put(publish.upload_url, chunk)
    await stand.settled(pair.access_token, publish.publish_id)
    deliveries = {}
    for request in stand.webhooks:
        sent_at = datetime.fromtimestamp(int(request.headers["TikTok-Signature"].split(",")[0][2:]), UTC)
        verify(request.headers["TikTok-Signature"], request.content, SECRET, now=sent_at)
        assert isinstance(json.loads(request.content)["content"], str)
        delivery = parse(request.content)
        deliveries[delivery.event] = delivery
        assert delivery.publish_id == publish.publish_id
        assert delivery.user_open_id == pair.open_id
    assert {Event.COMPLETE, Event.PUBLIC} <= set(deliveries)
    status = await stand.client.fetch_status(pair.access_token, publish.publish_id)
    assert status.post_ids == (deliveries[Event.PUBLIC].post_id,)
