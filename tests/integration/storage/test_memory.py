"""A large file costs no more memory than a small one, measured in processes that do nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from subiteya.domain.keys import temp_key
from subiteya.storage import Storage
from subiteya.storage.parts import MIB

SIZE = 300 * MIB
ALLOWED = 100 * MIB  # three parts in flight and what aiohttp and the allocator keep: measured 50 MB

PROGRAM = """
import asyncio, resource, sys
from pathlib import Path
from subiteya.config import StorageSettings
from subiteya.storage import open_storage

async def chunks(count):
    for _ in range(count):
        yield bytes(1024 * 1024)

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

async def main(what, key, size, file):
    async with open_storage(StorageSettings()) as storage:
        await storage.objects.put_stream(key + "0", chunks(1), content_type="video/mp4")
        before = peak()
        if what == "put":
            await storage.objects.put_stream(key, chunks(size >> 20), content_type="video/mp4", size=size)
        elif what == "get":
            read = 0
            async for chunk in storage.objects.get_stream(key):
                read += len(chunk)
            assert read == size
        elif what == "download":
            await storage.files.download(key, file)
        elif what == "upload":
            await storage.files.upload(file, key, content_type="video/mp4")
        print(peak() - before)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
"""


async def growth(what: str, key: str, file: Path, environment: Mapping[str, str]) -> int:
    """Bytes by which a process grew while it moved `SIZE` bytes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        what,
        key,
        str(SIZE),
        str(file),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0
    return int(output)


@pytest.mark.slow
async def test_300_megabytes_flow_through_a_fraction_of_their_size(
    storage: Storage, s3_environment: Mapping[str, str], user_id: UUID, tmp_path: Path
) -> None:
    key, file = temp_key(user_id), tmp_path / "clip"
    for what in ("put", "get", "download", "upload"):
        assert await growth(what, key, file, s3_environment) < ALLOWED, what
    assert (await storage.objects.head(key)).size == SIZE
