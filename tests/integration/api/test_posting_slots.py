"""Posting slots: set, shown, and given to posts, each to one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

import httpx2

from fixtures.rows import Rows
from integration.api.conftest import Person
from subiteya.domain.consent import VERSION
from subiteya.domain.states import VideoStatus

EDITED: Final = {"edited_key": "videos/x/edited.mp4", "edited_bytes": 1000}
WEEK: Final = {"slots": [{"weekday": "wed", "time": "18:30"}, {"weekday": "mon", "time": "09:00"}]}
NEXT: Final = {"when": "next_free_slot"}


def plan(**values: Any) -> dict[str, Any]:
    return {"consent_version": VERSION, "posts": [{"privacy_level": "SELF_ONLY", **values}]}


async def next_of(api: httpx2.AsyncClient, account_id: Any, count: int = 4) -> list[datetime]:
    answer = await api.get(f"/api/accounts/{account_id}/slots/next", params={"count": count})
    assert answer.status_code == 200, answer.text
    return [datetime.fromisoformat(slot["at"]) for slot in answer.json()["slots"]]


def time_of(post: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(post["scheduled_at"])


async def test_slots_are_set_and_shown_by_the_clocks_of_the_account(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user, time_zone="America/Bogota")
    address = f"/api/accounts/{account.id}/slots"
    assert (await api.get(address)).json()["slots"] == []
    answer = await api.put(address, json=WEEK)
    assert answer.json() == {"slots": WEEK["slots"][::-1], "time_zone": "America/Bogota"}
    assert (await api.get(address)).json() == answer.json()
    shown = (await api.get(address + "/next", params={"count": 2})).json()["slots"]
    assert {slot["local"][11:] for slot in shown} == {"09:00:00-05:00", "18:30:00-05:00"}
    for wrong in ({"weekday": "wed", "time": "24:00"}, {"weekday": "someday", "time": "09:00"}):
        assert (await api.put(address, json={"slots": [wrong]})).status_code == 422


async def test_a_post_takes_the_next_free_slot_and_gives_it_back(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user)
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    posts = f"/api/videos/{video.id}/posts"
    refused = await api.post(posts, json=plan(**NEXT))
    assert (refused.status_code, refused.json()["code"]) == (422, "no_posting_slots")

    await api.put(f"/api/accounts/{account.id}/slots", json=WEEK)
    first, second, third, fourth = await next_of(api, account.id)
    [one] = (await api.post(posts, json=plan(**NEXT))).json()["posts"]
    assert (time_of(one), one["status"]) == (first, "SCHEDULED")
    queued = (await api.post(f"/api/videos/{video.id}/queue-upload", json=NEXT)).json()
    assert {time_of(post) for post in queued["posts"]} == {first, second}
    await api.post(posts, json=plan(scheduled_at=third.isoformat()))
    assert await next_of(api, account.id, 1) == [fourth]

    moved = (await api.patch(f"/api/posts/{one['id']}", json=NEXT)).json()
    assert time_of(moved) == first, "its own slot is free for it"
    await api.delete(f"/api/posts/{one['id']}")
    assert await next_of(api, account.id, 2) == [first, fourth]
    both = await api.post(posts, json=plan(scheduled_at=fourth.isoformat(), **NEXT))
    assert both.status_code == 422


async def test_two_requests_at_once_get_different_slots(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user)
    await api.put(f"/api/accounts/{account.id}/slots", json=WEEK)
    wanted = await next_of(api, account.id, 6)
    videos = [await rows.video(ana.user, VideoStatus.EDITED, **EDITED) for _ in range(6)]
    answers = await asyncio.gather(
        *(api.post(f"/api/videos/{video.id}/posts", json=plan(**NEXT)) for video in videos)
    )
    assert sorted(time_of(answer.json()["posts"][0]) for answer in answers) == wanted


async def test_when_every_slot_is_taken_the_answer_says_so(
    api: httpx2.AsyncClient, ana: Person, rows: Rows
) -> None:
    account = await rows.account(ana.user)
    await api.put(f"/api/accounts/{account.id}/slots", json={"slots": WEEK["slots"][:1]})
    video = await rows.video(ana.user, VideoStatus.EDITED, **EDITED)
    for at in await next_of(api, account.id, 100):
        await rows.post(video, account, scheduled_at=at)
    answer = await api.post(f"/api/videos/{video.id}/posts", json=plan(**NEXT))
    assert (answer.status_code, answer.json()["code"]) == (409, "posting_slots_taken")
    assert answer.json()["button"] == "set_posting_slots"
