"""Accounts: the way to TikTok, who may come back from there, zones and budgets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.domain.states import VideoStatus
from subiteya.services.queue_upload import queue_upload
from subiteya.services.resources import Resources

CALLBACK: Final = "/api/accounts/callback"
COOKIE: Final = "subiteya_connect"


async def test_the_way_to_tiktok_says_who_asks_for_what(
    api: httpx2.AsyncClient, resources: Resources
) -> None:
    answer = await api.get("/api/accounts/connect")

    assert answer.status_code == 302
    where = urlsplit(answer.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert f"{where.scheme}://{where.netloc}" == resources.settings.tiktok.api_url
    assert asked["redirect_uri"] == f"{resources.settings.http.url}{CALLBACK}"
    assert asked["scope"] == "user.info.basic,user.info.profile,video.publish,video.upload"
    assert len(asked["code_challenge"]) == 64, (
        "a loopback address is a desktop app's, which must use PKCE in hex"
    )
    assert "disable_auto_auth" not in asked
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/api/accounts", "Max-Age=600"))
    assert asked["state"] not in cookie, "the ticket is sealed"


async def test_whoever_has_an_account_may_choose_another(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    await rows.account(ana.user)
    assert "disable_auto_auth=1" in (await api.get("/api/accounts/connect")).headers["location"]
    same = await api.get("/api/accounts/connect", params={"another": "false"})
    assert "disable_auto_auth" not in same.headers["location"]


async def test_the_way_to_tiktok_is_for_who_is_signed_in(api: httpx2.AsyncClient) -> None:
    for path in ("connect", "callback"):
        answer = await api.get(f"/api/accounts/{path}", headers={"Authorization": "Bearer sk_no"})
        assert answer.status_code == 401


async def departed(person: Person) -> tuple[str, str]:
    """A ticket and its state."""
    answer = await person.client.get("/api/accounts/connect")
    ticket = answer.cookies[COOKIE]
    person.client.cookies.clear()
    return ticket, parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]


async def came_back(person: Person, ticket: str | None, **said: str) -> httpx2.Response:
    headers = {"Cookie": f"{COOKIE}={ticket}"} if ticket is not None else {}
    return await person.client.get(CALLBACK, params=said, headers=headers)


async def test_nobody_comes_back_who_did_not_go_from_here(ana: Person, ben: Person) -> None:
    ticket, state = await departed(ana)
    theirs, their_state = await departed(ben)
    for kept, said in [
        (None, {"state": state, "code": "c"}),
        (ticket, {"state": their_state, "code": "c"}),
        (ticket, {"code": "c"}),
        (theirs, {"state": their_state, "code": "c"}),
        ("made-up", {"state": state, "code": "c"}),
        (ticket[:-2] + "xx", {"state": state, "code": "c"}),
    ]:
        answer = await came_back(ana, kept, **said)
        assert (answer.status_code, answer.json()["code"]) == (403, "connect_stale"), said


async def test_an_old_ticket_is_worth_nothing(ana: Person, resources: Resources) -> None:
    context = f"user:{ana.user.id}:connect"
    fresh, state = await departed(ana)
    kept = json.loads(resources.sealer.open(fresh, context))
    assert timedelta(minutes=9) < datetime.fromisoformat(kept["until"]) - datetime.now(UTC)
    kept["until"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    old = resources.sealer.seal(json.dumps(kept), context)
    assert (await came_back(ana, old, state=state, code="c")).json()["code"] == "connect_stale"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": "access_denied"}, "no se dio permiso"),
        ({"error": "non_sandbox_target", "error_description": "Not a target user"}, "Not a target user"),
        ({"error": "server_error"}, "server_error"),
        ({}, "ningún motivo"),
    ],
)
async def test_a_refusal_is_said_in_words(ana: Person, said: dict[str, str], words: str) -> None:
    ticket, state = await departed(ana)
    answer = await came_back(ana, ticket, state=state, **said)
    assert (answer.status_code, answer.json()["code"]) == (403, "connect_refused")
    assert words in answer.json()["detail"]


async def test_an_account_lives_by_the_clocks_of_its_zone(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user)
    address = f"/api/accounts/{account.id}"
    changed = await api.patch(address, json={"time_zone": "Asia/Kathmandu"})
    assert (changed.status_code, changed.json()["time_zone"]) == (200, "Asia/Kathmandu")
    assert (await api.patch(address, json={"time_zone": "Mars/Olympus"})).status_code == 422
    assert (await api.get(f"{address}/budget")).json()["next_slot_local"].endswith("+05:45")


async def test_an_account_has_a_default_pattern_until_its_owner_takes_it_away(
    api: httpx2.AsyncClient, ana: Person, ben: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user)
    address = f"/api/accounts/{account.id}"
    mine = (await api.post("/api/patterns", json={"name": "Mía", "spec": {}})).json()["id"]
    theirs = (await ben.client.post("/api/patterns", json={"name": "Suya", "spec": {}})).json()["id"]

    async def change(body: dict[str, str | None]) -> tuple[int, str | None]:
        answer = await api.patch(address, json=body)
        return answer.status_code, (await api.get(address)).json()["pattern_id"]

    assert await change({"pattern_id": mine}) == (200, mine)
    assert await change({"time_zone": "Europe/Madrid"}) == (200, mine)
    assert await change({"pattern_id": theirs}) == (404, mine)
    assert await change({}) == (422, mine)
    assert await change({"pattern_id": None}) == (200, None)
    await change({"pattern_id": mine})
    await api.delete(f"/api/patterns/{mine}")
    assert (await api.get(address)).json()["pattern_id"] is None


async def test_the_budget_says_what_is_left_and_when_the_next_post_would_go(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await rows.account(ana.user)
    for _ in range(2):
        video = await rows.video(ana.user, VideoStatus.EDITED, edited_key="x", edited_bytes=1)
        await queue_upload(resources, user_id=ana.user.id, video_id=video.id)
    budget = (await api.get(f"/api/accounts/{account.id}/budget")).json()
    assert (budget["posts_per_day"], budget["posts_last_day"], budget["posts_left"]) == (15, 2, 13)
    assert (budget["posts_planned"], budget["window_seconds"]) == (0, 0)
    assert datetime.fromisoformat(budget["next_slot_at"]) - datetime.now(UTC) < timedelta(minutes=1)


async def test_the_sixteenth_post_of_a_day_waits_for_the_next(
    api: httpx2.AsyncClient, ana: Person, rows: Rows, resources: Resources
) -> None:
    account = await rows.account(ana.user)
    video = await rows.video(ana.user, VideoStatus.EDITED, edited_key="x", edited_bytes=1)
    first = (await queue_upload(resources, user_id=ana.user.id, video_id=video.id)).view.post.slot_at
    for _ in range(14):
        last = await queue_upload(resources, user_id=ana.user.id, video_id=video.id)
    sixteenth = await queue_upload(resources, user_id=ana.user.id, video_id=video.id)
    assert first is not None
    assert last.view.post.slot_at is not None
    assert last.view.post.slot_at - first < timedelta(hours=1)
    assert sixteenth.view.post.slot_at == first + timedelta(days=1)
    budget = (await api.get(f"/api/accounts/{account.id}/budget")).json()
    assert budget["posts_planned"] + budget["posts_last_day"] == 16
