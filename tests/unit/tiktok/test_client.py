from __future__ import annotations

import json
from traceback import TracebackException

import httpx2
import pytest
from pydantic import SecretStr

from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import (
    SubiteyaError,
    TikTokOutcomeUnknown,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
)
from subiteya.domain.privacy import PrivacyLevel
from subiteya.tiktok.answers import PublishState
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.requests import PostInfo
from subiteya.tiktok.wire import new_http_client

TOKEN = SecretStr("act.very-secret")
PLAN = ChunkPlan.for_size(1000)
POST = PostInfo(PrivacyLevel.SELF_ONLY, title="hola")
CREATOR = {
    "creator_avatar_url": "https://p.example/a.webp",
    "creator_username": "ana.cocina",
    "creator_nickname": "Ana",
    "privacy_level_options": ["PUBLIC_TO_EVERYONE", "A_NEW_ONE", "SELF_ONLY"],
    "comment_disabled": False,
    "duet_disabled": True,
    "stitch_disabled": True,
    "max_video_post_duration_sec": 300,
}


def envelope(data: object, code: str = "ok", **error: object) -> dict[str, object]:
    return {"data": data, "error": {"code": code, "message": "m", "log_id": "20261124L"} | error}


def answering(
    *,
    status: int = 200,
    body: object = None,
    raw: bytes | None = None,
    seen: list[httpx2.Request] | None = None,
) -> TikTokClient:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        return httpx2.Response(status, content=raw if raw is not None else json.dumps(body).encode())

    return TikTokClient("https://open.example/", new_http_client(httpx2.MockTransport(handler)))


def failing(error: Exception) -> TikTokClient:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise error

    return TikTokClient("https://open.example", new_http_client(httpx2.MockTransport(handler)))


async def test_creator_info_is_asked_as_documented_and_read() -> None:
    seen: list[httpx2.Request] = []
    info = await answering(body=envelope(CREATOR), seen=seen).creator_info(TOKEN)
    request = seen[0]
    assert request.method == "POST"
    assert str(request.url) == "https://open.example/v2/post/publish/creator_info/query/"
    assert request.headers["Authorization"] == "Bearer act.very-secret"
    assert request.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert request.content == b""
    assert (info.username, info.nickname, info.max_duration_seconds) == ("ana.cocina", "Ana", 300)
    assert info.privacy_levels == (PrivacyLevel.PUBLIC_TO_EVERYONE, PrivacyLevel.SELF_ONLY)
    assert (info.comment_disabled, info.duet_disabled, info.stitch_disabled) == (False, True, True)
    assert info.log_id == "20261124L"


async def test_a_direct_post_is_begun_as_documented() -> None:
    seen: list[httpx2.Request] = []
    answer = envelope(
        {"publish_id": "v_pub_file~v2-1.7", "upload_url": "https://up.example/?upload_token=s3cret"}
    )
    publish = await answering(body=answer, seen=seen).init_video(TOKEN, POST, PLAN)
    assert seen[0].url.path == "/v2/post/publish/video/init/"
    assert json.loads(seen[0].content) == {
        "post_info": POST.as_json(),
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": 1000,
            "chunk_size": 1000,
            "total_chunk_count": 1,
        },
    }
    assert publish.publish_id == "v_pub_file~v2-1.7"
    assert publish.upload_url == SecretStr("https://up.example/?upload_token=s3cret")
    assert "s3cret" not in repr(publish)


