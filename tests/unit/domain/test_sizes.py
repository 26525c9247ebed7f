from __future__ import annotations

import pytest

from subiteya.domain.sizes import readable_size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536 * 1024, "1.5 MiB"),
        (5 * 1024**3, "5 GiB"),
        (10 * 1024**4, "10240 GiB"),
    ],
)
def test_a_size_is_said_in_the_largest_unit_that_it_fills(size: int, words: str) -> None:
    assert readable_size(size) == words
