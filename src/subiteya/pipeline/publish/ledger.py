"""The ledger's writes: each one under the fence of the job, with its line in the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import slots
from subiteya.db.ledger import FORGOTTEN
from subiteya.db.models import Account, Post, Render, Video
from subiteya.db.moves import note
from subiteya.db.versions import Clip, clip_of
from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import LostTheJob
from subiteya.domain.slots import Rate
from subiteya.domain.states import LedgerStep
from subiteya.pipeline.journey import Run
from subiteya.pipeline.patience import patiently
from subiteya.tiktok.answers import Publish

ADDRESS_LIFE: Final = timedelta(minutes=58)
"""How long we use an upload address: TikTok's lives for one hour, in which all bytes must arrive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as the ledger has it, with its account, its video, and the version of that which it sends."""

    post: Post
    account: Account
    video: Video
    render: Render | None

    @property
    def clip(self) -> Clip:
        """The file that goes out."""
        return clip_of(self.video, self.render)

    @property
    def plan(self) -> ChunkPlan:
        """The chunk plan that `init` was told.

        Raises:
            ValueError: nothing was begun yet.
        """
        post = self.post
        if post.video_bytes is None or post.chunk_bytes is None or post.chunk_count is None:
            raise ValueError("no publish was begun")
        return ChunkPlan(post.video_bytes, post.chunk_bytes, post.chunk_count)

    @property
    def address_is_alive(self) -> bool:
        """Whether the upload address may still be used, by our own clock."""
        until = self.post.upload_url_expires_at
        return until is not None and until > datetime.now(UTC)


class Ledger:
    """One post's ledger, for the run that holds its job."""

    def __init__(self, run: Run, post_id: uuid.UUID) -> None:
        self._run = run
        self._post_id = post_id

    async def load(self) -> Entry:
        """The post as it stands.

        Raises:
            LostTheJob: it is gone.
        """
        async with self._run.db.begin() as session:
            found = (
                await session.execute(
                    select(Post, Account, Video, Render)
                    .join(Account, Account.id == Post.account_id)
                    .join(Video, Video.id == Post.video_id)
                    .outerjoin(Render, Render.id == Post.render_id)
                    .where(Post.id == self._post_id)
                )
            ).one_or_none()
        if found is None:
            raise LostTheJob
        return Entry(*found)

    def upload_url(self, entry: Entry) -> SecretStr:
        """The upload address in the clear."""
        return SecretStr(self._run.tools.sealer.open(entry.post.upload_url or "", self._context()))

    async def start(self, rates: Mapping[str, Rate]) -> datetime | None:
        """Write down that `init` is asked for now, if every window has room; else the aware time that has."""
        async with self._run.db.begin() as session:
            await self._run.fence(session)
            at = await slots.start(session, self._run.claim.job_id, rates)
            if at is not None:
                await session.execute(update(Post).where(Post.id == self._post_id).values(slot_at=at))
        return at

    async def inited(self, publish: Publish, plan: ChunkPlan, etag: str, asked_at: datetime) -> None:
        """A publish was begun; stored before the first byte leaves."""
        address = publish.upload_url.get_secret_value() if publish.upload_url is not None else ""
        await self._write(
            "inited",
            detail={"publish_id": publish.publish_id, "chunks": plan.count, "log_id": publish.log_id},
            step=LedgerStep.INITED,
            publish_id=publish.publish_id,
            upload_url=self._run.tools.sealer.seal(address, self._context()),
            upload_url_expires_at=asked_at + ADDRESS_LIFE,
            video_bytes=plan.size,
            video_etag=etag,
            chunk_bytes=plan.chunk_size,
            chunk_count=plan.count,
            bytes_acknowledged=0,
            inits=Post.inits + 1,
            tiktok_status=None,
            also=lambda session: slots.settled(session, self._run.claim.job_id, publish.publish_id),
        )

    async def acknowledged(self, count: int) -> None:
        """TikTok has the first `count` bytes."""
        await self._write(None, step=LedgerStep.SENDING, bytes_acknowledged=count)

    async def submitted(self, size: int, reason: str = "submitted") -> None:
        """TikTok has, or may have, every byte: from here on only its word counts."""
        await self._write(
            reason,
            step=LedgerStep.SUBMITTED,
            bytes_acknowledged=size,
            submitted_at=datetime.now(UTC),
        )

    async def asked(self, status: str, **detail: object) -> None:
        """TikTok answered what became of it."""
        await self._write("asked", detail={"status": status, **detail}, tiktok_status=status)

    async def forget(self, reason: str, **detail: object) -> None:
        """The publish that was begun cannot become a post any more: the next one may be begun."""
        await self._write(reason, detail=detail, **FORGOTTEN)

    async def _write(
        self,
        reason: str | None,
        *,
        detail: dict[str, object] | None = None,
        also: Callable[[AsyncSession], Awaitable[None]] | None = None,
        **values: object,
    ) -> None:
        # TikTok has acted already: what it said is worth waiting for the database.
        await patiently(lambda: self._write_now(reason, detail or {}, values, also))

    async def _write_now(
        self,
        reason: str | None,
        detail: dict[str, object],
        values: dict[str, object],
        also: Callable[[AsyncSession], Awaitable[None]] | None,
    ) -> None:
        async with self._run.db.begin() as session:
            await self._run.fence(session)
            if also is not None:
                await also(session)
            post = await session.scalar(
                update(Post)
                .where(Post.id == self._post_id)
                .values(version=Post.version + 1, **values)
                .returning(Post)
            )
            if reason is not None and post is not None:
                await note(session, self._run.why(reason, **detail), post=post)

    def _context(self) -> str:
        return f"post:{self._post_id}:upload_url"