async def test_a_draft_is_begun_with_its_source_only() -> None:
    seen: list[httpx2.Request] = []
    answer = envelope({"publish_id": "v_inbox_file~v2.7", "upload_url": "https://up.example/"})
    await answering(body=answer, seen=seen).init_inbox(TOKEN, PLAN)
    assert seen[0].url.path == "/v2/post/publish/inbox/video/init/"
    assert set(json.loads(seen[0].content)) == {"source_info"}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("[7602997517160123666]", (7_602_997_517_160_123_666,)),
        ('["7602997517160123666", 9007199254740993]', (7_602_997_517_160_123_666, 9_007_199_254_740_993)),
        ("7602997517160123666", (7_602_997_517_160_123_666,)),
        ('"7602997517160123666"', (7_602_997_517_160_123_666,)),
        ("[]", ()),
        ("null", ()),
        ('[7.602997517160124e18, true, null, {}, "x"]', ()),
    ],
)
async def test_post_ids_stay_exact_in_every_shape(ids: str, expected: tuple[int, ...]) -> None:
    raw = (
        '{"data":{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":'
        + ids
        + '},"error":{"code":"ok"}}'
    )
    status = await answering(raw=raw.encode()).fetch_status(TOKEN, "v_pub_file~v2-1.7")
    assert status.state is PublishState.PUBLISH_COMPLETE
    assert status.post_ids == expected


async def test_a_failed_post_is_an_answer_and_no_error() -> None:
    seen: list[httpx2.Request] = []
    answer = envelope({"status": "FAILED", "fail_reason": "spam_risk", "uploaded_bytes": 1000})
    status = await answering(body=answer, seen=seen).fetch_status(TOKEN, "v~1")
    assert json.loads(seen[0].content) == {"publish_id": "v~1"}
    assert (status.state, status.fail_reason, status.uploaded_bytes) == (
        PublishState.FAILED,
        "spam_risk",
        1000,
    )
    assert status.post_ids == ()


async def test_a_state_that_we_do_not_know_is_not_taken_for_another() -> None:
    status = await answering(body=envelope({"status": "IN_ORBIT"})).fetch_status(TOKEN, "v~1")
    assert (status.state, status.raw_state) == (PublishState.UNKNOWN, "IN_ORBIT")


async def test_a_profile_is_asked_for_what_the_scopes_open() -> None:
    seen: list[httpx2.Request] = []
    answer = envelope({"user": {"open_id": "-000YSS_x", "display_name": "Ana", "username": None}})
    user = await answering(body=answer, seen=seen).user_info(TOKEN, {"user.info.basic", "video.publish"})
    assert seen[0].method == "GET"
    assert seen[0].url.params["fields"] == "open_id,union_id,avatar_url,display_name"
    assert (user.open_id, user.display_name, user.username) == ("-000YSS_x", "Ana", "")


@pytest.mark.parametrize("status", [200, 400, 403, 500])
async def test_success_is_told_by_the_code_and_never_by_the_status(status: int) -> None:
    client = answering(status=status, body=envelope({}, "spam_risk_too_many_posts"))
    with pytest.raises(TikTokRefused) as refused:
        await client.init_video(TOKEN, POST, PLAN)
    assert refused.value.tiktok_code == "spam_risk_too_many_posts"
    assert refused.value.log_id == "20261124L"
    assert refused.value.context["http_status"] == status
    assert refused.value.context["call"] == "init_video"
    assert (await answering(status=status, body=envelope(CREATOR)).creator_info(TOKEN)).nickname == "Ana"


async def test_a_refusal_without_data_and_with_the_other_spelling_of_log_id_is_read() -> None:
    body = {"error": {"code": "invalid_params", "message": "The chunk size is invalid", "logid": "L2"}}
    with pytest.raises(TikTokRefused) as refused:
        await answering(status=400, body=body).init_video(TOKEN, POST, PLAN)
    assert refused.value.log_id == "L2"
    assert refused.value.context["said"] == "The chunk size is invalid"


@pytest.mark.parametrize("body", [envelope({}, "access_token_invalid"), "<html>"])
async def test_a_rejected_token_is_told_apart_from_other_refusals(body: object) -> None:
    with pytest.raises(TikTokTokenRejected):
        await answering(status=401, body=body).fetch_status(TOKEN, "v~1")


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "rate_limit_exceeded"), (403, "http_403"), (302, "http_302"), (404, "http_404")],
)
async def test_a_gateways_refusal_is_a_refusal(status: int, code: str) -> None:
    with pytest.raises(TikTokRefused) as refused:
        await answering(status=status, raw=b"<html>no</html>").init_video(TOKEN, POST, PLAN)
    assert refused.value.tiktok_code == code


