from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.slots import Rate, earliest

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_first_start_is_at_once() -> None:
    assert earliest(NOON, [], Rate(1, timedelta(minutes=5))) == NOON


def test_one_every_five_minutes() -> None:
    assert earliest(at(10), [at(0)], Rate(1, timedelta(minutes=5))) == at(300)


def test_three_a_minute_lets_three_go_and_holds_the_fourth() -> None:
    rate = Rate(3, timedelta(minutes=1))
    taken: list[datetime] = []
    for _ in range(7):
        taken.append(earliest(at(0), taken, rate))
    assert [(slot - NOON).total_seconds() for slot in taken] == [0, 0, 0, 60, 60, 60, 120]


def test_a_slot_reserved_for_later_is_respected() -> None:
    rate = Rate(1, timedelta(minutes=5))
    assert earliest(at(0), [at(200)], rate) == at(500)
    assert earliest(at(0), [at(300)], rate) == at(0)


def test_no_span_means_no_limit() -> None:
    assert earliest(NOON, [NOON] * 50, Rate(1, timedelta(0))) == NOON


@given(
    wanted=st.lists(st.integers(0, 4000), min_size=1, max_size=40),
    limit=st.integers(1, 5),
    span=st.integers(1, 600),
)
def test_no_span_ever_holds_more_than_the_limit(wanted: list[int], limit: int, span: int) -> None:
    rate = Rate(limit, timedelta(seconds=span))
    taken: list[datetime] = []
    for offset in wanted:
        slot = earliest(at(offset), taken, rate)
        assert slot >= at(offset)
        taken.append(slot)
    for start in taken:
        inside = [slot for slot in taken if start <= slot < start + rate.per]
        assert len(inside) <= limit
