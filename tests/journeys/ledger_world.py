"""A small world for the ledger: the simulator in this process, real engines, a clock that is steered.

Time passes by moving what is written into the past: each time in the database by so much, and TikTok's clock
forward by as much. The code under test reads its own clocks as always.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import DateTime, func, select, update

from fixtures.processes import REDIRECT
from journeys.ledger_line import Asked, Clock, Death, KilledError, Line
from subiteya.config import Settings
from subiteya.db import jobs
from subiteya.db.models import Account, Base, Event, Job, Post, User, Video
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import JobStatus, PostStatus, VideoStatus
from subiteya.pipeline.publish.confirm import Confirmer
from subiteya.pipeline.publish.journey import PublishJourney
from subiteya.pipeline.tools import Tools
from subiteya.queue.hand import Abort, JobInHand
from subiteya.queue.names import QueueName
from subiteya.services.connect_account import connect_with_code
from subiteya.services.queue_upload import PostWish, queue_upload
from subiteya.services.reclaim_job import reclaim
from subiteya.services.resources import Resources, open_resources
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.endpoints import Endpoints
from subiteya.tiktok.oauth import OAuthClient
from subiteya.tiktok.simulator import (
    CreatorSpec,
    Simulator,
    SimulatorConfig,
    Switches,
    create_app,
)
from subiteya.tiktok.tokens import NEEDS_RECONNECT, Tokens
from subiteya.tiktok.transfer import ChunkSender
from subiteya.tiktok.wire import new_http_client
from subiteya.workers.run_job import run_job

CREATORS = ("ana.cocina", "taller.norte")
FILE = bytes(50_000)


@dataclass
class World:
    """What the machine acts on."""

    resources: Resources
    simulator: Simulator
    clock: Clock
    http: httpx2.AsyncClient
    user_id: uuid.UUID
    accounts: list[Account] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    _workers: int = 0

    async def connect(self, username: str) -> Account:
        """Connect an account, or connect it again."""
        creators = await self.knob("GET", "/creators")
        open_id = next(one["open_id"] for one in creators if one["username"] == username)
        code = await self.knob("POST", f"/creators/{open_id}/authorize", {"redirect_uri": REDIRECT})
        return await connect_with_code(self.resources, self.user_id, SecretStr(code["code"]), REDIRECT)

    async def add(self, account: Account, mode: PostMode, caption: str) -> uuid.UUID:
        """Queue a post of a video of its own."""
        async with self.resources.db.begin() as session:
            video = Video(
                id=uuid.uuid4(),
                user_id=self.user_id,
                status=VideoStatus.EDITED,
                title="Clip",
                filename="clip.mp4",
                source_key=self.key,
                source_bytes=len(FILE),
                content_type="video/mp4",
                probe={},
                edited_key=self.key,
            )
            session.add(video)
        page = await queue_upload(
            self.resources,
            user_id=self.user_id,
            video_id=video.id,
            account_id=account.id,
            wish=PostWish(mode=mode, caption=caption),
        )
        return page.view.post.id

    async def due(self) -> list[Job]:
        """Jobs that a worker may take now."""
        async with self.resources.db.begin() as session:
            found = await session.scalars(
                select(Job)
                .where(Job.status == JobStatus.QUEUED, Job.not_before <= func.clock_timestamp())
                .order_by(Job.not_before)
            )
            return list(found)

    async def work(self, job: Job, death: Death | None = None) -> None:
        """One run of a job by a worker that is new, and perhaps dies."""
        self._workers += 1
        async with self._tools(death) as (tools, tokens, line):
            sender = ChunkSender(line, self._endpoints.uploads)
            assert job.post_id is not None
            hand = JobInHand(
                id=job.id,
                queue=QueueName.UPLOAD,
                subject=job.post_id,
                data={},
                attempts_made=job.attempts,
                attempts=job.max_attempts,
                crashes=0,
                token=str(self._workers),
                abort=Abort(),
                report=_unheard,
            )
            try:
                await run_job(tools, PublishJourney(tokens, sender), hand)
            except KilledError:
                return

    async def finish_draft(self, publish_id: str) -> None:
        """The creator posts a draft in TikTok's app; a webhook says so."""
        await self.knob("POST", f"/publishes/{publish_id}/finish", {"privacy_level": "SELF_ONLY"})
        async with self.resources.db.begin() as session:
            now = {"next_check_at": func.clock_timestamp()}
            await session.execute(update(Post).where(Post.publish_id == publish_id).values(now))

    async def reconnect(self) -> None:
        """The owner connects anew what must be."""
        async with self.resources.db.begin() as session:
            lost = list(await session.scalars(select(Account).where(Account.status == NEEDS_RECONNECT)))
        for account in lost:
            await self.connect(account.username)

    async def next_event_in(self) -> float:
        """Seconds until something is due by our own rows; a posted post is only asked for its link."""
        async with self.resources.db.begin() as session:
            times = [
                *await session.scalars(select(Job.not_before).where(Job.status == JobStatus.QUEUED)),
                *await session.scalars(select(Job.lease_until).where(Job.status == JobStatus.ACTIVE)),
                *await session.scalars(select(Post.next_check_at).where(Post.status != PostStatus.POSTED)),
            ]
        now = datetime.now(UTC)
        return min(((at - now).total_seconds() for at in times if at is not None and at > now), default=0.0)

    async def confirm(self, death: Death | None = None) -> None:
        """A worker asks about every post whose turn has come, and perhaps dies."""
        async with self._tools(death) as (tools, tokens, _):
            try:
                await Confirmer(tools, tokens).once()
            except KilledError:
                return

    async def sweep(self) -> None:
        """Take jobs back whose worker is gone."""
        async with self.resources.db.begin() as session:
            silent = [job.id for job in await jobs.expired(session)]
        for job_id in silent:
            await reclaim(self.resources, job_id)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, for us and for TikTok."""
        span = timedelta(seconds=seconds)
        self.clock.ahead += span
        async with self.resources.db.begin() as session:
            for table in Base.metadata.sorted_tables:
                times = {column: column - span for column in table.c if isinstance(column.type, DateTime)}
                if times:
                    await session.execute(update(table).values(times))
        await self.knob("POST", "/settle")

    async def knob(self, method: str, path: str, body: object = None) -> Any:
        """Turn one of the simulator's knobs."""
        answer = await self.http.request(method, f"{self._endpoints.api}/simulator{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def publishes(self) -> list[dict[str, Any]]:
        """Everything that was begun at TikTok, in order."""
        publishes: list[dict[str, Any]] = (await self.knob("GET", "/state"))["publishes"]
        return publishes

    async def posts(self) -> dict[uuid.UUID, Post]:
        """All rows."""
        async with self.resources.db.begin() as session:
            return {post.id: post for post in await session.scalars(select(Post))}

    async def jobs(self) -> dict[uuid.UUID | None, Job]:
        """All jobs, by post."""
        async with self.resources.db.begin() as session:
            return {job.post_id: job for job in await session.scalars(select(Job))}

    async def begun(self) -> dict[str, uuid.UUID | None]:
        """By the timeline: publish id → whose."""
        async with self.resources.db.begin() as session:
            events = await session.scalars(select(Event).where(Event.reason == "inited"))
            return {str((event.detail or {})["publish_id"]): event.post_id for event in events}

    @property
    def key(self) -> str:
        """Of the edited file that all videos share."""
        return f"videos/{self.user_id}/machine/edited.mp4"

    @property
    def _endpoints(self) -> Endpoints:
        return Endpoints.of(self.resources.settings.tiktok)

    @asynccontextmanager
    async def _tools(self, death: Death | None) -> AsyncIterator[tuple[Tools, Tokens, Line]]:
        line = Line(self.simulator, self.clock, self.asked, death)
        resources, settings = self.resources, self.resources.settings
        async with new_http_client(line) as http:
            tools = Tools(
                settings=settings,
                db=resources.db,
                queues=resources.queues,
                storage=resources.storage,
                sealer=resources.sealer,
                tiktok=TikTokClient(self._endpoints.api, http),
                name=f"worker-{self._workers}",
            )
            oauth = OAuthClient(
                self._endpoints, settings.tiktok.client_key, settings.tiktok.client_secret, http
            )
            yield tools, Tokens(tools.db, tools.sealer, oauth), line


@asynccontextmanager
async def a_world(settings: Settings, folder: Path, daily_cap: int) -> AsyncIterator[World]:
    """A world with two connected accounts, and nothing planned."""
    clock = Clock()
    api = Endpoints.of(settings.tiktok).api
    config = SimulatorConfig(
        data_dir=folder,
        public_url=api,
        switches=Switches(
            check_media=False, processing_seconds=20, moderation_seconds=30, daily_post_cap=daily_cap
        ),
        creators=tuple(CreatorSpec(username=name) for name in CREATORS),
    )
    app = create_app(config, clock=clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.running())
        http = await stack.enter_async_context(new_http_client(httpx2.ASGITransport(app)))
        opened = await stack.enter_async_context(open_resources(settings))
        resources = replace(opened, tiktok=TikTokClient(api, http), tiktok_http=http)
        user = User(id=uuid.uuid4(), name="Ana")
        async with resources.db.begin() as session:
            session.add(user)
        world = World(resources, app, clock, http, user.id)
        await resources.storage.objects.put_bytes(world.key, FILE, content_type="video/mp4")
        world.accounts = [await world.connect(name) for name in CREATORS]
        yield world


async def _unheard(value: int | dict[str, Any]) -> None:
    """Progress goes nowhere."""
