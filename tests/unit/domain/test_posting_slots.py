from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.posting_slots import WeeklySlot, free, upcoming
from subiteya.domain.schedule import FURTHEST, Oddity

ZONES = (
    "UTC",
    "America/Bogota",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)
slots_of = st.builds(WeeklySlot, st.integers(0, 6), st.builds(time, st.integers(0, 23), st.integers(0, 59)))
weeks = st.sets(slots_of, min_size=1, max_size=8)
nows = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by `timezones`


@given(weeks, st.sampled_from(ZONES), nows)
def test_every_moment_lies_ahead_in_order_and_once(week: set[WeeklySlot], zone: str, now: datetime) -> None:
    ats = [moment.at for moment in upcoming(week, zone, now)]
    assert ats == sorted(set(ats))
    assert all(now < at <= now + FURTHEST for at in ats)
    # Ninety days hold at least twelve of each weekday.
    assert len(ats) >= 12


@given(weeks, st.sampled_from(ZONES), nows)
def test_a_moment_shows_its_slot_on_the_clock_of_the_zone_unless_the_clocks_skip_it(
    week: set[WeeklySlot], zone: str, now: datetime
) -> None:
    for moment in upcoming(week, zone, now):
        wall = moment.at.astimezone(ZoneInfo(zone))
        shown = WeeklySlot(wall.weekday(), wall.time().replace(second=0, fold=0))
        assert (shown in week) or moment.oddity is Oddity.SKIPPED
        if moment.oddity is Oddity.REPEATED:
            assert wall.fold == 0, "the first of the two is meant"


@given(weeks, st.sampled_from(ZONES), nows, st.data())
def test_what_is_held_is_not_free_and_all_else_is(
    week: set[WeeklySlot], zone: str, now: datetime, data: st.DataObject
) -> None:
    moments = upcoming(week, zone, now)
    held = data.draw(st.sets(st.sampled_from([moment.at for moment in moments])))
    left = free(moments, [at.astimezone(ZoneInfo(zone)) for at in held])
    assert [moment.at for moment in left] == [moment.at for moment in moments if moment.at not in held]


def test_a_slot_that_the_clocks_skip_comes_as_much_later_and_falls_together_with_its_neighbour() -> None:
    night = datetime(2027, 3, 27, 12, tzinfo=UTC)  # in Madrid, 02:00 becomes 03:00 on the 28th, a Sunday
    alone = upcoming([WeeklySlot(6, time(2, 30))], "Europe/Madrid", night)[0]
    assert (alone.at, alone.oddity) == (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), Oddity.SKIPPED)
    both = upcoming([WeeklySlot(6, time(2, 30)), WeeklySlot(6, time(3, 30))], "Europe/Madrid", night)
    assert (both[0].at, both[0].oddity) == (alone.at, None)
    assert both[1].at - both[0].at > timedelta(days=6)


def test_a_slot_that_comes_twice_is_meant_the_first_time() -> None:
    night = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = upcoming([WeeklySlot(6, time(2, 30))], "Europe/Madrid", night)[0]
    assert (found.at, found.oddity) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), Oddity.REPEATED)
