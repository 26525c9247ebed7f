"""What a job depends on is away for longer than its retries would last: it waits, and nothing fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fixtures.processes import House, until
from fixtures.relay import Relay, open_relay
from journeys.shelf import Shelf, all_posted
from subiteya.db.models import Post
from subiteya.domain.states import PostStatus
from subiteya.queue.names import upload_job_id
from subiteya.services.operate_queue import promote_job

FIRST_CHUNK = 10_000_000


@pytest.fixture
async def wires(house: House) -> AsyncIterator[Mapping[str, Relay]]:
    """The wires of an upload worker, the only one."""
    database = urlsplit(house.environment["DATABASE_URL"])
    ends: dict[str, Path | int] = {
        "database": Path(parse_qs(database.query)["host"][0]) / ".s.PGSQL.5432",
        "storage": urlsplit(house.environment["S3_ENDPOINT"]).port or 0,
    }
    async with AsyncExitStack() as stack:
        relays = {name: await stack.enter_async_context(open_relay(end)) for name, end in ends.items()}
        at = {name: f"127.0.0.1:{relay.port}" for name, relay in relays.items()}
        worker = house.start(
            "worker",
            "upload",
            DATABASE_URL=f"postgresql://{database.username}@{at['database']}{database.path}",
            S3_ENDPOINT=f"http://{at['storage']}",
        )
        await house.ready(worker)
        yield relays
        worker.kill()


async def waits_for(house: House, post: Post, code: str) -> None:
    async def waits() -> bool:
        [job] = await house.jobs()
        return job.wait_reason == code

    await until(waits)
    [job] = await house.jobs()
    [row] = await house.posts(post.video_id)
    assert (row.status, job.attempts) == (PostStatus.UPLOAD_QUEUED, 0)
    assert (row.error_code, job.away_since is not None) == (code, True)


async def goes_on(house: House, post: Post) -> list[str | None]:
    """What its timeline says when it is posted, called a little before its time."""
    assert await promote_job(house.resources, upload_job_id(post.id), actor="test")
    await all_posted(house, 1)
    [job] = await house.jobs()
    [row] = await house.posts(post.video_id)
    assert (job.attempts, row.error_code) == (0, None)
    assert len((await house.simulator("GET", "/state"))["publishes"]) == 1
    return [event.reason for event in await house.events(post.video_id)]


@pytest.mark.parametrize("what", ["storage", "tiktok"])
async def test_what_is_away_when_a_post_begins_is_waited_for(
    house: House, wires: Mapping[str, Relay], short_clip: Path, what: str
) -> None:
    if what == "storage":
        wires[what].cut(silently=False)
    else:
        await house.simulator("POST", "/faults", {"action": "cut", "endpoint": "creator_info", "times": 2})
    post = await Shelf(house, short_clip).queue(house.account)
    await waits_for(house, post, f"{what}_unavailable")
    # And once more, as nothing has changed.
    assert await promote_job(house.resources, upload_job_id(post.id), actor="test")
    await waits_for(house, post, f"{what}_unavailable")
    wires["storage"].mend()
    assert (await goes_on(house, post)).count(f"{what}_unavailable") == 2


async def test_a_worker_without_database_for_longer_than_its_lease_hands_the_job_back(
    house: House, wires: Mapping[str, Relay], large_clip: Path
) -> None:
    slow = {"action": "delay", "endpoint": "upload", "chunk": 2, "seconds": 8}
    await house.simulator("POST", "/faults", slow)
    post = await Shelf(house, large_clip).queue(house.account)

    async def under_way() -> bool:
        return (await house.posts(post.video_id))[0].bytes_acknowledged == FIRST_CHUNK

    await until(under_way)
    wires["database"].cut(silently=False)
    [worker] = [process for process in house.running if "upload" in process.name]

    async def given_up() -> bool:
        return "the lease cannot be renewed" in worker.text()

    await until(given_up)
    wires["database"].mend()
    await waits_for(house, post, "database_unavailable")
    told = await goes_on(house, post)
    assert "worker_lost" not in told
    assert told.count("database_unavailable") == 1
