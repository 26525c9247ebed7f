"""Two hosts, one of which falls out of the network: what another has taken over, it does not finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fixtures.processes import House, Process, until
from fixtures.relay import Relay, open_relay
from journeys.shelf import Shelf, all_posted
from subiteya.db.models import Post
from subiteya.queue.names import upload_job_id
from subiteya.queue.presence import JobState, job_state, release_orphan

FIRST_CHUNK = 10_000_000


@dataclass(frozen=True, slots=True)
class Host:
    """A worker, and its wires to Redis and to the database."""

    worker: Process
    redis: Relay
    database: Relay


@pytest.fixture
async def hosts(house: House) -> AsyncIterator[list[Host]]:
    redis, database = urlsplit(house.environment["REDIS_URL"]), urlsplit(house.environment["DATABASE_URL"])
    sockets = Path(parse_qs(database.query)["host"][0])
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            to_redis = await stack.enter_async_context(open_relay(Path(redis.path)))
            to_database = await stack.enter_async_context(open_relay(sockets / ".s.PGSQL.5432"))
            worker = house.start(
                "worker",
                "upload",
                REDIS_URL=f"redis://127.0.0.1:{to_redis.port}/{parse_qs(redis.query)['db'][0]}",
                DATABASE_URL=f"postgresql://{database.username}@127.0.0.1:{to_database.port}{database.path}",
            )
            found.append(Host(worker, to_redis, to_database))
        for host in found:
            await house.ready(host.worker)
        yield found
        for host in found:
            host.worker.kill()


async def in_second_chunk(
    house: House, hosts: list[Host], clip: Path, seconds: float
) -> tuple[Post, Host, Host]:
    """A post of which one chunk is sent, while the next takes so long; who has it, and who has not."""
    slow = {"action": "delay", "endpoint": "upload", "chunk": 2, "seconds": seconds}
    await house.simulator("POST", "/faults", slow)
    post = await Shelf(house, clip).queue(house.account)

    async def under_way() -> bool:
        return (await house.posts(post.video_id))[0].bytes_acknowledged == FIRST_CHUNK

    await until(under_way)
    [job] = await house.jobs()
    first, second = sorted(hosts, key=lambda host: f"{host.worker.name}:upload" != job.lease_owner)
    return post, first, second


async def told(house: House, post: Post) -> list[str | None]:
    return [event.reason for event in await house.events(post.video_id)]


async def test_a_worker_that_lost_redis_alone_keeps_its_job(
    house: House, hosts: list[Host], large_clip: Path
) -> None:
    post, first, second = await in_second_chunk(house, hosts, large_clip, 4)
    first.redis.cut(silently=True)
    # As Redis does by itself once a lock has run out: the job waits there, and the next worker gets it.
    assert await release_orphan(house.resources.queues, upload_job_id(post.id))

    async def turned_down() -> bool:
        return "nothing to do here" in second.worker.text()

    await until(turned_down)
    await all_posted(house, 1)
    reasons = await told(house, post)
    assert reasons.count("started") == 1
    assert "worker_lost" not in reasons
    assert len((await house.simulator("GET", "/state"))["publishes"]) == 1
    assert await job_state(house.resources.queues, upload_job_id(post.id)) is JobState.COMPLETED


async def test_a_worker_that_has_gone_deaf_ends_and_the_next_one_takes_its_jobs(
    house: House, short_clip: Path
) -> None:
    redis = urlsplit(house.environment["REDIS_URL"])
    async with open_relay(Path(redis.path)) as wire:
        url = f"redis://127.0.0.1:{wire.port}/{parse_qs(redis.query)['db'][0]}"
        deaf = house.start("worker", "upload", REDIS_URL=url, WORKER_DEAF_SECONDS="2")
        await house.ready(deaf)
        wire.forget()
        await Shelf(house, short_clip).queue(house.account)
        assert await asyncio.to_thread(deaf.child.wait, 60) not in {0, -9}
    assert "took no job for 2 s though some waited" in deaf.text()
    await house.ready(house.start("worker", "upload"))
    await all_posted(house, 1)


@pytest.mark.parametrize("silently", [True, False], ids=["as by a pulled cable", "told"])
async def test_a_worker_cut_off_from_everything_finds_its_job_taken(
    house: House, hosts: list[Host], large_clip: Path, silently: bool
) -> None:
    post, first, second = await in_second_chunk(house, hosts, large_clip, 5)
    first.redis.cut(silently=True)
    first.database.cut(silently=silently)
    # TikTok it can still reach, and goes on sending, while the other one takes its job over.
    await all_posted(house, 1)
    first.database.mend()
    first.redis.mend()

    async def given_up() -> bool:
        return "no longer ours" in first.worker.text()

    await until(given_up)
    reasons = await told(house, post)
    assert (reasons.count("worker_lost"), reasons.count("started")) == (1, 2)
    [publish] = (await house.simulator("GET", "/state"))["publishes"]
    assert publish["step"] == "complete"
    row = (await house.posts(post.video_id))[0]
    assert (row.inits, row.publish_id) == (1, publish["publish_id"])
    # And it is a worker again.
    assert await asyncio.to_thread(second.worker.terminate) == 0  # it leaves over wires that we hold
    await Shelf(house, large_clip).queue(house.account)
    await all_posted(house, 2)
