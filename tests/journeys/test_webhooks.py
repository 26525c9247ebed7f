"""TikTok's word by webhook, through real processes: sooner than by asking, and never twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fixtures.processes import House
from journeys.shelf import Shelf
from journeys.test_chain import api_of
from journeys.test_outcomes import the_post
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import PostStatus

SELDOM = {"TIKTOK_POLL_SECONDS": "600"}


async def test_a_webhook_brings_the_word_long_before_the_next_question(
    house: House, short_clip: Path
) -> None:
    url = await api_of(house)
    await house.simulator(
        "PATCH",
        "/switches",
        {
            "processing_seconds": 0.5,
            "webhook_url": f"{url}/api/webhooks/tiktok",
            "webhook_copies": 3,
            "webhook_delays": {"post.publish.complete": 0.3},
        },
    )
    workers = house.start("worker", "edit"), house.start("worker", "upload", **SELDOM)
    await asyncio.gather(*map(house.ready, workers))
    video_id = await house.draft(short_clip)
    await house.confirm(video_id)
    await house.reached(video_id, "EDITED")
    await house.queue_upload(video_id)
    await house.reached(video_id, "POSTED", limit_s=40)
    assert len(await house.posted()) == 1
    moves = [event.to_status for event in await house.events(video_id) if event.to_status == "POSTED"]
    assert len(moves) == 2, "the post's and the video's, once each"


async def test_webhooks_tell_that_a_draft_lies_in_the_inbox_and_that_it_was_posted(
    house: House, short_clip: Path
) -> None:
    url = await api_of(house)
    await house.simulator(
        "PATCH",
        "/switches",
        {"processing_seconds": 0.5, "webhook_url": f"{url}/api/webhooks/tiktok"},
    )
    await house.ready(house.start("worker", "upload", **SELDOM))
    queued = await Shelf(house, short_clip).queue(house.account, PostMode.DRAFT)
    post = await the_post(house, queued.video_id, PostStatus.IN_INBOX)
    path = f"/publishes/{post.publish_id}/finish"
    await house.simulator("POST", path, {"privacy_level": "PUBLIC_TO_EVERYONE"})
    await the_post(house, queued.video_id, PostStatus.POSTED)
    delivered = [one["event"] for one in (await house.simulator("GET", "/state"))["webhooks"]]
    assert {"post.publish.inbox_delivered", "post.publish.complete"} <= {*delivered}
