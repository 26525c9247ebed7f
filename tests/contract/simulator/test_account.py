from __future__ import annotations

from typing import Any

import httpx2
import pytest

from contract.simulator.rig import Person, Rig, data_of, error_of


async def user_info(person: Person, fields: str | None) -> httpx2.Response:
    return await person.rig.client.get(
        "/v2/user/info/",
        params={} if fields is None else {"fields": fields},
        headers={"Authorization": f"Bearer {person.access}"},
    )


async def test_user_info_gives_exactly_the_fields_asked_for(rig: Rig) -> None:
    ana = await rig.connect(nickname="Ana Paz", bio="hola", verified=True)
    data = data_of(await user_info(ana, "open_id,display_name,username,bio_description,is_verified"))
    assert data == {
        "user": {
            "open_id": ana.open_id,
            "display_name": "Ana Paz",
            "username": "ana",
            "bio_description": "hola",
            "is_verified": True,
        }
    }


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        (None, (400, "invalid_params")),
        ("", (400, "invalid_params")),
        ("open_id,shoe_size", (400, "invalid_params")),
        ("username", (401, "scope_not_authorized")),
        ("open_id,follower_count", (401, "scope_not_authorized")),
        ("open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name", (200, "ok")),
    ],
)
async def test_user_info_needs_fields_and_their_scopes(
    rig: Rig, fields: str | None, answer: tuple[int, str]
) -> None:
    ana = await rig.connect(scopes=["user.info.basic"])
    assert error_of(await user_info(ana, fields)) == answer


async def test_creator_info_tells_what_the_account_allows(rig: Rig) -> None:
    ana = await rig.connect(nickname="Ana Paz", comment_disabled=True, max_video_post_duration_sec=180)
    info = data_of(await ana.creator_info())
    assert info.pop("creator_avatar_url").startswith("http://simulator.test/")
    assert info == {
        "creator_username": "ana",
        "creator_nickname": "Ana Paz",
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
        "comment_disabled": True,
        "duet_disabled": False,
        "stitch_disabled": False,
        "max_video_post_duration_sec": 180,
    }


async def test_a_private_account_offers_followers_and_neither_duet_nor_stitch(rig: Rig) -> None:
    ana = await rig.connect(private=True)
    info = data_of(await ana.creator_info())
    assert info["privacy_level_options"] == ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert (info["duet_disabled"], info["stitch_disabled"]) == (True, True)


async def test_an_unaudited_app_sees_the_accounts_options_all_the_same(rig: Rig) -> None:
    await rig.switch(audited=False)
    ana = await rig.connect()
    assert "PUBLIC_TO_EVERYONE" in data_of(await ana.creator_info())["privacy_level_options"]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"banned": True}, "spam_risk_user_banned_from_posting"),
        ({"daily_post_cap": 0}, "spam_risk_too_many_posts"),
    ],
)
async def test_a_creator_who_cannot_post_is_told_with_200(rig: Rig, spec: dict[str, Any], code: str) -> None:
    ana = await rig.connect(**spec)
    assert error_of(await ana.creator_info()) == (200, code)


async def test_the_active_user_cap_is_told_with_200(rig: Rig) -> None:
    await rig.switch(active_user_cap=1)
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    data_of(await ana.init())
    assert error_of(await zoe.creator_info()) == (200, "reached_active_user_cap")
    assert error_of(await ana.creator_info()) == (200, "ok")


async def test_creator_info_needs_the_publish_scope(rig: Rig) -> None:
    ana = await rig.connect(scopes=["user.info.basic", "video.upload"])
    assert error_of(await ana.creator_info()) == (401, "scope_not_authorized")


@pytest.mark.parametrize("value", [None, "Bearer", "Bearer nonsense", "Basic abc"])
async def test_without_a_living_token_nothing_is_told(rig: Rig, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value}
    response = await rig.client.post("/v2/post/publish/creator_info/query/", headers=headers)
    assert error_of(response) == (401, "access_token_invalid")
    assert response.json()["error"]["log_id"]


async def test_a_refresh_token_is_no_access_token(rig: Rig) -> None:
    ana = await rig.connect()
    ana.access = ana.refresh
    assert error_of(await ana.creator_info()) == (401, "access_token_invalid")


async def test_creator_info_answers_20_times_a_minute(rig: Rig) -> None:
    ana = await rig.connect()
    for _ in range(20):
        assert error_of(await ana.creator_info()) == (200, "ok")
    assert error_of(await ana.creator_info()) == (429, "rate_limit_exceeded")
    rig.clock.advance(60)
    assert error_of(await ana.creator_info()) == (200, "ok")


async def test_the_window_is_the_tokens_own_and_can_be_switched_off(rig: Rig) -> None:
    ana = await rig.connect()
    for _ in range(20):
        await ana.creator_info()
    other = await rig.connect()  # the same creator, connected once more
    assert error_of(await other.creator_info()) == (200, "ok")
    await rig.switch(rate_limits=False)
    assert error_of(await ana.creator_info()) == (200, "ok")
