"""Uploads in parts, in the shape that Uppy's companion client speaks (`companionEndpoint: '/api'`).

The browser sends the parts straight to the storage; we sign each and check them all at the end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from subiteya.domain.errors import BadInput
from subiteya.http import problems
from subiteya.http.api.bodies import CompleteMultipart, StartMultipart
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import multipart_upload as uploads
from subiteya.services.start_upload import start_multipart
from subiteya.storage import PresignedRequest

router = APIRouter(prefix="/s3/multipart", tags=["uploads"])

UploadId = Annotated[UUID, Path(description="From the start of the upload.")]
Key = Annotated[str, Query(description="From the start of the upload.", max_length=300)]
_MOST_SIGNED = 100
_UPLOAD_ID = "3f0f7d3e-4f7e-4a44-9a53-52f7a1b0d9c1"
_KEY = "temp/0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11/8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11.mp4"
_ADDRESS = "https://s3.example.com/subiteya-videos/temp/…?X-Amz-Signature=…"


class StartedOut(BaseModel):
    """An upload that may begin. All parts but the last have `partSize` bytes."""

    key: str = Field(examples=[_KEY])
    upload_id: UUID = Field(serialization_alias="uploadId", examples=[_UPLOAD_ID])
    part_size: int = Field(serialization_alias="partSize", examples=[16_777_216])


class SignedPartOut(BaseModel):
    """Where one part goes: PUT its bytes there, without a content type."""

    url: str = Field(description="A secret until it expires.", examples=[_ADDRESS])
    expires: int = Field(description="Seconds from now.", examples=[900])


class SignedPartsOut(BaseModel):
    """Where several parts go, by part number."""

    presigned_urls: dict[int, str] = Field(
        serialization_alias="presignedUrls", examples=[{"1": _ADDRESS, "2": _ADDRESS}]
    )


class StoredPartOut(BaseModel):
    """A part that the storage has."""

    model_config = ConfigDict(serialize_by_alias=True)

    number: int = Field(serialization_alias="PartNumber", examples=[1])
    size: int = Field(serialization_alias="Size", examples=[16_777_216])
    etag: str = Field(serialization_alias="ETag", examples=['"9b2cf535f27731c974343645a3985328"'])


class CompletedOut(BaseModel):
    """A finished upload; `POST /api/videos` with its key makes a video of it."""

    location: str = Field(examples=[f"s3://subiteya-videos/{_KEY}"])
    key: str = Field(examples=[_KEY])
    bucket: str = Field(examples=["subiteya-videos"])


class AbortedOut(BaseModel):
    """Nothing to say."""


@router.post("", responses=problems.responses(413))
async def start(body: StartMultipart, resources: ResourcesDep, user: CurrentUser) -> StartedOut:
    """Begin an upload in equal parts. Its size must be told: the size of each part is signed."""
    upload = await start_multipart(
        resources, user_id=user.id, filename=body.filename, content_type=body.type, size=body.bytes
    )
    return StartedOut(key=upload.key, upload_id=upload.id, part_size=upload.part_size or 0)


# Before the route of one part, whose path it also fits.
@router.get("/{upload_id}/batch", responses=problems.responses(404, 409))
async def sign_batch(
    upload_id: UploadId,
    key: Key,
    part_numbers: Annotated[
        str, Query(alias="partNumbers", description="Separated by commas.", examples=["1,2,3"])
    ],
    resources: ResourcesDep,
    user: CurrentUser,
) -> SignedPartsOut:
    """Sign several parts at once, up to a hundred."""
    words = [word.strip() for word in part_numbers.split(",")]
    if len(words) > _MOST_SIGNED or not all(word.isascii() and word.isdecimal() for word in words):
        raise BadInput(what="partNumbers", why="numbers separated by commas are expected")
    signed = await uploads.sign_parts(
        resources, user_id=user.id, upload_id=upload_id, key=key, numbers=[int(word) for word in words]
    )
    return SignedPartsOut(presigned_urls={number: request.url for number, request in signed.items()})


@router.get("/{upload_id}/{part_number}", responses=problems.responses(404, 409))
async def sign_part(
    upload_id: UploadId,
    part_number: Annotated[int, Path(ge=1, le=10_000)],
    key: Key,
    resources: ResourcesDep,
    user: CurrentUser,
) -> SignedPartOut:
    """Sign one part, with its exact size, for 15 minutes."""
    signed = await uploads.sign_parts(
        resources, user_id=user.id, upload_id=upload_id, key=key, numbers=[part_number]
    )
    return SignedPartOut(url=signed[part_number].url, expires=_seconds_left(signed[part_number]))


@router.get("/{upload_id}", responses=problems.responses(404, 409))
async def list_parts(
    upload_id: UploadId, key: Key, resources: ResourcesDep, user: CurrentUser
) -> list[StoredPartOut]:
    """The parts that the storage has. An upload that broke off sends only the others."""
    parts = await uploads.list_parts(resources, user_id=user.id, upload_id=upload_id, key=key)
    return [StoredPartOut(number=part.number, size=part.size, etag=part.etag) for part in parts]


@router.post("/{upload_id}/complete", responses=problems.responses(404, 409))
async def complete(
    upload_id: UploadId, key: Key, body: CompleteMultipart, resources: ResourcesDep, user: CurrentUser
) -> CompletedOut:
    """Join the parts. Asking again after a lost answer gives the same one."""
    upload = await uploads.complete_upload(
        resources, user_id=user.id, upload_id=upload_id, key=key, etags=body.etags()
    )
    bucket = resources.storage.bucket.name
    return CompletedOut(location=f"s3://{bucket}/{upload.key}", key=upload.key, bucket=bucket)


@router.delete("/{upload_id}", responses=problems.responses(404, 409))
async def abort(upload_id: UploadId, key: Key, resources: ResourcesDep, user: CurrentUser) -> AbortedOut:
    """Give the upload up; what was sent is removed."""
    await uploads.abort_upload(resources, user_id=user.id, upload_id=upload_id, key=key)
    return AbortedOut()


def _seconds_left(request: PresignedRequest) -> int:
    return max(0, int((request.expires_at - datetime.now(UTC)).total_seconds()))
