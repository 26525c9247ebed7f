"""TikTok's word by webhook, through real processes: sooner than by asking, and never twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fixtures.processes import House
from journeys.test_chain import api_of

SELDOM = {"TIKTOK_POLL_SECONDS": "60"}


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
