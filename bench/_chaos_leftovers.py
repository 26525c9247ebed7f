"""What a chaos run must not leave behind: jobs, locks, outbox rows, files, objects, uploads, processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from redis.asyncio import Redis
from sqlalchemy import func, select, text, update

from _chaos_fleet import Fleet
from subiteya.db.models import Job, Lease, Outbox, Render, Upload, Video
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.queue.presence import runnable_jobs
from subiteya.services.abort_uploads import LONGEST_UPLOAD, abort_uploads
from subiteya.services.expire_uploads import NEVER, expire_uploads
from subiteya.services.resources import Resources

PATIENCE_S = 30.0
"""What a sweep or a tidying worker still removes by itself."""


async def while_it_runs(fleet: Fleet, resources: Resources) -> list[str]:
    """What is left of the work: all of it ended, so that nothing may be."""
    return [
        *await _gone_soon(lambda: _in_database(resources)),
        *await _gone_soon(lambda: _in_redis(fleet, resources)),
        *await _gone_soon(lambda: _files(fleet)),
        *await _in_storage(resources),
    ]


async def after_its_end(fleet: Fleet) -> list[str]:
    """What is left when everything has been stopped."""
    return await _gone_soon(lambda: _processes(fleet))


async def locks(resources: Resources) -> list[str]:
    """Roles that somebody holds though all have left; the engines still run."""
    async with resources.db.begin() as session:
        held = await session.scalars(select(Lease.name).where(Lease.until > func.clock_timestamp()))
        return [f"lease of {name}" for name in held]


async def _gone_soon(look: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """What is there, once it has had its time to go."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = await look()
        if not found or time.monotonic() > end:
            return found
        await asyncio.sleep(0.5)


async def _in_database(resources: Resources) -> list[str]:
    live = (JobStatus.QUEUED, JobStatus.HELD, JobStatus.ACTIVE)
    async with resources.db.begin() as session:
        outbox = await session.scalars(select(Outbox.job_id))
        jobs = await session.execute(select(Job.id, Job.status).where(Job.status.in_(live)))
        advisory = await session.scalar(
            text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
        found = [f"outbox row of {job_id}" for job_id in outbox]
        found += [f"job row {job_id} {status}" for job_id, status in jobs]
    return found + (["advisory lock"] if advisory else [])


async def _in_redis(fleet: Fleet, resources: Resources) -> list[str]:
    found = []
    for queue in QueueName:
        there = await runnable_jobs(resources.queues, queue)
        found += [f"{state} in Redis: {job_id}" for job_id, state in there.items()]
    async with Redis.from_url(fleet.environment["REDIS_URL"], decode_responses=True) as client:
        found += [f"lock in Redis: {key}" async for key in client.scan_iter("*:lock")]
    return found


async def _files(fleet: Fleet) -> list[str]:
    found = []
    for folder in (fleet.settings.home.work, Path(fleet.environment["TMPDIR"])):
        if folder.is_dir():
            found += [f"file {path}" for path in folder.iterdir() if path.name != ".lock"]
    return found


async def _in_storage(resources: Resources) -> list[str]:
    """After a day has passed, which is when what nobody finished may go."""
    async with resources.db.begin() as session:
        await session.execute(
            update(Upload)
            .where(Upload.expires_at < NEVER)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    while await expire_uploads(resources):
        pass
    storage = resources.storage
    await abort_uploads(resources, datetime.now(UTC) + LONGEST_UPLOAD)
    found = [f"object {key}" async for key in storage.objects.list_keys("temp/")]
    found += [f"open multipart upload of {upload.key}" async for upload in storage.multipart.list_uploads()]
    return found


async def strays(resources: Resources) -> list[str]:
    """Objects below `videos/` that no row names."""
    async with resources.db.begin() as session:
        named = {
            key for row in await session.execute(select(Video.source_key, Video.edited_key)) for key in row
        }
        named |= set(await session.scalars(select(Render.edited_key)))
    return [key async for key in resources.storage.objects.list_keys("videos/") if key not in named]


async def _processes(fleet: Fleet) -> list[str]:
    """Whoever still works with this data folder."""
    home = str(fleet.home.root)
    ours = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid in ours or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if home in " ".join([process.cwd(), *process.cmdline(), *process.environ().values()]):
                found.append(f"process {process.pid} {process.name()}")
    return found
