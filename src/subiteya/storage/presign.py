"""Addresses that carry a permission: one object, one action, a few minutes.

Whoever has such an address needs no key, so it is a secret: it is left out of `repr` and never logged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.keys import parse_key
from subiteya.storage.bucket import Bucket, require_content_type
from subiteya.storage.errors import storage_errors
from subiteya.storage.metering import count_presigned
from subiteya.storage.parts import GIB, MAX_PARTS, MAX_SINGLE_PUT

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

DOWNLOAD_LIFE = timedelta(hours=1)
UPLOAD_LIFE = timedelta(minutes=15)
_LONGEST_LIFE = timedelta(days=7)  # of a Signature V4
_LONGEST_STEM = 100  # characters; the whole address must stay well below 8 KiB
_LONGEST_EXTENSION = 12


@dataclass(frozen=True, slots=True)
class PresignedRequest:
    """A request that anybody may send until it expires.

    Attributes:
        method: HTTP method.
        url: The address; a secret.
        expires_at: From when on it is refused.
        headers: What must be sent with exactly these values.
        size: Bytes that the body must have; browsers send `Content-Length` by themselves. None for a GET.
    """

    method: Literal["GET", "PUT"]
    url: str = field(repr=False)
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Presigner:
    """Signs requests on one bucket; needs no network. Only keys of ours are signed."""

    bucket: Bucket

    async def download(
        self,
        key: str,
        *,
        file_name: str | None = None,
        inline: bool = False,
        content_type: str | None = None,
        life: timedelta = DOWNLOAD_LIFE,
        size: int | None = None,
    ) -> PresignedRequest:
        """A GET, with byte ranges if the client asks for them.

        Args:
            key: What to read.
            file_name: Name to save it under; any language.
            inline: Show it in the browser instead of saving it.
            content_type: Answer with this type instead of the stored one.
            life: Until it expires.
            size: Bytes of the object, for the meter.
        """
        wanted: dict[str, Any] = {}
        if file_name is not None or inline:
            wanted["ResponseContentDisposition"] = content_disposition(file_name, inline=inline)
        if content_type:
            wanted["ResponseContentType"] = require_content_type(content_type)
        url, expires_at = await self._sign("get_object", key, life, wanted)
        self._count("GET", size)
        return PresignedRequest("GET", url, expires_at)

    async def download_here(self, key: str, *, life: timedelta) -> PresignedRequest:
        """A GET for a process beside this one: by the address at which we reach the service, not browsers."""
        url, expires_at = await self._sign("get_object", key, life, {}, signer=self.bucket.s3)
        self._count("GET", None)  # parts of it are read
        return PresignedRequest("GET", url, expires_at)

    async def upload(
        self, key: str, *, size: int, content_type: str, life: timedelta = UPLOAD_LIFE
    ) -> PresignedRequest:
        """A PUT of one whole object with exactly this size and type; S3 refuses any other.

        Raises:
            TooLarge: Above 5 GiB, which only a multipart upload can carry.
        """
        if size < 1:
            raise BadInput(what="size", why="a file has at least one byte")
        if size > MAX_SINGLE_PUT:
            raise TooLarge(limit=f"{MAX_SINGLE_PUT // GIB} GiB")
        url, expires_at = await self._sign(
            "put_object",
            key,
            life,
            {"ContentLength": size, "ContentType": require_content_type(content_type)},
        )
        self._count("PUT", size)
        return PresignedRequest("PUT", url, expires_at, {"Content-Type": content_type}, size)

    async def part(
        self, key: str, upload_id: str, number: int, *, size: int, life: timedelta = UPLOAD_LIFE
    ) -> PresignedRequest:
        """A PUT of one part with exactly this size.

        No type may be sent along: that of the object was fixed when the upload was created.
        """
        if size < 1:
            raise BadInput(what="size", why="a part has at least one byte")
        if not 1 <= number <= MAX_PARTS:
            raise BadInput(what="part_number", why=f"parts go from 1 to {MAX_PARTS}")
        url, expires_at = await self._sign(
            "upload_part",
            key,
            life,
            {"UploadId": upload_id, "PartNumber": number, "ContentLength": size},
        )
        self._count("PUT", size)
        return PresignedRequest("PUT", url, expires_at, {}, size)

    def _count(self, method: Literal["GET", "PUT"], size: int | None) -> None:
        if self.bucket.meter is not None:
            count_presigned(self.bucket.meter, method, size)

    async def _sign(
        self,
        operation: str,
        key: str,
        life: timedelta,
        wanted: Mapping[str, Any],
        *,
        signer: S3Client | None = None,
    ) -> tuple[str, datetime]:
        parse_key(key)
        if not timedelta(seconds=1) <= life <= _LONGEST_LIFE:
            raise BadInput(what="life", why="an address lives between a second and seven days")
        expires_at = datetime.now(UTC) + life
        with storage_errors():
            url = await (signer or self.bucket.signer).generate_presigned_url(
                operation,
                Params={"Bucket": self.bucket.name, "Key": key, **wanted},
                ExpiresIn=int(life.total_seconds()),
            )
        return url, expires_at


def content_disposition(file_name: str | None, *, inline: bool = False) -> str:
    """The header that names a download, as RFC 6266 wants it for names in any language.

    Folders, control characters and those that turn the writing direction around (so that `gpj.exe` reads as
    a picture) are taken out of the name.
    """
    kind = "inline" if inline else "attachment"
    base = PurePosixPath((file_name or "").replace("\\", "/")).name
    shown = "".join(char for char in base if not unicodedata.category(char).startswith("C"))
    shown = shown.strip().lstrip(".")  # no hidden file, and no `..`
    if not shown:
        return kind
    name = PurePosixPath(shown)
    stem, extension = name.stem[:_LONGEST_STEM], name.suffix[:_LONGEST_EXTENSION]
    plain = f"{_plain(stem) or 'video'}{_plain(extension)}"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(stem + extension, safe='')}"


def _plain(text: str) -> str:
    """The text as old clients may read it: ASCII, and nothing that a quoted string would need escaped."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return ascii_only.translate(str.maketrans('"\\%;', "____")).strip()
