from __future__ import annotations

from dataclasses import replace

import pytest

from subiteya.tiktok.simulator.media import MediaFacts, verdict

GOOD = MediaFacts(container="mp4", codec="h264", width=1080, height=1920, fps=30.0, duration_ms=15_000)


@pytest.mark.parametrize(
    "facts",
    [
        GOOD,
        replace(GOOD, container="webm", codec="vp9"),
        replace(GOOD, codec="hevc"),
        replace(GOOD, width=360, height=4_096),
        replace(GOOD, fps=23.976),
        replace(GOOD, fps=810_000 / 13_487),  # what a phone's 60 fps recording measures
        replace(GOOD, duration_ms=600_000),
    ],
)
def test_what_tiktok_accepts_passes(facts: MediaFacts) -> None:
    assert verdict(facts, 600) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (None, "file_format_check_failed"),
        (replace(GOOD, container="matroska"), "file_format_check_failed"),
        (replace(GOOD, codec="av1"), "file_format_check_failed"),
        (replace(GOOD, duration_ms=0), "duration_check_failed"),
        (replace(GOOD, duration_ms=600_001), "duration_check_failed"),
        (replace(GOOD, fps=15.0), "frame_rate_check_failed"),
        (replace(GOOD, fps=120.0), "frame_rate_check_failed"),
        (replace(GOOD, width=358), "picture_size_check_failed"),
        (replace(GOOD, height=4_098), "picture_size_check_failed"),
    ],
)
def test_what_tiktok_refuses_gets_its_reason(facts: MediaFacts | None, reason: str) -> None:
    assert verdict(facts, 600) == reason


def test_the_creators_own_maximum_counts() -> None:
    assert verdict(GOOD, 15) is None
    assert verdict(GOOD, 14) == "duration_check_failed"
