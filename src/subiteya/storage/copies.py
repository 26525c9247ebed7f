"""Copying inside the bucket, without the bytes passing through us."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from subiteya.domain.errors import BadInput, StorageUnavailable
from subiteya.domain.keys import Area, VideoFile, require_owner, video_key
from subiteya.storage.bounded import gather_bounded
from subiteya.storage.bucket import Bucket, ObjectInfo
from subiteya.storage.errors import ObjectChanged, ObjectMissing, storage_errors
from subiteya.storage.objects import Objects
from subiteya.storage.parts import MAX_SINGLE_COPY, MIB, Part, choose_part_size, plan_parts
from subiteya.storage.sending import complete, multipart

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import CompletedPartTypeDef

_COPY_PART_SIZE = 256 * MIB
_PARTS_IN_FLIGHT = 4


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies inside one bucket."""

    bucket: Bucket

    async def copy(
        self,
        source: str,
        target: str,
        *,
        if_match: str | None = None,
        single_limit: int = MAX_SINGLE_COPY,
        part_size: int = _COPY_PART_SIZE,
    ) -> ObjectInfo:
        """Copy an object of any size with its type and metadata; the size is checked at the end.

        Args:
            source: Key to copy.
            target: Key to write.
            if_match: Copy only the version with this ETag; without it, the version that stands there when
                the copy begins. Either way nobody can swap the bytes in the middle.
            single_limit: Bytes up to which one CopyObject does it (S3 allows 5 GiB).
            part_size: Bytes of each piece above that.

        Raises:
            ObjectMissing: When there is no source.
            ObjectChanged: When the source is another version.
        """
        objects = Objects(self.bucket)
        info = await objects.head(source)
        if if_match not in (None, info.etag):
            raise ObjectChanged(what="file", state="changed")
        if info.size <= single_limit:
            with storage_errors():
                await self.bucket.s3.copy_object(
                    Bucket=self.bucket.name,
                    Key=target,
                    CopySource={"Bucket": self.bucket.name, "Key": source},
                    CopySourceIfMatch=info.etag,
                )
        else:
            await self._copy_in_parts(info, target, choose_part_size(info.size, part_size))
        return await objects.verified(target, info.size)

    async def move_to_videos(
        self, temp: str, *, user_id: UUID, video_id: UUID, if_match: str | None = None
    ) -> ObjectInfo:
        """Make an upload the source of a video: copy from `temp/` to `videos/`, check, delete.

        May be repeated after a crash at any point: when the upload is gone and the video's source is there,
        the move was done.

        Raises:
            BadInput: When `temp` is not a key in `temp/`.
            NotFound: When it is somebody else's, or not there.
            ObjectChanged: When it is not the version with the ETag `if_match`.
        """
        key = require_owner(temp, user_id)
        if key.area is not Area.TEMP:
            raise BadInput(what="key", why="only an upload can become a video")
        target = video_key(user_id, video_id, VideoFile.SOURCE, key.extension)
        objects = Objects(self.bucket)
        try:
            info = await self.copy(temp, target, if_match=if_match)
        except ObjectMissing:
            return await objects.head(target)
        await objects.delete(temp)
        return info

    async def _copy_in_parts(self, source: ObjectInfo, target: str, part_size: int) -> None:
        async with multipart(
            self.bucket, target, content_type=source.content_type, metadata=source.metadata
        ) as upload_id:

            async def copy_part(part: Part) -> CompletedPartTypeDef:
                with storage_errors():
                    answer = await self.bucket.s3.upload_part_copy(
                        Bucket=self.bucket.name,
                        Key=target,
                        UploadId=upload_id,
                        PartNumber=part.number,
                        CopySource={"Bucket": self.bucket.name, "Key": source.key},
                        CopySourceIfMatch=source.etag,
                        CopySourceRange=f"bytes={part.start}-{part.end - 1}",
                    )
                if etag := answer["CopyPartResult"].get("ETag"):
                    return {"PartNumber": part.number, "ETag": etag}
                raise StorageUnavailable(why="a copied part has no ETag")

            async def jobs() -> AsyncGenerator[Coroutine[Any, Any, CompletedPartTypeDef]]:
                for part in plan_parts(source.size, part_size):
                    yield copy_part(part)

            await complete(self.bucket, target, upload_id, await gather_bounded(jobs(), _PARTS_IN_FLIGHT))
