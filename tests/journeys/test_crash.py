"""The upload worker is killed at the riskiest points of a post's way; `bench/crash_points.py` tries more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from _crash_lane import SOON, Point, Way, open_lane
from fixtures.processes import House

RISKIEST = [
    # TikTok has begun a publish that we know nothing of.
    (Way.DIRECT, Point("ask /v2/post/publish/video/init/: answered")),
    # It has a part of a chunk.
    (Way.DIRECT, Point("chunk 2: block sent", 11)),
    # It has every byte, and we do not know it.
    (Way.DRAFT, Point("chunk 3: answered")),
    # It has said that the post is there, and we did not hear it.
    (Way.DIRECT, Point("ask /v2/post/publish/status/fetch/: answered")),
]
TOKENS_LOST = Point("ask /v2/oauth/token/: answered")


@pytest.fixture
def process_environment(process_environment: Mapping[str, str]) -> Mapping[str, str]:
    """As the bench has it."""
    return {**process_environment, **SOON}


@pytest.mark.timeout(500)  # five deaths and six starts of a worker, each on top of a busy machine
async def test_a_worker_killed_anywhere_leaves_exactly_one_post_or_says_why_not(
    house: House, short_clip: Path, tmp_path: Path
) -> None:
    environment = {**house.bare_environment(), "WORKER_NAME": "lane"}
    async with open_lane(house.resources, environment, tmp_path / "lane", short_clip) as lane:
        for way, point in RISKIEST:
            outcome = await lane.crash(way, point)
            assert outcome.died, f"no such point: {point}"
            assert outcome.once, outcome
        # TikTok has rotated the tokens and we have not stored them: only the owner can connect anew.
        outcome = await lane.crash(Way.RENEWAL, TOKENS_LOST)
        assert outcome.died
        assert outcome.asks_owner, outcome
        assert outcome.error == "tiktok_invalid_grant"
