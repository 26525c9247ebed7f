"""The cost meter against what the real servers say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import update
from structlog.testing import capture_logs

from fixtures.rows import Rows
from subiteya.config import CostSettings, DatabaseSettings
from subiteya.db.database import Database
from subiteya.db.models import Metered
from subiteya.domain.keys import asset_key
from subiteya.observe.meter import Meter, Used
from subiteya.queue import operate
from subiteya.queue.connection import impatient_client, prove, redis_options
from subiteya.queue.names import QueueName, edit_job_id
from subiteya.queue.queues import JobSpec, Queues
from subiteya.services.resources import Resources
from subiteya.services.write_meter import write_meter
from subiteya.storage import open_storage
from subiteya.watch.costs import get_costs
from subiteya.watch.prices import read_prices
from subiteya.watch.quotas import warn_of_quotas

END = "that was all"


@asynccontextmanager
async def _watching(resources: Resources, client: Redis) -> AsyncIterator[list[str]]:
    """Lists, at its end, what the server was asked in this test's database, less what scripts call.

    The last one is an ECHO, sent by `client` to mark the end.
    """
    seen: list[str] = []
    watcher = impatient_client(resources.settings.queue)
    number = str(redis_options(resources.settings.queue)["db"])
    try:
        async with watcher.monitor() as monitor:
            yield seen
            await client.echo(END)
            while not (seen and END in seen[-1]):
                line = await asyncio.wait_for(monitor.next_command(), 10)
                foreign = str(line["db"]) != number or line["client_type"] == "lua"
                if not foreign and not line["command"].startswith("SELECT"):  # the watcher's own
                    seen.append(line["command"])
    finally:
        await watcher.aclose()


@pytest.fixture
def resources(resources: Resources, worker_number: int) -> Resources:
    """With a Redis database that no process of an earlier test may still be asking."""
    url = resources.settings.queue.url
    assert url is not None
    ours = SecretStr(f"{url.get_secret_value().partition('?')[0]}?db={15 - worker_number}")
    queue = resources.settings.queue.model_copy(update={"url": ours})
    return replace(resources, settings=resources.settings.model_copy(update={"queue": queue}))


async def test_commands_are_counted_as_the_server_sees_them(resources: Resources) -> None:
    meter = Meter()
    client = impatient_client(resources.settings.queue, meter)
    try:
        await prove(client)
        async with client.pipeline() as first:  # a connection of its own, which begins with SELECT
            first.ping()
            await first.execute()
        meter.take()
        async with _watching(resources, client) as seen, client.pipeline(transaction=True) as pipe:
            pipe.set("meter", 1)
            pipe.incr("meter")
            pipe.delete("meter")
            await pipe.execute()
    finally:
        await client.aclose()
    assert [command.split()[0] for command in seen] == ["MULTI", "SET", "INCRBY", "DEL", "EXEC", "ECHO"]
    assert meter.take()[Used.REDIS_COMMANDS] == len(seen)


async def test_bullmqs_own_commands_are_counted_too(resources: Resources, rows: Rows) -> None:
    meter = Meter()
    video = await rows.video(await rows.user())
    async with Queues.open(resources.settings.queue, resources.settings.jobs, meter) as queues:
        await queues.queue_stats()
        meter.take()
        async with _watching(resources, queues.client) as seen:
            await queues.enqueue(JobSpec(edit_job_id(video.id)))
            await operate.pause(queues, QueueName.EDIT)
            await operate.resume(queues, QueueName.EDIT)
        assert meter.take()[Used.REDIS_COMMANDS] == len(seen) >= 4


async def test_requests_to_the_bucket_are_counted_by_class(resources: Resources, rows: Rows) -> None:
    meter, key = Meter(), asset_key((await rows.user()).id, ".png")
    async with open_storage(resources.settings.storage, meter) as storage:
        await storage.objects.put_bytes(key, b"x" * 1_000, content_type="image/png")
        assert await storage.objects.get_bytes(key, limit=2_000) == b"x" * 1_000
        await storage.objects.head(key)
        await storage.objects.delete(key)
    assert meter.take() == {
        Used.S3_WRITES: 1,
        Used.S3_READS: 3,  # what was written is looked at once
        Used.S3_BYTES_IN: 1_000,
        Used.S3_BYTES_OUT: 1_000,
    }


async def test_what_others_send_with_our_addresses_counts_once(resources: Resources, rows: Rows) -> None:
    meter, key = Meter(), asset_key((await rows.user()).id, ".png")
    async with open_storage(resources.settings.storage, meter) as storage, httpx2.AsyncClient() as browser:
        put = await storage.presign.upload(key, size=5, content_type="image/png")
        sent = await browser.put(put.url, content=b"12345", headers=dict(put.headers))
        sent.raise_for_status()
        await storage.presign.download(key, size=5)
    assert meter.take() == {
        Used.S3_WRITES: 1,
        Used.S3_READS: 1,
        Used.S3_BYTES_IN: 5,
        Used.S3_BYTES_OUT: 5,
    }


async def test_counts_of_all_processes_add_up_in_the_day(resources: Resources) -> None:
    ours, theirs = Meter(), Meter()
    for meter in (ours, theirs, ours):
        meter.add(Used.REDIS_COMMANDS, 10)
        await write_meter(resources.db, meter)
    await write_meter(resources.db, ours)
    assert (await _costs(resources)).counts[Used.REDIS_COMMANDS].today == 30


async def test_counts_wait_in_the_meter_while_the_database_is_away() -> None:
    meter = Meter()
    meter.add(Used.S3_READS, 4)
    nowhere = {"DATABASE_URL": "postgresql://nobody:x@127.0.0.1:9/nothing"}
    away = Database.open(DatabaseSettings.model_validate(nowhere))
    await write_meter(away, meter)
    await away.close()
    assert meter.take() == {Used.S3_READS: 4}


async def test_what_is_stored_is_what_the_rows_hold(resources: Resources, rows: Rows) -> None:
    user = await rows.user()
    await rows.video(user, source_bytes=700, edited_bytes=300)
    await rows.video(user, source_bytes=50)
    gone = await rows.video(user, source_bytes=9_000)
    async with resources.db.begin() as session:
        await session.execute(
            update(type(gone)).where(type(gone).id == gone.id).values(deleted_at=gone.created_at)
        )
    assert (await _costs(resources)).stored_bytes == 1_050


async def test_each_level_of_a_quota_is_said_once(resources: Resources) -> None:
    limited = _with_quota(resources, 1_000)
    assert await _fill(limited, 600) == []
    assert await _fill(limited, 120) == [70]
    assert await _fill(limited, 0) == []
    assert await _fill(limited, 300) == [100]  # two levels at once: one warning
    assert await _fill(limited, 500) == []


async def test_last_months_warning_says_nothing_about_this_month(resources: Resources) -> None:
    limited = _with_quota(resources, 1_000)
    assert await _fill(limited, 750) == [70]
    async with resources.db.begin() as session:
        await session.execute(
            update(Metered)
            .where(Metered.what.startswith("warned:"))
            .values(day=Metered.day - timedelta(days=31))
        )
    assert await _fill(limited, 0) == [70]


async def test_the_warning_stands_in_the_log(resources: Resources) -> None:
    with capture_logs() as logged:
        await _fill(_with_quota(resources, 100), 90)
    [entry] = [entry for entry in logged if entry.get("quota")]
    said = (entry["log_level"], entry["quota"], entry["percent"])
    assert said == ("warning", "redis_commands", 90.0)


async def test_without_quotas_nobody_is_warned(resources: Resources) -> None:
    assert await _fill(resources, 10**9) == []


def _with_quota(resources: Resources, commands: int) -> Resources:
    costs = CostSettings.model_validate({"QUOTA_REDIS_COMMANDS": commands})
    return replace(resources, settings=resources.settings.model_copy(update={"costs": costs}))


async def _fill(resources: Resources, commands: int) -> list[int]:
    meter = Meter()
    meter.add(Used.REDIS_COMMANDS, commands)
    await write_meter(resources.db, meter)
    return [quota.level for quota in await warn_of_quotas(resources.db, resources.settings.costs)]


async def _costs(resources: Resources) -> Any:
    async with resources.db.begin() as session:
        return await get_costs(session, resources.settings.costs, read_prices())
