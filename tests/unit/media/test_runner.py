from __future__ import annotations

import pytest

from subiteya.domain.errors import EditFailed, NotAVideo
from subiteya.media.runner import Progress, _failure, _progress, time_limit


def test_progress_is_a_share_with_speed_and_time_left() -> None:
    values = {"out_time_us": "2500000", "speed": "2.5x", "progress": "continue"}
    assert _progress(values, 10.0) == Progress(0.25, 2.5, 3.0)


def test_before_ffmpeg_knows_anything_nothing_is_claimed() -> None:
    values = {"out_time_us": "N/A", "speed": "N/A", "progress": "continue"}
    assert _progress(values, 10.0) == Progress(0.0, None, None)


def test_an_unknown_length_gives_no_share() -> None:
    assert _progress({"out_time_us": "2500000", "speed": "1x", "progress": "continue"}, 0.0).fraction == 0


def test_the_end_is_the_end() -> None:
    assert _progress({"out_time_us": "9900000", "progress": "end"}, 10.0).fraction == 1.0


def test_a_share_never_passes_the_whole() -> None:
    assert _progress({"out_time_us": "11000000", "progress": "continue"}, 10.0).fraction == 1.0


@pytest.mark.parametrize(
    ("code", "log", "kind"),
    [
        (1, "Error opening input: Invalid data found when processing input", NotAVideo),
        (1, "Error opening input file x\nFormat not on whitelist 'mov'", NotAVideo),
        (1, "No space left on device", EditFailed),
        (-9, "", EditFailed),
        (-24, "", EditFailed),
        (1, "", EditFailed),
    ],
)
def test_a_failure_is_final_only_when_the_file_is_to_blame(
    code: int, log: str, kind: type[Exception]
) -> None:
    assert type(_failure(code, log)) is kind


def test_a_longer_and_larger_clip_gets_more_time() -> None:
    assert time_limit(10, 1080 * 1920) < time_limit(60, 1080 * 1920) < time_limit(60, 2160 * 3840)
    assert time_limit(1e12, 1080 * 1920) == time_limit(3600, 1080 * 1920), "whatever a file claims"
