"""Wall times, clock changes, and how late is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from subiteya.domain.errors import BadInput
from subiteya.domain.schedule import Moment, Oddity, check_time, is_missed, resolve

NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "zone", "moment"),
    [
        ("2026-11-05T14:32", "America/Bogota", Moment(datetime(2026, 11, 5, 19, 32, tzinfo=UTC))),
        ("2026-07-01T09:00", "Europe/Madrid", Moment(datetime(2026, 7, 1, 7, 0, tzinfo=UTC))),
        # Madrid skips 02:00-03:00 on 29 March 2026: 02:30 becomes 03:30, which is 01:30 UTC.
        (
            "2026-03-29T02:30",
            "Europe/Madrid",
            Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), Oddity.SKIPPED),
        ),
        # New York has 01:30 twice on 1 November 2026: the first is summer time.
        (
            "2026-11-01T01:30",
            "America/New_York",
            Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), Oddity.REPEATED),
        ),
    ],
)
def test_a_wall_time_is_read_by_the_clocks_of_its_zone(wall: str, zone: str, moment: Moment) -> None:
    assert resolve(datetime.fromisoformat(wall), zone) == moment


def test_an_aware_time_needs_no_zone() -> None:
    assert resolve(datetime.fromisoformat("2026-11-05T14:32:00-05:00"), "nonsense") == Moment(
        datetime(2026, 11, 5, 19, 32, tzinfo=UTC)
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd", "\x00"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(BadInput, match="no such time zone"):
        resolve(datetime(2026, 1, 1), zone)  # noqa: DTZ001 - a wall time is what this is about


def test_the_past_and_the_far_future_are_refused() -> None:
    check_time(NOW - timedelta(seconds=30), NOW)
    check_time(NOW + timedelta(days=90), NOW)
    with pytest.raises(BadInput, match="gone by"):
        check_time(NOW - timedelta(minutes=2), NOW)
    with pytest.raises(BadInput, match="90 days"):
        check_time(NOW + timedelta(days=90, seconds=1), NOW)


def test_an_hour_late_is_forgiven_and_more_is_not() -> None:
    assert not is_missed(NOW - timedelta(hours=1), NOW)
    assert is_missed(NOW - timedelta(hours=1, seconds=1), NOW)
