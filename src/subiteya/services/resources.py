"""What a process of ours works with, opened once and handed down: settings and the way to every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2

from subiteya.config import Settings
from subiteya.db.database import Database
from subiteya.domain.sealing import Sealer
from subiteya.observe.meter import Meter
from subiteya.queue.queues import Queues
from subiteya.services.write_meter import write_meter
from subiteya.storage import Storage, open_storage
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.wire import new_http_client


@dataclass(frozen=True, slots=True)
class Resources:
    """The open engines of one process; the first argument of every service.

    Attributes:
        settings: As read at start.
        db: Sessions, one transaction each.
        queues: Both BullMQ queues.
        storage: The bucket.
        sealer: Seals and opens the tokens at rest.
        tiktok: TikTok, or its simulator.
        tiktok_http: The connections below `tiktok`, for sign-in at TikTok and for sending bytes.
        name: This process in leases, heartbeats and event rows.
        meter: What this process uses of services that bill.
    """

    settings: Settings
    db: Database
    queues: Queues
    storage: Storage
    sealer: Sealer
    tiktok: TikTokClient
    tiktok_http: httpx2.AsyncClient
    name: str
    meter: Meter


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open every engine, and close them in the opposite order at the end.

    Nothing is asked of an engine yet, so a process starts while one is away and says so in `/api/ready`.

    Raises:
        ConfigurationError: a setting is missing or unusable.
    """
    async with AsyncExitStack() as stack:
        db = Database.open(settings.database)
        stack.push_async_callback(db.close)
        sealer = Sealer(settings.security.raw_keys)
        meter = Meter()
        stack.push_async_callback(write_meter, db, meter)  # the last counts, when all else is closed
        storage = await stack.enter_async_context(open_storage(settings.storage, meter))
        queues = Queues.open(settings.queue, settings.jobs, meter)
        stack.push_async_callback(queues.close_queues)
        tiktok_http = await stack.enter_async_context(new_http_client())
        yield Resources(
            settings=settings,
            db=db,
            queues=queues,
            storage=storage,
            sealer=sealer,
            tiktok=TikTokClient(settings.tiktok.api_url, tiktok_http),
            tiktok_http=tiktok_http,
            name=settings.observe.worker_name,
            meter=meter,
        )
