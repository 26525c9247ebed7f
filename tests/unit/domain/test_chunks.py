from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from subiteya.domain.chunks import CHUNK_SIZE, MAX_SINGLE, MAX_SIZE, Chunk, ChunkPlan
from subiteya.domain.errors import BadInput, TooLarge

FIVE_MIB = 5 * 1024**2
sizes = st.one_of(
    st.integers(1, MAX_SIZE),
    st.sampled_from([1, FIVE_MIB - 1, FIVE_MIB, MAX_SINGLE - 1, MAX_SINGLE, MAX_SINGLE + 1, MAX_SIZE]),
    st.integers(6, 429).map(lambda count: count * CHUNK_SIZE),
)


@pytest.mark.parametrize(
    ("size", "chunk_size", "count", "last"),
    [
        (4_194_304, 4_194_304, 1, 4_194_304),
        (50_000_123, 50_000_123, 1, 50_000_123),
        (64_000_001, 10_000_000, 6, 14_000_001),
        (66_259_900, 10_000_000, 6, 16_259_900),
        (158_008_374, 10_000_000, 15, 18_008_374),
        (4_294_967_296, 10_000_000, 429, 14_967_296),
    ],
)
def test_the_known_sizes_are_cut_as_tiktok_was_seen_to_accept(
    size: int, chunk_size: int, count: int, last: int
) -> None:
    plan = ChunkPlan.for_size(size)
    assert (plan.chunk_size, plan.count) == (chunk_size, count)
    assert [*plan][-1].size == last


def test_the_example_of_the_documentation_is_cut_as_it_says() -> None:
    chunks = [*ChunkPlan(50_000_123, 10_000_000, 5)]
    assert [chunk.content_range for chunk in chunks][-1] == "bytes 40000000-50000122/50000123"
    assert [chunk.size for chunk in chunks] == [10_000_000] * 4 + [10_000_123]
    assert [chunk.is_last for chunk in chunks] == [False] * 4 + [True]


@given(sizes)
def test_every_plan_keeps_every_rule(size: int) -> None:
    plan = ChunkPlan.for_size(size)
    chunks = [*plan]
    assert plan.count == size // plan.chunk_size
    assert 1 <= plan.count <= 1000
    assert len(chunks) == plan.count
    if plan.count == 1:
        assert plan.chunk_size == size <= MAX_SINGLE
    else:
        assert size > MAX_SINGLE
        assert FIVE_MIB <= plan.chunk_size <= 64_000_000
        assert all(chunk.size == plan.chunk_size for chunk in chunks[:-1])
        assert plan.chunk_size <= chunks[-1].size <= 128_000_000


@given(sizes, st.data())
def test_what_remains_is_every_byte_after_the_acknowledged_ones_once(size: int, data: st.DataObject) -> None:
    plan = ChunkPlan.for_size(size)
    acknowledged = data.draw(st.integers(0, size))
    expected = acknowledged
    for chunk in plan.remaining(acknowledged):
        assert chunk.first == expected
        assert chunk.size >= 1
        expected = chunk.end
    assert expected == size


@given(sizes)
def test_resuming_after_a_chunk_gives_the_chunks_that_follow_it(size: int) -> None:
    chunks = [*ChunkPlan.for_size(size)]
    for done in (0, len(chunks) // 2, len(chunks) - 1):
        rest = [*ChunkPlan.for_size(size).remaining(chunks[done].end)]
        assert rest == chunks[done + 1 :]


@given(sizes, st.data())
def test_progress_is_read_the_same_as_an_index_and_as_a_count(size: int, data: st.DataObject) -> None:
    assume(size > 1)
    plan = ChunkPlan.for_size(size)
    chunk = data.draw(st.sampled_from([*plan]))
    assert plan.acknowledged(chunk.last) == chunk.end
    assert plan.acknowledged(chunk.end) == chunk.end
    assert plan.acknowledged(0) == 0


@given(sizes, st.integers(-5, MAX_SIZE * 2))
def test_no_reported_number_leads_outside_the_file(size: int, reported: int) -> None:
    plan = ChunkPlan.for_size(size)
    assert 0 <= plan.acknowledged(reported) <= size


def test_a_number_inside_a_chunk_gives_the_rest_of_that_chunk_first() -> None:
    plan = ChunkPlan.for_size(70_000_000)
    first = next(plan.remaining(12_345_678))
    assert first == Chunk(12_345_678, 19_999_999, 70_000_000)


def test_an_empty_file_has_no_plan() -> None:
    with pytest.raises(BadInput):
        ChunkPlan.for_size(0)


def test_a_file_beyond_tiktoks_limit_has_no_plan() -> None:
    with pytest.raises(TooLarge):
        ChunkPlan.for_size(MAX_SIZE + 1)


@pytest.mark.parametrize("numbers", [(100, 0, 1), (100, 101, 1), (100, 30, 4), (0, 0, 0)])
def test_numbers_that_do_not_fit_together_are_no_plan(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not a chunk plan"):
        ChunkPlan(*numbers)


@pytest.mark.parametrize("acknowledged", [-1, 101])
def test_bytes_outside_the_file_cannot_be_acknowledged(acknowledged: int) -> None:
    with pytest.raises(ValueError, match="acknowledged"):
        ChunkPlan.for_size(100).remaining(acknowledged)
