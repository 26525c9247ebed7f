"""Send what TikTok lacks: S3 → TikTok, chunk by chunk, each acknowledged before the next begins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final

from subiteya.domain.chunks import Chunk
from subiteya.domain.errors import TikTokUnavailable
from subiteya.domain.outcome import Away, Outcome, Retry
from subiteya.pipeline.journey import Run
from subiteya.pipeline.publish.ledger import Entry, Ledger
from subiteya.queue.hand import AbortReason
from subiteya.tiktok.error_row import Place
from subiteya.tiktok.error_table import outcome_of
from subiteya.tiktok.transfer import (
    Acknowledged,
    ChunkSender,
    Expired,
    Gone,
    Refused,
    Resync,
    Retryable,
    Sent,
    Unreachable,
)

SAME_CHUNK_TRIES: Final = 3
RESYNCS: Final = 5
"""A server that moves us about more often than this is not making sense."""


class Leave(Enum):
    """Why sending stopped without an outcome."""

    SUBMITTED = auto()
    """TikTok has every byte."""
    ADDRESS_DEAD = auto()
    """The upload address takes nothing any more."""
    POSITION_UNKNOWN = auto()
    """TikTok expects another byte and did not say which."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The transfer of one publish within one run."""

    run: Run
    ledger: Ledger
    sender: ChunkSender

    async def send(self, entry: Entry) -> Leave | Outcome:
        """Send the rest of the file."""
        plan = entry.plan
        at = entry.post.bytes_acknowledged
        for _ in range(RESYNCS):
            moved: int | None = None
            for chunk in plan.remaining(at):
                sent = await self._patiently(entry, chunk)
                if isinstance(sent, Acknowledged):
                    await self._acknowledge(sent, plan.size)
                    continue
                if isinstance(sent, Resync) and sent.acknowledged is not None:
                    moved = sent.acknowledged
                    await self.ledger.acknowledged(moved)
                    break
                return self._left(sent)
            if moved is None:
                await self.ledger.submitted(plan.size)
                return Leave.SUBMITTED
            at = moved
        return Retry("tiktok_upload_position_unexpected", "moved about too often")

    async def _acknowledge(self, sent: Acknowledged, size: int) -> None:
        if not sent.complete:
            await self.ledger.acknowledged(sent.bytes_acknowledged)
            # One Redis command for each ten per cent; the bytes themselves are in the row.
            await self.run.hand.progress(20 + 70 * sent.bytes_acknowledged // size)

    async def _patiently(self, entry: Entry, chunk: Chunk) -> Sent:
        """Send a chunk; the same one again, a few times, when TikTok's server stumbles."""
        pause = self.run.tools.settings.jobs.retry_base_seconds / 5
        sent: Sent = Retryable("upload_interrupted", "stopped")
        for attempt in range(SAME_CHUNK_TRIES):
            sent = await self._unless_aborted(entry, chunk)
            if not isinstance(sent, Retryable | Unreachable) or self.run.hand.abort.is_set():
                break
            await asyncio.sleep(pause * 2**attempt)
        return sent

    async def _unless_aborted(self, entry: Entry, chunk: Chunk) -> Sent:
        hand, key = self.run.hand, entry.clip.key or ""
        body = self.run.tools.storage.objects.get_stream(
            key,
            start=chunk.first,
            end=chunk.end,
            if_match=entry.post.video_etag,
        )
        url = self.ledger.upload_url(entry)
        content_type = "video/webm" if key.endswith(".webm") else "video/mp4"
        sending = asyncio.create_task(
            self.sender.send(url, entry.plan, chunk, body, content_type=content_type)
        )
        aborted = asyncio.create_task(hand.abort.wait())
        try:
            await asyncio.wait({sending, aborted}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                return Retryable("upload_interrupted", str(hand.abort.reason or AbortReason.SHUTDOWN))
            return sending.result()
        finally:
            for task in (sending, aborted):
                task.cancel()
            await asyncio.gather(sending, aborted, return_exceptions=True)

    def _left(self, sent: Sent) -> Leave | Outcome:
        match sent:
            case Expired() | Gone():
                return Leave.ADDRESS_DEAD
            case Resync():
                return Leave.POSITION_UNKNOWN
            case Retryable(code, detail):
                return Retry(f"tiktok_{code}", detail)
            case Unreachable(detail):
                return Away(TikTokUnavailable.code, detail)
            case Refused(code, detail):
                return outcome_of(code, Place.TRANSFER, now=datetime.now(UTC), detail=detail)
            case Acknowledged():
                return Leave.SUBMITTED
