from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from uuid import UUID

import httpx2
import pytest

from subiteya.config import SECTIONS, StorageSettings
from subiteya.storage import Storage, open_storage


@pytest.fixture
def storage_settings(s3_environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> StorageSettings:
    """This test's bucket on the run's own server."""
    for section in SECTIONS:
        for known in section.model_fields.values():
            monkeypatch.delenv(str(known.validation_alias), raising=False)
    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    return StorageSettings()


@pytest.fixture
async def storage(storage_settings: StorageSettings) -> AsyncIterator[Storage]:
    async with open_storage(storage_settings) as storage:
        yield storage


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without keys."""
    async with httpx2.AsyncClient() as client:
        yield client


@pytest.fixture
def user_id() -> UUID:
    return uuid.uuid4()
