"""The words of this package: the bucket, an object in it, its type, and how progress is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from subiteya.domain.errors import BadInput
from subiteya.observe.meter import Meter

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) on the event loop; must return at once."""

_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+(?: *;[ -~]*)?", re.IGNORECASE)
_LONGEST_CONTENT_TYPE = 255


def require_content_type(text: str) -> str:
    """A media type that may stand in a header; it comes from browsers.

    Raises:
        BadInput: When it is none.
    """
    if len(text) > _LONGEST_CONTENT_TYPE or not _CONTENT_TYPE.fullmatch(text):
        raise BadInput(what="content_type", why="a type like video/mp4 is expected")
    return text


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket and the clients that reach it.

    Attributes:
        name: The bucket's name.
        region: As set; `auto` on R2.
        on_aws: Whether AWS itself serves it.
        endpoints: Addresses of the service, internal first, then public; empty on AWS.
        s3: Client for calls.
        signer: Client for presigned addresses; carries the address that browsers use.
        meter: Counts what is sent, and what is signed for others to send.
    """

    name: str
    region: str
    on_aws: bool
    endpoints: tuple[str, ...]
    s3: S3Client = field(repr=False)
    signer: S3Client = field(repr=False)
    meter: Meter | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What S3 says about an object.

    Attributes:
        bucket: Its bucket.
        key: Its key.
        size: Bytes.
        etag: With its quotes, as `If-Match` wants it. Not a hash of the content for multipart objects.
        content_type: As given at upload; a claim, not a finding.
        modified_at: When it was written.
        metadata: As given at upload.
    """

    bucket: str
    key: str
    size: int
    etag: str
    content_type: str
    modified_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The address in the form `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"
