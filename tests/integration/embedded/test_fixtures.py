"""The engines that every other integration test stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
import redis.asyncio

from fixtures.engines import RunningEngines
from subiteya.config import Settings


@pytest.mark.parametrize("_round", [1, 2])
async def test_each_test_finds_its_redis_database_empty(redis_url: str, _round: int) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


@pytest.mark.parametrize("_round", [1, 2])
async def test_each_test_finds_its_database_without_rows(database_url: str, _round: int) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        rows = await connection.execute("SELECT count(*) FROM lease")
        assert await rows.fetchone() == (0,)
        await connection.execute("INSERT INTO lease VALUES ('left', 'behind', now())")


@pytest.mark.parametrize("_round", [1, 2])
def test_each_test_has_an_empty_bucket_of_its_own(bucket: str, s3_client: Any, _round: int) -> None:
    assert s3_client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    s3_client.put_object(Bucket=bucket, Key="temp/a b/ñ.txt", Body=b"left behind")
    s3_client.create_multipart_upload(Bucket=bucket, Key="temp/unfinished")


async def test_the_database_is_not_the_one_of_up(database_url: str, engines: RunningEngines) -> None:
    assert database_url != engines.environment["DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await (await connection.execute("SELECT current_database()")).fetchone()
        assert found is not None
        assert found[0].startswith("test_")


def test_the_settings_name_this_tests_own_engines(
    settings: Settings, database_url: str, redis_url: str, s3_environment: Mapping[str, str]
) -> None:
    assert settings.database.url is not None
    assert settings.queue.url is not None
    assert settings.database.url.get_secret_value() == database_url
    assert settings.queue.url.get_secret_value() == redis_url
    assert settings.storage.bucket == s3_environment["S3_BUCKET_NAME"]
    assert settings.storage.configured
    assert settings.upload.account_window_seconds == 0
    assert len(settings.security.raw_keys) == 1
