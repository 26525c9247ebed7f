"""Multipart uploads whose parts come from browsers: we create, sign, list, check and complete."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subiteya.domain.errors import BadInput
from subiteya.domain.keys import parse_key
from subiteya.storage.bucket import Bucket, ObjectInfo, require_content_type
from subiteya.storage.errors import ObjectMissing, UploadIncomplete, UploadMissing, storage_errors
from subiteya.storage.objects import Objects
from subiteya.storage.parts import (
    BROWSER_PART_SIZE,
    MAX_PART_SIZE,
    MIN_PART_SIZE,
    choose_part_size,
    count_parts,
    part_at,
    plan_parts,
)
from subiteya.storage.presign import PresignedRequest, Presigner
from subiteya.storage.sending import complete

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import CompletedPartTypeDef

_NAMED_AT_MOST = 5  # part numbers in a sentence


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """What must be remembered about an upload (a row of `upload`).

    Attributes:
        key: Where the object will be; tells the owner.
        upload_id: S3's name for the upload.
        size: Bytes announced.
        part_size: Bytes of every part but the last.
    """

    key: str
    upload_id: str
    size: int
    part_size: int

    @property
    def part_count(self) -> int:
        """How many parts there will be."""
        return count_parts(self.size, self.part_size)


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that S3 has: number from 1, size in bytes, ETag with its quotes, when it was stored."""

    number: int
    size: int
    etag: str
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """An upload that nobody completed or aborted yet."""

    key: str
    upload_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Multipart:
    """Multipart uploads of one bucket."""

    bucket: Bucket

    async def create(
        self,
        key: str,
        *,
        size: int,
        content_type: str,
        part_size: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> OpenUpload:
        """Begin an upload of `size` bytes.

        Args:
            key: Where the object will be.
            size: Bytes in all; each part's size follows from it and is signed.
            content_type: Fixed now; the parts carry none.
            part_size: 16 MiB when not given; larger where 10,000 of them would not do.
            metadata: ASCII only.
        """
        parse_key(key)
        if size < 1:
            raise BadInput(what="size", why="a file has at least one byte")
        floor = BROWSER_PART_SIZE if part_size is None else part_size
        if not MIN_PART_SIZE <= floor <= MAX_PART_SIZE:
            raise BadInput(what="part_size", why="parts have 5 MiB to 5 GiB")
        with storage_errors():
            answer = await self.bucket.s3.create_multipart_upload(
                Bucket=self.bucket.name,
                Key=key,
                ContentType=require_content_type(content_type),
                Metadata=metadata or {},
            )
        return OpenUpload(key, answer["UploadId"], size, choose_part_size(size, floor))

    async def sign_part(self, upload: OpenUpload, number: int) -> PresignedRequest:
        """A PUT of this part, with its exact size signed, for 15 minutes."""
        part = part_at(number, upload.size, upload.part_size)
        return await Presigner(self.bucket).part(upload.key, upload.upload_id, number, size=part.size)

    async def list_parts(self, upload: OpenUpload) -> list[StoredPart]:
        """The parts that S3 has, one a number; what a resumed upload need not send again.

        Raises:
            UploadMissing: When the upload is not open any more.
        """
        return _one_a_number(await self._versions(upload), {})

    async def complete(self, upload: OpenUpload, claimed: Mapping[int, str] | None = None) -> ObjectInfo:
        """Check that all parts are there in full, and join them; completing twice is harmless.

        Args:
            upload: What `create` gave.
            claimed: ETags by part number as the browser saw them. Optional, since S3's own list decides; a
                claim that is not in it is refused, and of a part that was sent twice the claimed one is
                taken.

        Raises:
            UploadIncomplete: When parts are missing, have another size, or are not the claimed ones.
            UploadMissing: When the upload was aborted or expired.
        """
        objects = Objects(self.bucket)
        try:
            stored = _one_a_number(await self._versions(upload), claimed or {})
        except UploadMissing:
            if await self._is_done(upload):
                return await objects.head(upload.key)
            raise
        _check(upload, stored, claimed or {})
        parts: list[CompletedPartTypeDef] = [{"PartNumber": p.number, "ETag": p.etag} for p in stored]
        await complete(self.bucket, upload.key, upload.upload_id, parts)
        return await objects.verified(upload.key, upload.size)

    async def abort(self, upload: OpenUpload) -> None:
        """Forget the upload and free its parts; one that is gone counts as aborted."""
        await self._abort(upload.key, upload.upload_id)

    async def list_uploads(self, prefix: str = "") -> AsyncIterator[UnfinishedUpload]:
        """Uploads whose key starts with `prefix` that were neither completed nor aborted."""
        pages = self.bucket.s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket.name, Prefix=prefix
        )
        with storage_errors():
            async for page in pages:
                for found in page.get("Uploads", ()):
                    yield UnfinishedUpload(
                        found["Key"], found["UploadId"], found["Initiated"].astimezone(UTC)
                    )

    async def abort_unfinished(self, before: datetime, prefix: str = "") -> int:
        """Abort uploads begun before a moment; returns how many.

        Does what the bucket's rule does where the service does not run it (embedded S3, MinIO).
        """
        stale = [upload async for upload in self.list_uploads(prefix) if upload.started_at < before]
        for upload in stale:
            await self._abort(upload.key, upload.upload_id)
        return len(stale)

    async def _versions(self, upload: OpenUpload) -> list[StoredPart]:
        """The parts as S3 lists them: a part that was sent twice may stand there twice (SeaweedFS)."""
        pages = self.bucket.s3.get_paginator("list_parts").paginate(
            Bucket=self.bucket.name, Key=upload.key, UploadId=upload.upload_id
        )
        with storage_errors():
            return [
                StoredPart(
                    part["PartNumber"], part["Size"], part["ETag"], part["LastModified"].astimezone(UTC)
                )
                async for page in pages
                for part in page.get("Parts", ())
            ]

    async def _abort(self, key: str, upload_id: str) -> None:
        try:
            with storage_errors():
                await self.bucket.s3.abort_multipart_upload(
                    Bucket=self.bucket.name, Key=key, UploadId=upload_id
                )
        except UploadMissing:
            return

    async def _is_done(self, upload: OpenUpload) -> bool:
        """Whether the object is there in the announced size: an upload's key is used only once."""
        try:
            return (await Objects(self.bucket).head(upload.key)).size == upload.size
        except ObjectMissing:
            return False


