from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.tiktok.simulator.ranges import ChunkError, Plan, progress, read_chunk

DOCS = Plan(size=50_000_123, chunk=10_000_000, count=5)


def headers(first: int, last: int, total: int = DOCS.size) -> dict[str, str]:
    return {
        "content-type": "video/mp4",
        "content-length": str(last - first + 1),
        "content-range": f"bytes {first}-{last}/{total}",
    }


def test_the_example_of_the_documentation_is_five_chunks_the_last_one_longer() -> None:
    received, chunks = 0, []
    while received < DOCS.size:
        first, last = DOCS.expected(received)
        chunk = read_chunk(headers(first, last), DOCS, received)
        chunks.append(chunk.length)
        received = last + 1
    assert chunks == [10_000_000] * 4 + [10_000_123]


@given(st.integers(1, 4 * 1024**3), st.integers(5_242_880, 64_000_000))
def test_the_expected_chunks_cover_every_byte_once(size: int, chunk: int) -> None:
    plan = Plan(size, min(size, chunk), max(1, size // min(size, chunk)))
    received = count = 0
    while received < size:
        first, last = plan.expected(received)
        assert first == received
        assert last >= first
        received, count = last + 1, count + 1
    assert (received, count) == (size, plan.count)


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (headers(0, 9_999_999) | {"content-type": "application/octet-stream"}, 400),
        (headers(0, 9_999_999) | {"content-length": ""}, 400),
        (headers(0, 9_999_999) | {"content-length": "12"}, 400),
        (headers(0, 9_999_999) | {"content-range": "0-9999999"}, 400),
        (headers(0, 9_999_999) | {"content-range": "bytes 0-9999999/*"}, 400),
        (headers(0, 9_999_999, total=50_000_124), 400),
        (headers(0, 4_999_999), 400),
        (headers(0, 19_999_999), 400),
        (headers(10_000_000, 19_999_999), 416),
    ],
)
def test_a_chunk_that_does_not_fit_is_refused(bad: dict[str, str], status: int) -> None:
    with pytest.raises(ChunkError) as refused:
        read_chunk(bad, DOCS, 0)
    assert refused.value.status == status


def test_a_chunk_that_is_already_here_is_not_the_next_position() -> None:
    with pytest.raises(ChunkError) as refused:
        read_chunk(headers(0, 9_999_999), DOCS, 10_000_000)
    assert refused.value.status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def test_progress_is_told_in_both_readings() -> None:
    assert progress(10, 30, "count") == "bytes 0-10/30"
    assert progress(10, 30, "index") == "bytes 0-9/30"
    assert progress(0, 30, "index") == "bytes */30"
