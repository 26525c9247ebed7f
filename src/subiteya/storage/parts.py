"""Cutting an object into parts: pure arithmetic, shared by uploads, copies and downloads.

S3 takes at most 10,000 parts of 5 MiB to 5 GiB, the last one may be smaller
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). R2 also wants all but the last equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from subiteya.domain.errors import BadInput, TooLarge

MIB = 1024 * 1024
GIB = 1024 * MIB
MAX_PARTS = 10_000
MIN_PART_SIZE = 5 * MIB
MAX_PART_SIZE = 5 * GIB
MAX_SINGLE_PUT = 5 * GIB
MAX_SINGLE_COPY = 5 * GIB
SERVER_PART_SIZE = 8 * MIB
"""What our own processes send: three in flight keep memory small."""
BROWSER_PART_SIZE = 16 * MIB
"""What browsers send: each part costs a signature, a preflight and a request."""
UNKNOWN_SIZE_PART_SIZE = 16 * MIB
"""For a stream of unknown length: 10,000 of these are 156 GiB."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an object.

    Attributes:
        number: From 1, as S3 counts parts.
        start: Offset of its first byte.
        size: Bytes.
    """

    number: int
    start: int
    size: int

    @property
    def end(self) -> int:
        """Offset behind its last byte."""
        return self.start + self.size


def choose_part_size(total: int, floor: int) -> int:
    """Bytes of each part: `floor` while that fits 10,000 parts, else the next whole MiB that does.

    Raises:
        TooLarge: When no allowed part size is enough.
    """
    size = max(floor, math.ceil(total / MAX_PARTS / MIB) * MIB)
    if size > MAX_PART_SIZE:
        raise TooLarge(limit=f"{MAX_PARTS * MAX_PART_SIZE // GIB} GiB")
    return size


def count_parts(total: int, part_size: int) -> int:
    """How many parts; an empty object still has one."""
    return max(1, math.ceil(total / part_size))


def part_at(number: int, total: int, part_size: int) -> Part:
    """The part with this number.

    Raises:
        BadInput: When there is no such part.
    """
    if not 1 <= number <= count_parts(total, part_size):
        raise BadInput(what="part_number", why=f"this upload has parts 1 to {count_parts(total, part_size)}")
    start = (number - 1) * part_size
    return Part(number, start, min(part_size, total - start))


def plan_parts(total: int, part_size: int, *, start: int = 0) -> Iterator[Part]:
    """Parts that cover bytes `start` to `total` without gap or overlap; none when nothing is left."""
    for number, offset in enumerate(range(start, total, part_size), start=1):
        yield Part(number, offset, min(part_size, total - offset))
