from __future__ import annotations

import json
from typing import Any

import pytest

from contract.simulator.rig import CLIENT, HOOK, Rig, data_of
from subiteya.tiktok.simulator.webhooks import signature


async def listening(rig: Rig, **switches: Any) -> None:
    await rig.switch(webhook_url=HOOK, check_media=False, **switches)


async def test_a_public_post_is_told_in_two_signed_events(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    publish_id = await ana.publish(b"video", privacy_level="PUBLIC_TO_EVERYONE")
    await rig.pass_time(2)
    await rig.pass_time(3)
    assert rig.receiver.events == ["post.publish.complete", "post.publish.publicly_available"]
    post_id = (await ana.status(publish_id))["publicaly_available_post_id"][0]
    assert rig.receiver.contents == [
        {"publish_id": publish_id, "publish_type": "DIRECT_PUBLISH"},
        {"publish_id": publish_id, "publish_type": "DIRECT_PUBLISH", "post_id": str(post_id)},
    ]
    for header, body in rig.receiver.got:
        message = json.loads(body)
        assert message.keys() == {"client_key", "event", "create_time", "user_openid", "content"}
        assert (message["client_key"], message["user_openid"]) == ("simulator", ana.open_id)
        moment = int(header.partition(",")[0].removeprefix("t="))
        assert header == signature(CLIENT["client_secret"], moment, body)
        assert moment == pytest.approx(rig.clock().timestamp(), abs=5)


async def test_a_post_for_oneself_is_told_once(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    await ana.publish(b"video")
    await rig.pass_time(2)
    await rig.pass_time(86_400)
    assert rig.receiver.events == ["post.publish.complete"]


async def test_a_failure_carries_its_reason(rig: Rig) -> None:
    await listening(rig)
    await rig.fault(action="fail", reason="spam_risk_text")
    ana = await rig.connect()
    publish_id = await ana.publish(b"video")
    await rig.pass_time(2)
    assert rig.receiver.events == ["post.publish.failed"]
    assert rig.receiver.contents == [
        {"publish_id": publish_id, "publish_type": "DIRECT_PUBLISH", "reason": "spam_risk_text"}
    ]


async def test_a_draft_is_told_when_delivered_and_when_posted(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    publish_id = await ana.publish_draft(b"video")
    await rig.pass_time(2)
    await rig.knob("POST", f"publishes/{publish_id}/finish", {"privacy_level": "PUBLIC_TO_EVERYONE"})
    await rig.pass_time(3)
    assert rig.receiver.events == [
        "post.publish.inbox_delivered",
        "post.publish.complete",
        "post.publish.publicly_available",
    ]
    assert {content["publish_type"] for content in rig.receiver.contents} == {"INBOX_SHARE"}


async def test_opening_and_closing_a_post_is_told(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    publish_id = await ana.publish(b"video")
    await rig.pass_time(2)
    for level in ("PUBLIC_TO_EVERYONE", "SELF_ONLY", "SELF_ONLY", "PUBLIC_TO_EVERYONE"):
        await rig.knob("POST", f"publishes/{publish_id}/audience", {"privacy_level": level})
    await rig.settle()
    assert rig.receiver.events == [
        "post.publish.complete",
        "post.publish.publicly_available",
        "post.publish.no_longer_publicaly_available",
        "post.publish.publicly_available",
    ]
    assert len({content["post_id"] for content in rig.receiver.contents[1:]}) == 1


async def test_revoking_is_told_with_reason_5_and_ends_what_was_under_way(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    publish_id = data_of(await ana.init())["publish_id"]
    await rig.client.post("/v2/oauth/revoke/", data=CLIENT | {"token": ana.access})
    await rig.settle()
    assert rig.receiver.events == ["post.publish.failed", "authorization.removed"]
    assert rig.receiver.contents[0]["reason"] == "auth_removed"
    assert rig.receiver.contents[1] == {"reason": 5}
    assert (await rig.knob("GET", f"publishes/{publish_id}"))["step"] == "failed"


async def test_a_creator_who_disconnects_is_told_and_the_tokens_are_dead_by_then(rig: Rig) -> None:
    await listening(rig)
    ana = await rig.connect()
    await rig.knob("POST", f"creators/{ana.open_id}/disconnect", {"reason": 1})
    await rig.settle()
    assert rig.receiver.contents == [{"reason": 1}]
    assert (await ana.creator_info()).status_code == 401


async def test_events_can_be_duplicated(rig: Rig) -> None:
    await listening(rig, webhook_copies=3)
    ana = await rig.connect()
    await ana.publish(b"video")
    await rig.pass_time(2)
    assert rig.receiver.events == ["post.publish.complete"] * 3
    assert len({body for _, body in rig.receiver.got}) == 1


async def test_events_can_come_late_and_out_of_order(rig: Rig) -> None:
    await listening(rig, webhook_delays={"post.publish.complete": 60})
    ana = await rig.connect()
    await ana.publish(b"video", privacy_level="PUBLIC_TO_EVERYONE")
    await rig.pass_time(2)
    await rig.pass_time(3)
    assert rig.receiver.events == ["post.publish.publicly_available"]
    await rig.pass_time(57)
    assert rig.receiver.events == ["post.publish.publicly_available", "post.publish.complete"]


@pytest.mark.parametrize("refusal", [500, 204, 302])
async def test_anything_but_200_is_tried_again_with_growing_pauses(rig: Rig, refusal: int) -> None:
    await listening(rig)
    rig.receiver.statuses = [refusal, refusal]
    ana = await rig.connect()
    await ana.publish(b"video")
    await rig.pass_time(2)
    assert len(rig.receiver.got) == 1
    await rig.pass_time(1.9)
    assert len(rig.receiver.got) == 1
    await rig.pass_time(0.1)
    assert len(rig.receiver.got) == 2
    await rig.pass_time(3.9)
    assert len(rig.receiver.got) == 2
    await rig.pass_time(0.1)
    assert len(rig.receiver.got) == 3
    (delivery,) = (await rig.state())["webhooks"]
    assert (delivery["attempts"], delivery["last_error"]) == (3, None)
    assert delivery["delivered_at"] is not None
    await rig.pass_time(86_400)
    assert len(rig.receiver.got) == 3


async def test_after_72_hours_an_event_is_dropped(rig: Rig) -> None:
    await listening(rig)
    rig.receiver.statuses = [500] * 100
    ana = await rig.connect()
    await ana.publish(b"video")
    await rig.pass_time(2)
    for _ in range(30):
        await rig.pass_time(6 * 3_600)
    tries = len(rig.receiver.got)
    await rig.pass_time(6 * 3_600)
    assert len(rig.receiver.got) == tries
    (delivery,) = (await rig.state())["webhooks"]
    assert delivery["dropped"]
    assert delivery["last_error"] == "HTTP 500"


async def test_without_an_address_nobody_is_told(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await ana.publish(b"video")
    await rig.pass_time(2)
    assert (await rig.state())["webhooks"] == []