def _one_a_number(versions: Iterable[StoredPart], claimed: Mapping[int, str]) -> list[StoredPart]:
    """One part for each number, by number: the one that the sender claims, else the newest."""

    def rank(part: StoredPart) -> tuple[bool, datetime]:
        return (claimed.get(part.number, "").strip('"') == part.etag.strip('"'), part.stored_at)

    best = {part.number: part for part in sorted(versions, key=rank)}
    return [best[number] for number in sorted(best)]


def _check(upload: OpenUpload, stored: list[StoredPart], claimed: Mapping[int, str]) -> None:
    """Compare what S3 has with what was announced.

    Raises:
        UploadIncomplete: Naming the first parts that are not right.
    """
    sizes = {part.number: part.size for part in stored}
    etags = {part.number: part.etag.strip('"') for part in stored}
    planned = {part.number: part.size for part in plan_parts(upload.size, upload.part_size)}
    wrong = {
        "missing": [number for number in planned if number not in sizes],
        "of another size": [n for n, size in sizes.items() if planned.get(n) != size],
        "not as sent": [n for n, etag in claimed.items() if etags.get(n) != etag.strip('"')],
    }
    for how, numbers in wrong.items():
        if numbers:
            named = ", ".join(map(str, numbers[:_NAMED_AT_MOST]))
            more = " and more" if len(numbers) > _NAMED_AT_MOST else ""
            raise UploadIncomplete(what="upload", why=f"parts {named}{more} are {how}", parts=numbers)
