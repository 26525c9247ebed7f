from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator

from hypothesis import given
from hypothesis import strategies as st

from subiteya.storage.sending import composite_etag, into_bodies


async def _chunks(chunks: list[bytes]) -> AsyncGenerator[bytes]:
    for chunk in chunks:
        yield chunk


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(1, 30))
async def test_chunks_of_any_size_become_bodies_of_one_size(chunks: list[bytes], size: int) -> None:
    bodies = [body.read() async for body in into_bodies(_chunks(chunks), size)]
    assert b"".join(bodies) == b"".join(chunks)
    assert {len(body) for body in bodies[:-1]} <= {size}
    assert all(1 <= len(body) <= size for body in bodies[-1:])


def test_a_joined_objects_etag_follows_from_its_parts() -> None:
    sums = [hashlib.md5(part, usedforsecurity=False) for part in (b"one", b"two")]
    whole = hashlib.md5(b"".join(part.digest() for part in sums), usedforsecurity=False).hexdigest()
    assert composite_etag([f'"{part.hexdigest()}"' for part in sums]) == f"{whole}-2"


def test_etags_that_are_no_md5_sums_tell_nothing() -> None:
    assert composite_etag(['"not-a-sum"']) is None
