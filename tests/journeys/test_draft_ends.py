"""What becomes of a draft that nobody posts, and of one that its owner no longer allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from journeys.ledger_world import World, a_world
from subiteya.config import Settings
from subiteya.db.models import Account
from subiteya.domain.post_errors import DraftScopeMissing
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import PostStatus

A_DAY = 86_400.0


@pytest.fixture
async def world(settings: Settings, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(settings, tmp_path / "simulator", daily_cap=15) as world:
        yield world


async def test_a_draft_is_asked_about_for_three_days_and_then_when_a_webhook_comes(world: World) -> None:
    post_id = await world.add(world.accounts[0], PostMode.DRAFT, "hola")
    [job] = await world.due()
    await world.work(job)
    await world.pass_time(60)
    await world.confirm()
    post = (await world.posts())[post_id]
    assert post.status is PostStatus.IN_INBOX
    assert post.next_check_at is not None
    await world.pass_time(3 * A_DAY)
    await world.confirm()
    asked = len(world.asked)
    post = (await world.posts())[post_id]
    assert (post.status, post.next_check_at) == (PostStatus.IN_INBOX, None)
    await world.pass_time(30 * A_DAY)
    await world.confirm()
    assert len(world.asked) == asked, "nobody is asked any more"
    assert post.publish_id is not None
    await world.finish_draft(post.publish_id)
    await world.confirm()
    assert (await world.posts())[post_id].status is PostStatus.POSTED


async def test_a_worker_sends_no_draft_that_the_owner_no_longer_allows(world: World) -> None:
    post_id = await world.add(world.accounts[0], PostMode.DRAFT, "hola")
    async with world.resources.db.begin() as session:
        await session.execute(update(Account).values(scopes="user.info.basic,video.publish"))
    [job] = await world.due()
    await world.work(job)
    post = (await world.posts())[post_id]
    assert (post.status, post.error_code) == (PostStatus.NEEDS_ATTENTION, DraftScopeMissing.code)
    assert await world.publishes() == []


async def test_a_draft_that_waits_for_room_goes_out_once_another_has_left_the_inbox(world: World) -> None:
    await world.knob("PATCH", "/switches", {"pending_draft_cap": 1})
    first, second = [await world.add(world.accounts[0], PostMode.DRAFT, str(n)) for n in range(2)]
    for job in await world.due():
        await world.work(job)
    waiting = (await world.jobs())[second]
    assert waiting.wait_reason == "tiktok_spam_risk_too_many_pending_share"
    assert [job.post_id for job in await world.due()] == []
    await world.pass_time(60)
    await world.confirm()
    publish_id = (await world.posts())[first].publish_id
    assert publish_id is not None
    await world.finish_draft(publish_id)
    await world.confirm()
    [job] = await world.due()
    assert (job.post_id, job.attempts) == (second, 0)
    await world.work(job)
    await world.pass_time(60)
    await world.confirm()
    posts = await world.posts()
    assert [posts[post_id].status for post_id in (first, second)] == [PostStatus.POSTED, PostStatus.IN_INBOX]
