from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from subiteya.config import StorageSettings
from subiteya.domain.errors import BadInput, ConfigurationError
from subiteya.domain.keys import temp_key
from subiteya.storage import open_storage

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "made-up-secret",
    "S3_BUCKET_NAME": "clips",
}
KEY = temp_key(uuid.uuid4(), ".mp4")


async def test_browsers_get_the_public_address(make_settings: Callable[..., StorageSettings]) -> None:
    settings = make_settings(
        **KEYS,
        S3_ENDPOINT="http://s3:8333",
        S3_PUBLIC_ENDPOINT="https://media.example.org/",
        S3_FORCE_PATH_STYLE="true",
    )
    async with open_storage(settings) as storage:
        signed = await storage.presign.download(KEY)
        assert signed.url.startswith(f"https://media.example.org/clips/{KEY}?")
        assert str(storage.extract_key(signed.url)) == KEY
        assert str(storage.extract_key(f"http://s3:8333/clips/{KEY}")) == KEY
        with pytest.raises(BadInput):
            storage.extract_key(f"https://clips.s3.amazonaws.com/{KEY}")


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
async def test_aws_gets_bucket_and_region_in_the_host_name(
    make_settings: Callable[..., StorageSettings], region: str
) -> None:
    async with open_storage(make_settings(**KEYS, AWS_REGION=region)) as storage:
        signed = await storage.presign.download(KEY)
        assert urlsplit(signed.url).hostname == f"clips.s3.{region}.amazonaws.com"
        assert str(storage.extract_key(signed.url)) == KEY


async def test_no_other_variable_moves_the_endpoint(
    make_settings: Callable[..., StorageSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(**KEYS)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.example")
    async with open_storage(settings) as storage:
        assert "elsewhere" not in (await storage.presign.download(KEY)).url


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, "AWS_SECRET_ACCESS_KEY"),
        ({**KEYS, "S3_ENDPOINT": "s3.example.org"}, "S3_ENDPOINT"),
        ({**KEYS, "S3_ENDPOINT": "https://user:hunter2@s3.example.org"}, "S3_ENDPOINT"),
        ({**KEYS, "S3_PUBLIC_ENDPOINT": "ftp://s3.example.org"}, "S3_PUBLIC_ENDPOINT"),
        ({**KEYS, "AWS_REGION": "not a region"}, "AWS_REGION"),
    ],
)
async def test_settings_that_make_no_client_say_which_variable(
    make_settings: Callable[..., StorageSettings], environment: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as refused:
        async with open_storage(make_settings(**environment)):
            pass
    assert "hunter2" not in str(refused.value)
