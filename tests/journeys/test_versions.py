"""One video to many accounts, each by its own default pattern: equal ones are made once, all are seen."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import SecretStr

from fixtures.processes import REDIRECT, House, until
from journeys.test_chain import fetch, frame
from subiteya.db.models import Account, Event, Post
from subiteya.domain.keys import asset_key
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.states import PostStatus
from subiteya.services.change_account import change_account
from subiteya.services.change_post import retry_post
from subiteya.services.confirm_video import confirm_video
from subiteya.services.connect_account import connect_with_code
from subiteya.services.queue_upload import queue_upload
from subiteya.services.rerun_job import rerun_edit
from subiteya.services.save_pattern import create_pattern

DARK: Final = {"effects": {"brightness": -0.8}}
BRIGHT: Final = {"effects": {"brightness": 0.8}}


async def join(house: House, name: str, pattern_id: uuid.UUID | None = None) -> Account:
    """One more creator with a connected account, perhaps with a default pattern."""
    creator = await house.simulator("POST", "/creators", {"username": name, "nickname": name})
    code = await house.simulator(
        "POST", f"/creators/{creator['open_id']}/authorize", {"redirect_uri": REDIRECT}
    )
    owner = house.account.user_id
    account = await connect_with_code(house.resources, owner, SecretStr(code["code"]), REDIRECT)
    if pattern_id is not None:
        await change_account(house.resources, user_id=owner, account_id=account.id, pattern_id=pattern_id)
    return account


async def pattern(house: House, spec: dict[str, Any]) -> uuid.UUID:
    made = await create_pattern(
        house.resources, user_id=house.account.user_id, name=str(spec), spec=PatternSpec.parse(spec)
    )
    return made.id


async def post_to(house: House, video_id: uuid.UUID, account: Account) -> uuid.UUID:
    page = await queue_upload(
        house.resources, user_id=account.user_id, video_id=video_id, account_id=account.id
    )
    return page.view.post.id


async def reached(house: House, post_id: uuid.UUID, status: PostStatus) -> Post:
    async def there() -> Post | None:
        async with house.resources.db.begin() as session:
            post = await session.get_one(Post, post_id)
        return post if post.status is status else None

    post: Post = await until(there)
    return post


def made(events: list[Event]) -> list[str | None]:
    """What was rendered: ids of versions, None for the video's own, in order."""
    return [(event.detail or {}).get("render_id") for event in events if event.reason == "ffmpeg"]


async def brightness(house: House, post: Post, folder: Path) -> tuple[float, str]:
    """What TikTok got: how bright it is, and the SHA-256 of its bytes."""
    assert post.publish_id is not None
    clip = await fetch(house, post.publish_id, folder / f"{post.id}.mp4")
    picture = np.asarray(frame(clip, 0.5, folder / f"{post.id}.png"))
    return float(picture.mean()), hashlib.sha256(clip.read_bytes()).hexdigest()


async def test_each_account_gets_its_version_and_a_late_one_is_waited_for(
    house: House, short_clip: Path, tmp_path: Path
) -> None:
    dark = await pattern(house, DARK)
    luz, sol = await join(house, "luz", dark), await join(house, "sol", dark)
    await house.workers()
    video_id = await house.draft(short_clip)
    await confirm_video(
        house.resources,
        user_id=luz.user_id,
        video_id=video_id,
        spec={},
        account_ids=[house.account.id, luz.id, sol.id],
    )
    await house.reached(video_id, "EDITED")
    own, shared = made(await house.events(video_id))
    assert own is None
    assert shared is not None

    posts = [
        await reached(house, await post_to(house, video_id, account), PostStatus.POSTED)
        for account in (house.account, luz, sol)
    ]

    (plain, plain_hash), (low, low_hash), (same, same_hash) = [
        await brightness(house, post, tmp_path) for post in posts
    ]
    assert low == same < plain / 2
    assert low_hash == same_hash != plain_hash

    late = await post_to(house, video_id, await join(house, "mar", await pattern(house, BRIGHT)))

    bright, _ = await brightness(house, await reached(house, late, PostStatus.POSTED), tmp_path)
    assert bright > plain * 1.2
    assert made(await house.events(video_id))[:2] == [own, shared]
    assert len(made(await house.events(video_id))) == 3
    assert (await house.video(video_id)).status == "POSTED"
    assert (await house.simulator("GET", "/state"))["inits"] == 4


async def test_a_version_that_cannot_be_made_asks_and_leaves_the_others_alone(
    house: House, short_clip: Path
) -> None:
    gone = asset_key(house.account.user_id, ".png")
    broken = await join(house, "luz", await pattern(house, {"logo": {"key": gone}}))
    await house.workers()
    video_id, owner = await house.draft(short_clip), broken.user_id
    # Named at confirm, its edit fails; run again, only what is missing is tried.
    await confirm_video(house.resources, user_id=owner, video_id=video_id, account_ids=[broken.id])
    own = await house.reached(video_id, "FAILED_EDIT")
    assert own.edited_key is not None
    await rerun_edit(house.resources, user_id=owner, video_id=video_id)
    again = await house.reached(video_id, "FAILED_EDIT")
    assert (again.edited_key, made(await house.events(video_id))) == (own.edited_key, [None])
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")

    failing = await post_to(house, video_id, broken)

    post = await reached(house, failing, PostStatus.NEEDS_ATTENTION)
    assert post.error_code == "render_failed"
    await reached(house, await post_to(house, video_id, house.account), PostStatus.POSTED)
    await retry_post(house.resources, user_id=owner, post_id=failing)
    post = await reached(house, failing, PostStatus.NEEDS_ATTENTION)
    assert (post.error_code, post.inits) == ("render_failed", 0)
