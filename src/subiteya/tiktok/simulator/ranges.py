"""The header rules of one chunk: type, length and range against what is expected next. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

CONTENT_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm"})
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


class ChunkError(Exception):
    """A chunk that is not taken.

    Attributes:
        status: 400 for headers that make no sense, 403 expired, 404 unknown, 416 not the next position.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{int(status)}: {message}")


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan that init agreed to, in bytes; `count` chunks, the last one longer by the remainder."""

    size: int
    chunk: int
    count: int

    def expected(self, received: int) -> tuple[int, int]:
        """Return the first and last byte of the next chunk after `received` bytes."""
        number = received // self.chunk
        end = self.size if number >= self.count - 1 else received + self.chunk
        return received, end - 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk's headers: inclusive byte positions and media type."""

    first: int
    last: int
    content_type: str

    @property
    def length(self) -> int:
        """Bytes that the body must have."""
        return self.last - self.first + 1


def read_chunk(headers: Mapping[str, str], plan: Plan, received: int) -> Chunk:
    """Return what the headers announce if it is the chunk expected after `received` bytes.

    Raises:
        ChunkError: 400 for missing, malformed or contradictory headers or a length that is not the plan's;
            416 for a range that does not start at the next position.
    """
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise ChunkError(
            HTTPStatus.BAD_REQUEST, "Content-Type must be video/mp4, video/quicktime or video/webm"
        )
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise ChunkError(HTTPStatus.BAD_REQUEST, "Content-Length is required")
    match = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if match is None:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "Content-Range must be bytes FIRST-LAST/TOTAL")
    first, last, total = (int(part) for part in match.groups())
    if total != plan.size or not first <= last < total:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "Content-Range does not fit the video")
    if int(length) != last - first + 1:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "Content-Length differs from Content-Range")
    expected_first, expected_last = plan.expected(received)
    if first != expected_first:
        raise ChunkError(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "Not the next position")
    if last != expected_last:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "The chunk is not as long as the plan says")
    return Chunk(first, last, content_type)


def progress(received: int, total: int, style: str) -> str:
    """Return the `Content-Range` of an answer, reading its number as a count or as the last position."""
    if style == "count":
        return f"bytes 0-{received}/{total}"
    return f"bytes 0-{received - 1}/{total}" if received else f"bytes */{total}"