UNREADABLE = [
    b"",
    b"<html>",
    b'{"data":{"publish_id":"v',
    b"[]",
    b'{"data":{}}',
    b'{"error":{}}',
    b'{"error":"ok"}',
]


@pytest.mark.parametrize("status", [200, 408, 500, 502, 504])
@pytest.mark.parametrize("raw", UNREADABLE)
async def test_an_unreadable_answer_leaves_an_act_in_doubt_and_a_question_open(
    status: int, raw: bytes
) -> None:
    client = answering(status=status, raw=raw)
    with pytest.raises(TikTokOutcomeUnknown):
        await client.init_video(TOKEN, POST, PLAN)
    with pytest.raises(TikTokUnavailable):
        await client.fetch_status(TOKEN, "v~1")


@pytest.mark.parametrize(
    "data", [{}, {"publish_id": ""}, {"publish_id": "v~1"}, {"upload_url": "https://x/"}]
)
async def test_a_begun_publish_without_id_or_address_is_in_doubt(data: object) -> None:
    with pytest.raises(TikTokOutcomeUnknown):
        await answering(body=envelope(data)).init_video(TOKEN, POST, PLAN)


@pytest.mark.parametrize("data", [{}, None, [], CREATOR | {"max_video_post_duration_sec": "soon"}])
async def test_an_answer_that_lacks_what_we_need_is_named_and_not_guessed(data: object) -> None:
    with pytest.raises(TikTokUnavailable) as unusable:
        await answering(body=envelope(data)).creator_info(TOKEN)
    assert "max_" in str(unusable.value.context["why"])


@pytest.mark.parametrize(
    "error",
    [httpx2.ConnectError("x"), httpx2.ConnectTimeout("x"), httpx2.PoolTimeout("x"), httpx2.ProxyError("x")],
)
async def test_a_request_that_never_left_is_safe_to_repeat(error: Exception) -> None:
    with pytest.raises(TikTokUnavailable) as never_left:
        await failing(error).init_video(TOKEN, POST, PLAN)
    assert never_left.value.retryable


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout("x"),
        httpx2.WriteTimeout("x"),
        httpx2.ReadError("x"),
        httpx2.WriteError("x"),
        httpx2.CloseError("x"),
        httpx2.RemoteProtocolError("x"),
        httpx2.LocalProtocolError("x"),
        httpx2.DecodingError("x"),
    ],
)
async def test_a_request_that_left_and_was_not_answered_is_in_doubt_if_it_acts(error: Exception) -> None:
    with pytest.raises(TikTokOutcomeUnknown) as unknown:
        await failing(error).init_video(TOKEN, POST, PLAN)
    assert not unknown.value.retryable
    with pytest.raises(TikTokUnavailable):
        await failing(error).creator_info(TOKEN)


@pytest.mark.parametrize(
    "client",
    [
        failing(httpx2.ReadTimeout("x")),
        failing(httpx2.ConnectError("x")),
        answering(status=403, body=envelope({}, "spam_risk")),
        answering(raw=b"?"),
        answering(body=envelope({"upload_url": "https://x/?upload_token=very-secret"})),
    ],
)
async def test_no_secret_shows_in_a_traceback_not_even_in_its_locals(client: TikTokClient) -> None:
    with pytest.raises(SubiteyaError) as raised:
        await client.init_video(TOKEN, POST, PLAN)
    assert "very-secret" not in f"{raised.value} {raised.value!r} {raised.value.context}"
    shown = "".join(TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "init_video" in shown
    assert "very-secret" not in shown
