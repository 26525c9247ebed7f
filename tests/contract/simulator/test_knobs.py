from __future__ import annotations

import time

import pytest

from contract.simulator.rig import Rig, data_of, error_of, file_source
from subiteya.tiktok.simulator import ConnectionCutError

CHUNK = 5_242_880


async def test_the_nth_chunk_fails_as_often_as_scripted(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await rig.fault(action="status", endpoint="upload", chunk=2, status=502, times=2)
    made = data_of(await ana.init(file_source(2 * CHUNK, CHUNK)))
    answers = [
        (await rig.put(made["upload_url"], b"x" * CHUNK, first, 2 * CHUNK)).status_code
        for first in (0, CHUNK, CHUNK, CHUNK)
    ]
    assert answers == [206, 502, 502, 201]


async def test_a_chunk_may_be_stored_and_its_answer_lost(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await rig.fault(action="cut", endpoint="upload", when="after")
    publish_id = data_of(await ana.init())["publish_id"]
    publish = await rig.knob("GET", f"publishes/{publish_id}")
    assert publish["received"] == 0
    made = data_of(await ana.init())
    with pytest.raises(ConnectionCutError):
        await rig.put(made["upload_url"], b"x" * 1_000)
    assert (await ana.status(made["publish_id"]))["uploaded_bytes"] == 1_000


async def test_a_connection_may_be_cut_in_the_middle_of_a_chunk(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await rig.fault(action="cut", endpoint="upload", after_bytes=500)
    made = data_of(await ana.init())
    with pytest.raises(ConnectionCutError):
        await rig.put(made["upload_url"], b"x" * 1_000)
    assert (await ana.status(made["publish_id"]))["uploaded_bytes"] == 0
    assert (await rig.put(made["upload_url"], b"x" * 1_000)).status_code == 201


async def test_an_init_may_happen_and_its_answer_be_lost(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.fault(action="cut", endpoint="video_init", when="before")
    await rig.fault(action="cut", endpoint="video_init", when="after")
    await rig.fault(action="status", endpoint="video_init", when="after", status=504)
    inits = []
    for _ in range(2):
        with pytest.raises(ConnectionCutError):
            await ana.init()
        inits.append((await rig.state())["inits"])
    assert (await ana.init()).status_code == 504
    inits.append((await rig.state())["inits"])
    assert inits == [0, 1, 2]


async def test_a_fault_can_speak_tiktoks_language_or_a_gateways(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.fault(action="status", endpoint="creator_info", code="spam_risk_too_many_posts")
    await rig.fault(action="status", endpoint="creator_info", status=500, code="internal_error")
    await rig.fault(action="status", endpoint="creator_info", status=503)
    assert error_of(await ana.creator_info()) == (403, "spam_risk_too_many_posts")
    assert error_of(await ana.creator_info()) == (500, "internal_error")
    gateway = await ana.creator_info()
    assert (gateway.status_code, gateway.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert error_of(await ana.creator_info()) == (200, "ok")


async def test_oauth_faults_are_flat(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.fault(action="status", endpoint="token", code="server_error")
    refused = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert (refused.status_code, refused.json()["error"]) == (200, "server_error")
    await rig.fault(action="cut", endpoint="token", when="after")
    with pytest.raises(ConnectionCutError):
        await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    lost = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert lost.json()["error"] == "invalid_grant"


async def test_a_fault_waits_for_its_turn_and_its_creator(rig: Rig) -> None:
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    await rig.fault(action="status", endpoint="creator_info", status=500, skip=2, open_id=zoe.open_id)
    for _ in range(3):
        assert (await ana.creator_info()).status_code == 200
    assert [(await zoe.creator_info()).status_code for _ in range(4)] == [200, 200, 500, 200]


async def test_a_token_may_die_in_the_middle_of_polling(rig: Rig) -> None:
    ana = await rig.connect()
    publish_id = data_of(await ana.init())["publish_id"]
    await rig.fault(action="kill_token", endpoint="status_fetch", skip=1)
    await ana.status(publish_id)
    refused = await ana.post("status/fetch", {"publish_id": publish_id})
    assert error_of(refused) == (401, "access_token_invalid")
    pair = (await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)).json()
    ana.access = pair["access_token"]
    assert (await ana.status(publish_id))["status"] == "PROCESSING_UPLOAD"


@pytest.mark.parametrize(
    ("kind", "access", "refresh"), [("access", False, True), ("refresh", True, False), (None, False, False)]
)
async def test_tokens_die_by_knob(rig: Rig, kind: str | None, access: bool, refresh: bool) -> None:
    ana = await rig.connect()
    await rig.knob("POST", f"creators/{ana.open_id}/kill-tokens", {"kind": kind})
    assert ((await ana.creator_info()).status_code == 200) is access
    answer = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert ("access_token" in answer.json()) is refresh


async def test_a_call_may_be_slow(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.fault(action="delay", endpoint="creator_info", seconds=0.2)
    await rig.fault(action="delay", endpoint="creator_info", seconds=0.2, when="after")
    for _ in range(2):
        begun = time.monotonic()
        assert (await ana.creator_info()).status_code == 200
        assert time.monotonic() - begun >= 0.2


async def test_a_publish_may_be_stuck_until_it_is_released(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await rig.fault(action="stuck")
    publish_id = await ana.publish(b"video")
    other = await ana.publish(b"video")
    await rig.pass_time(7_000)
    assert (await ana.status(publish_id))["status"] == "PROCESSING_UPLOAD"
    assert (await ana.status(other))["status"] == "PUBLISH_COMPLETE"
    await rig.knob("POST", f"publishes/{publish_id}/release")
    assert (await ana.status(publish_id))["status"] == "PUBLISH_COMPLETE"


async def test_a_publish_may_have_its_own_pace(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await rig.fault(action="processing", seconds=0)
    await rig.fault(action="moderation", seconds=600)
    publish_id = await ana.publish(b"video", privacy_level="PUBLIC_TO_EVERYONE")
    await rig.settle()
    assert (await ana.status(publish_id))["status"] == "PUBLISH_COMPLETE"
    await rig.pass_time(599)
    assert (await ana.status(publish_id))["publicaly_available_post_id"] == []
    await rig.pass_time(1)
    assert len((await ana.status(publish_id))["publicaly_available_post_id"]) == 1


async def test_faults_are_listed_and_forgotten(rig: Rig) -> None:
    await rig.fault(action="stuck", times=3)
    (fault,) = await rig.knob("GET", "faults")
    assert (fault["action"], fault["remaining"]) == ("stuck", 3)
    await rig.knob("DELETE", "faults")
    assert await rig.knob("GET", "faults") == []


async def test_creators_are_made_once_and_set_up_anew(rig: Rig) -> None:
    first = await rig.client.post("/simulator/creators", json={"username": "ana"})
    again = await rig.client.post("/simulator/creators", json={"username": "ana", "private": True})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["open_id"] == again.json()["open_id"]
    assert again.json()["private"]
    open_id = first.json()["open_id"]
    changed = await rig.knob("PATCH", f"creators/{open_id}", {"nickname": "Ana Paz"})
    assert (changed["nickname"], changed["private"]) == ("Ana Paz", True)
    await rig.creator("zoe")
    taken = await rig.client.patch(f"/simulator/creators/{open_id}", json={"username": "zoe"})
    assert taken.status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "creators", {"username": "NO"}, 422),
        ("POST", "creators/nobody/authorize", {}, 404),
        ("PATCH", "creators/nobody", {}, 404),
        ("PATCH", "switches", {"audited": "maybe"}, 422),
        ("PATCH", "switches", {"unknown": 1}, 422),
        ("POST", "faults", {"action": "status"}, 422),
        ("POST", "publishes/none/finish", {"privacy_level": "SELF_ONLY"}, 404),
        ("POST", "clock", {"seconds": -1}, 422),
    ],
)
async def test_a_knob_turned_wrongly_says_so(
    rig: Rig, method: str, path: str, body: dict[str, object], status: int
) -> None:
    response = await rig.client.request(method, f"/simulator/{path}", json=body)
    assert response.status_code == status
    assert response.json()["detail"]


async def test_another_site_cannot_turn_a_knob(rig: Rig) -> None:
    response = await rig.client.post("/simulator/reset", json={}, headers={"Origin": "https://evil.test"})
    assert response.status_code == 403


async def test_the_clock_moves_by_knob(rig: Rig) -> None:
    ana = await rig.connect()
    await rig.knob("POST", "clock", {"seconds": 7_200})
    assert error_of(await ana.creator_info()) == (401, "access_token_invalid")


async def test_state_counts_calls_inits_and_posts(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    await ana.publish(b"video")
    await ana.init()
    await ana.init(privacy_level="NONSENSE")
    await rig.pass_time(2)
    state = await rig.state()
    assert (state["inits"], state["posts"]) == (2, 1)
    assert state["calls"] == {"token": 1, "video_init": 3, "upload": 1}
    assert "upload_token" not in state["publishes"][0]


async def test_a_reset_forgets_everything_but_what_it_is_told_to_keep(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    await rig.switch(audited=False)
    await rig.fault(action="stuck")
    await rig.knob("POST", "clock", {"seconds": 60})
    await ana.draft(file_source(len(clip)))
    await rig.knob("POST", "reset", {"keep_creators": True})
    state = await rig.state()
    assert (state["publishes"], state["faults"], state["calls"]) == ([], [], {})
    assert state["now"] == rig.clock().isoformat()
    assert (await rig.knob("GET", "switches"))["audited"]
    assert error_of(await ana.creator_info()) == (200, "ok")
    await rig.knob("POST", "reset", {})
    assert error_of(await ana.creator_info()) == (401, "access_token_invalid")


async def test_the_knobs_describe_themselves(rig: Rig) -> None:
    described = (await rig.client.get("/simulator/openapi.json")).json()["paths"]
    assert {
        "/simulator/state",
        "/simulator/creators",
        "/simulator/creators/{open_id}/authorize",
        "/simulator/faults",
        "/simulator/switches",
        "/simulator/reset",
    } <= described.keys()
