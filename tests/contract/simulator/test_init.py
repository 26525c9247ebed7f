from __future__ import annotations

from typing import Any

import pytest

from contract.simulator.rig import Rig, data_of, error_of, file_source

PULL = {"source": "PULL_FROM_URL", "video_url": "https://videos.example.com/a.mp4"}


async def test_a_direct_init_answers_with_an_id_and_an_address(rig: Rig) -> None:
    ana = await rig.connect()
    data = data_of(await ana.init())
    assert data.keys() == {"publish_id", "upload_url"}
    assert data["publish_id"].startswith("v_pub_file~v2-1.")
    assert len(data["publish_id"]) <= 64
    assert len(data["upload_url"]) <= 256
    assert data["upload_url"].startswith("http://simulator.test/video/?upload_id=")
    assert "&upload_token=" in data["upload_url"]


async def test_every_init_is_a_new_publish(rig: Rig) -> None:
    ana = await rig.connect()
    ids = {data_of(await ana.init())["publish_id"] for _ in range(3)}
    assert len(ids) == 3
    assert (await rig.state())["inits"] == 3


@pytest.mark.parametrize(
    ("post_info", "answer"),
    [
        ({"title": "🌼" * 1_101}, (400, "invalid_params")),
        ({"title": "🌼" * 1_100}, (200, "ok")),
        ({"disable_duet": "yes"}, (400, "invalid_params")),
        ({"brand_content_toggle": True}, (400, "invalid_params")),
        ({"brand_content_toggle": True, "privacy_level": "PUBLIC_TO_EVERYONE"}, (200, "ok")),
        ({"privacy_level": None}, (403, "privacy_level_option_mismatch")),
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, (403, "privacy_level_option_mismatch")),
        ({"privacy_level": "EVERYBODY"}, (403, "privacy_level_option_mismatch")),
        ({"video_cover_timestamp_ms": "soon"}, (200, "ok")),
    ],
)
async def test_post_info_is_checked(rig: Rig, post_info: dict[str, Any], answer: tuple[int, str]) -> None:
    ana = await rig.connect()
    assert error_of(await ana.init(**post_info)) == answer


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (file_source(25_000_000, 10_000_000, 3), "The total chunk count is invalid"),
        (file_source(121_000_000, 64_000_000, 1), "The chunk size is invalid"),
        (file_source(66_259_900), "The chunk size is invalid"),
        (file_source(20_000_000, 1_000_000, 20), "The chunk size is invalid"),
        ({"source": "FILE_UPLOAD"}, "The request source info is empty or incorrect"),
    ],
)
async def test_both_inits_check_the_chunk_plan(rig: Rig, source: dict[str, Any], message: str) -> None:
    ana = await rig.connect()
    for response in (await ana.init(source), await ana.draft(source)):
        assert error_of(response) == (400, "invalid_params")
        assert response.json()["error"]["message"] == message


async def test_a_chunk_of_64_mib_is_a_switch(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.switch(max_chunk_bytes=67_108_864)
    assert error_of(await ana.init(file_source(66_259_900))) == (200, "ok")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"post_info": {"title": "a"}}', "text/plain"),
        (b" " * 300_000, "application/json"),
    ],
)
async def test_what_is_no_json_object_is_refused(rig: Rig, content: bytes, content_type: str) -> None:
    ana = await rig.connect()
    response = await rig.client.post(
        "/v2/post/publish/video/init/",
        content=content,
        headers={"Authorization": f"Bearer {ana.access}", "Content-Type": content_type},
    )
    assert error_of(response) == (400, "invalid_params")


async def test_scopes_are_checked_for_each_init(rig: Rig) -> None:
    drafts_only = await rig.connect("ana", scopes=["video.upload"])
    direct_only = await rig.connect("zoe", scopes=["video.publish"])
    assert error_of(await drafts_only.init()) == (401, "scope_not_authorized")
    assert error_of(await direct_only.draft()) == (401, "scope_not_authorized")
    assert error_of(await drafts_only.draft()) == (200, "ok")
    assert error_of(await direct_only.init()) == (200, "ok")


async def test_six_inits_a_minute(rig: Rig) -> None:
    ana = await rig.connect()
    for _ in range(6):
        assert error_of(await ana.init()) == (200, "ok")
    assert error_of(await ana.init()) == (429, "rate_limit_exceeded")
    rig.clock.advance(60)
    assert error_of(await ana.init()) == (200, "ok")


async def test_fifteen_posts_a_rolling_day_and_failed_ones_do_not_count(rig: Rig) -> None:
    await rig.switch(rate_limits=False)
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    data_of(await ana.init())
    rig.clock.advance(3_600)
    for _ in range(14):
        data_of(await ana.init())
    assert error_of(await ana.init()) == (403, "spam_risk_too_many_posts")
    assert error_of(await ana.creator_info()) == (200, "spam_risk_too_many_posts")
    assert error_of(await zoe.init()) == (200, "ok")
    assert error_of(await ana.draft()) == (200, "ok")
    await rig.switch(access_seconds=200_000)
    rig.clock.advance(86_400 - 3_600)
    ana = await rig.connect("ana")
    assert error_of(await ana.init()) == (200, "ok")


