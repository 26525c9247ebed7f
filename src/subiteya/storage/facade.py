"""The whole S3 surface under one name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from subiteya.config import StorageSettings
from subiteya.domain.keys import ObjectKey, extract_key
from subiteya.observe.meter import Meter
from subiteya.storage.bucket import Bucket
from subiteya.storage.client import open_bucket
from subiteya.storage.copies import Copies
from subiteya.storage.files import Files
from subiteya.storage.multipart import Multipart
from subiteya.storage.objects import Objects
from subiteya.storage.presign import Presigner
from subiteya.storage.setup import Step, check_bucket, set_up_bucket


@dataclass(frozen=True, slots=True)
class Storage:
    """One bucket and everything that we do with it.

    Attributes:
        bucket: Name and clients.
        objects: Write, read, look up, delete.
        files: Objects to files and back.
        copies: Copy and move inside the bucket.
        presign: Addresses that carry a permission.
        multipart: Uploads whose parts come from browsers.
    """

    bucket: Bucket
    objects: Objects
    files: Files
    copies: Copies
    presign: Presigner
    multipart: Multipart

    def extract_key(self, address: str) -> ObjectKey:
        """The key that an `s3://` or `https://` address of our bucket names.

        Raises:
            BadInput: When the address leads elsewhere or its key is not one of ours.
        """
        return extract_key(
            address,
            bucket=self.bucket.name,
            endpoints=self.bucket.endpoints,
            aws=self.bucket.on_aws,
        )

    async def check(self) -> None:
        """Ask whether the bucket answers to our key; changes nothing. See `setup.check_bucket`."""
        await check_bucket(self.bucket)

    async def set_up(self, origins: Sequence[str]) -> list[Step]:
        """Create and configure the bucket; may be repeated. See `setup.set_up_bucket`."""
        return await set_up_bucket(self.bucket, origins)


@asynccontextmanager
async def open_storage(settings: StorageSettings, meter: Meter | None = None) -> AsyncIterator[Storage]:
    """Open the storage once per process; no request is sent yet. The meter, if any, counts its requests.

    Raises:
        ConfigurationError: When the settings cannot make a client.
    """
    async with open_bucket(settings, meter) as bucket:
        yield Storage(
            bucket=bucket,
            objects=Objects(bucket),
            files=Files(bucket),
            copies=Copies(bucket),
            presign=Presigner(bucket),
            multipart=Multipart(bucket),
        )
