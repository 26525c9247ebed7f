from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable

import pytest

from subiteya.config import StorageSettings
from subiteya.storage import Storage, open_storage

MakeSettings = Callable[..., StorageSettings]


@pytest.fixture
def make_settings(monkeypatch: pytest.MonkeyPatch) -> MakeSettings:
    """Storage settings from these variables and no others."""

    def make(**environment: str) -> StorageSettings:
        for name in [name for name in os.environ if name.startswith(("AWS_", "S3_"))]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return StorageSettings()

    return make


@pytest.fixture
async def offline(make_settings: MakeSettings) -> AsyncIterator[Storage]:
    """A storage on AWS that signs and is never called."""
    settings = make_settings(
        S3_BUCKET_NAME="clips",
        AWS_REGION="eu-west-1",
        AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY="made-up-secret",
    )
    async with open_storage(settings) as storage:
        yield storage