async def test_a_failed_publish_gives_its_place_back(rig: Rig) -> None:
    ana = await rig.connect(daily_post_cap=1)
    await rig.switch(check_media=False)
    await rig.fault(action="fail", reason="internal")
    await ana.publish(b"x" * 1_000)
    assert error_of(await ana.init()) == (403, "spam_risk_too_many_posts")
    await rig.pass_time(2)
    assert error_of(await ana.init()) == (200, "ok")


async def test_a_banned_creator_may_neither_post_nor_draft(rig: Rig) -> None:
    ana = await rig.connect(banned=True)
    assert error_of(await ana.init()) == (403, "spam_risk_user_banned_from_posting")
    assert error_of(await ana.draft()) == (403, "spam_risk_user_banned_from_posting")


async def test_the_active_user_cap_lets_those_go_on_who_are_counted(rig: Rig) -> None:
    await rig.switch(active_user_cap=1)
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    data_of(await ana.init())
    assert error_of(await zoe.init()) == (403, "reached_active_user_cap")
    assert error_of(await ana.init()) == (200, "ok")
    assert error_of(await zoe.draft()) == (200, "ok")


async def test_an_unaudited_app_has_five_users_a_day(rig: Rig) -> None:
    await rig.switch(audited=False)
    people = [await rig.connect(f"user{number}", private=True) for number in range(6)]
    answers = [error_of(await person.init()) for person in people]
    assert answers == [(200, "ok")] * 5 + [(403, "reached_active_user_cap")]


@pytest.mark.parametrize(
    ("private", "level", "code"),
    [
        (False, "SELF_ONLY", "unaudited_client_can_only_post_to_private_accounts"),
        (False, "PUBLIC_TO_EVERYONE", "unaudited_client_can_only_post_to_private_accounts"),
        (True, "FOLLOWER_OF_CREATOR", "unaudited_client_can_only_post_to_private_accounts"),
        (True, "SELF_ONLY", "ok"),
    ],
)
async def test_an_unaudited_app_posts_to_private_accounts_for_the_author_only(
    rig: Rig, private: bool, level: str, code: str
) -> None:
    await rig.switch(audited=False)
    ana = await rig.connect(private=private)
    assert error_of(await ana.init(privacy_level=level))[1] == code
    assert error_of(await ana.draft()) == (200, "ok")


async def test_what_the_creator_switched_off_stays_off(rig: Rig) -> None:
    ana = await rig.connect(private=True, comment_disabled=True)
    data_of(await ana.init(disable_comment=False, disable_duet=False, disable_stitch=False))
    (publish,) = (await rig.state())["publishes"]
    off = [publish[name] for name in ("disable_comment", "disable_duet", "disable_stitch")]
    assert off == [True, True, True]


async def test_five_drafts_may_wait(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    for _ in range(5):
        publish_id = await ana.publish_draft(b"x" * 1_000)
    rig.clock.advance(60)
    assert error_of(await ana.draft()) == (403, "spam_risk_too_many_pending_share")
    await rig.pass_time(2)
    await rig.knob("POST", f"publishes/{publish_id}/finish", {"privacy_level": "SELF_ONLY"})
    assert error_of(await ana.draft()) == (200, "ok")
    assert error_of(await ana.draft()) == (403, "spam_risk_too_many_pending_share")


async def test_a_draft_is_known_by_its_id_and_ignores_a_title(rig: Rig) -> None:
    ana = await rig.connect()
    body = {"source_info": file_source(1_000), "post_info": {"title": "x" * 9_000}}
    data = data_of(await ana.post("inbox/video/init", body))
    assert data["publish_id"].startswith("v_inbox_file~v2.")
    assert "upload_url" in data


async def test_only_owned_addresses_are_pulled(rig: Rig) -> None:
    ana = await rig.connect()
    assert error_of(await ana.init(PULL)) == (403, "url_ownership_unverified")
    await rig.switch(verified_urls=["example.com"])
    data = data_of(await ana.init(PULL))
    assert data.keys() == {"publish_id"}
    assert data["publish_id"].startswith("v_pub_url~v2.")
    drafted = data_of(await ana.draft(PULL))
    assert drafted["publish_id"].startswith("v_inbox_url~v2.")


async def test_checks_come_in_their_order(rig: Rig) -> None:
    """Each step of the list wrong at once: what is refused first is the earliest."""
    await rig.switch(audited=False)
    ana = await rig.connect(banned=True, scopes=["video.upload"])
    wrong = {"source": file_source(25_000_000, 10_000_000, 3), "privacy_level": "FOLLOWER_OF_CREATOR"}

    async def code(**extra: Any) -> str:
        return error_of(await ana.init(**(wrong | extra)))[1]

    await rig.fault(action="status", endpoint="video_init", status=503, code="internal_error")
    assert await code() == "internal_error"
    assert await code() == "scope_not_authorized"
    ana = await rig.connect(banned=True)
    assert await code(title=1) == "invalid_params"
    assert await code() == "spam_risk_user_banned_from_posting"
    ana = await rig.connect(banned=False)
    assert await code() == "privacy_level_option_mismatch"
    assert await code(privacy_level="SELF_ONLY") == "unaudited_client_can_only_post_to_private_accounts"
    await rig.switch(audited=True)
    assert await code(privacy_level="SELF_ONLY") == "invalid_params"
    for _ in range(3):
        await code()
    assert await code(title=1) == "rate_limit_exceeded"
    ana.access = "act.nonsense"
    assert await code() == "access_token_invalid"
