from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import BadInput, TooLarge
from subiteya.storage.parts import (
    GIB,
    MAX_PART_SIZE,
    MAX_PARTS,
    MIB,
    MIN_PART_SIZE,
    choose_part_size,
    count_parts,
    part_at,
    plan_parts,
)


@given(st.integers(0, 3_000 * GIB), st.sampled_from([5 * MIB, 8 * MIB, 16 * MIB]))
def test_a_chosen_part_size_is_allowed_and_fits_ten_thousand_parts(total: int, floor: int) -> None:
    size = choose_part_size(total, floor)
    assert MIN_PART_SIZE <= floor <= size <= MAX_PART_SIZE
    assert count_parts(total, size) <= MAX_PARTS
    assert size == floor or size % MIB == 0


def test_the_part_size_grows_only_when_it_must() -> None:
    assert choose_part_size(MAX_PARTS * 8 * MIB, 8 * MIB) == 8 * MIB
    assert choose_part_size(MAX_PARTS * 8 * MIB + 1, 8 * MIB) == 9 * MIB


def test_what_no_part_size_can_carry_is_too_large() -> None:
    with pytest.raises(TooLarge):
        choose_part_size(MAX_PARTS * MAX_PART_SIZE + 1, 8 * MIB)


@given(st.integers(1, 5_000), st.integers(1, 700))
def test_parts_cover_every_byte_once_and_all_but_the_last_are_equal(total: int, part_size: int) -> None:
    parts = list(plan_parts(total, part_size))
    assert [part.number for part in parts] == list(range(1, count_parts(total, part_size) + 1))
    assert parts[0].start == 0
    assert parts[-1].end == total
    assert all(before.end == after.start for before, after in pairwise(parts))
    assert {part.size for part in parts[:-1]} <= {part_size}
    assert 1 <= parts[-1].size <= part_size
    assert [part_at(part.number, total, part_size) for part in parts] == parts


@pytest.mark.parametrize("number", [0, -1, 4])
def test_there_is_no_part_outside_the_plan(number: int) -> None:
    with pytest.raises(BadInput):
        part_at(number, 25, 10)


def test_nothing_left_needs_no_part() -> None:
    assert list(plan_parts(0, 10)) == []
