"""A short chaos of a stack of its own, engines included: the long one is `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from _chaos_fleet import Size
from _chaos_harms import Harm, Kind
from _chaos_run import Orders, run_chaos
from subiteya.embedded.home import Home

CARDS = [
    Harm(Kind.KILL, "edit-1"),
    Harm(Kind.FAULT, "cut video_init", fault={"action": "cut", "endpoint": "video_init", "when": "after"}),
    Harm(Kind.FLUSH),
    Harm(Kind.KILL, "api-1"),
    Harm(Kind.PAUSE, "upload-1", 6),
    Harm(Kind.KILL, "valkey"),
    Harm(Kind.KILL, "simulator"),
    Harm(Kind.KILL, "upload-2"),
    Harm(Kind.KILL, "postgres"),
]
ORDERS = Orders(
    seed=1,
    videos=8,
    restarts=2,
    each=2,
    accounts=4,
    cards=CARDS,
    every_s=(0.3, 1.0),
    size=Size(apis=1, edits=1, uploads=2),
    durable=False,
)


@pytest.mark.timeout(420)  # twenty starts of processes and engines, each on top of a busy machine
async def test_whatever_dies_or_stops_no_video_is_lost_or_doubled(tmp_path: Path, short_clip: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    report = await run_chaos(home, {"small": short_clip, "large": short_clip}, ORDERS)
    assert report.kills == 6
    assert report.green, report
    assert report.verdict.posted == 12, report.verdict
