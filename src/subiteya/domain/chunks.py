"""How a file is cut for TikTok: a plan that is valid under every reading of the rules.

Source: TikTok's media transfer guide (documented: count = floor(size / chunk), chunks of 5-64 MB, the last
one takes the remainder) and what its servers were seen to refuse (a lone chunk above 64,000,000 bytes).
TikTok does not say whether its MB are 10^6 or 2^20 bytes; these numbers are inside both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from subiteya.domain.errors import BadInput, TooLarge

MAX_SIZE: Final = 4 * 1024**3
"""Largest video that TikTok takes, in bytes."""
MAX_SINGLE: Final = 64_000_000
"""Largest file that is sent as one chunk, in bytes."""
CHUNK_SIZE: Final = 10_000_000
"""Size of a chunk of anything larger, in bytes."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A contiguous part of the file; `first` and `last` are zero-based and inclusive, as in HTTP."""

    first: int
    last: int
    total: int

    @property
    def size(self) -> int:
        """Bytes in this chunk."""
        return self.last - self.first + 1

    @property
    def end(self) -> int:
        """Bytes of the file that TikTok has once this chunk is stored."""
        return self.last + 1

    @property
    def is_last(self) -> bool:
        """Whether the file is complete with this chunk."""
        return self.end == self.total

    @property
    def content_range(self) -> str:
        """The value of the Content-Range header."""
        return f"bytes {self.first}-{self.last}/{self.total}"


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """The three numbers that `init` is told, and the chunks that follow from them.

    Attributes:
        size: Bytes of the file.
        chunk_size: Bytes of each chunk but the last, which takes the remainder as well.
        count: Number of chunks.
    """

    size: int
    chunk_size: int
    count: int

    def __post_init__(self) -> None:
        if not 0 < self.chunk_size <= self.size or self.count != self.size // self.chunk_size:
            raise ValueError(f"not a chunk plan: {self.size=}, {self.chunk_size=}, {self.count=}")

    @classmethod
    def for_size(cls, size: int) -> ChunkPlan:
        """The plan for a file of `size` bytes.

        Raises:
            BadInput: The file is empty.
            TooLarge: TikTok takes no file of this size.
        """
        if size < 1:
            raise BadInput(what="video", why="the file is empty")
        if size > MAX_SIZE:
            raise TooLarge(limit="4 GB", size=size)
        chunk_size = size if size <= MAX_SINGLE else CHUNK_SIZE
        return cls(size, chunk_size, size // chunk_size)

    def __iter__(self) -> Iterator[Chunk]:
        return self.remaining(0)

    def remaining(self, acknowledged: int) -> Iterator[Chunk]:
        """The chunks still to be sent when TikTok has the first `acknowledged` bytes.

        A number inside a chunk gives the rest of that chunk first: TikTok takes nothing but the next byte.
        """
        if not 0 <= acknowledged <= self.size:
            raise ValueError(f"{acknowledged} of {self.size} bytes cannot be acknowledged")
        return self._from(acknowledged)

    def _from(self, first: int) -> Iterator[Chunk]:
        while first < self.size:
            index = min(first // self.chunk_size, self.count - 1)
            end = self.size if index == self.count - 1 else (index + 1) * self.chunk_size
            yield Chunk(first, end - 1, self.size)
            first = end

    def acknowledged(self, reported: int) -> int:
        """Bytes that TikTok has, from the number in its progress header `bytes 0-{reported}/{total}`.

        The documentation does not say whether that number is the last byte's index or a count of bytes.
        TikTok stores whole chunks, so whichever reading lies on a chunk's edge is the right one; when
        neither does, it is read as HTTP defines it, as an index.
        """
        for candidate in (reported + 1, reported):
            if candidate == self.size or self._is_edge(candidate):
                return candidate
        return max(0, min(reported + 1, self.size))

    def _is_edge(self, offset: int) -> bool:
        return offset % self.chunk_size == 0 and 0 <= offset // self.chunk_size < self.count
