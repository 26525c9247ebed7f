"""The upload job: from a planned post to one that TikTok has every byte of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Post
from subiteya.db.moves import move_post, note
from subiteya.domain.outcome import AskHuman, Decision, Done, GiveUp, Outcome, Retry, TryAgain, Wait
from subiteya.domain.post_errors import EditedFileMissing
from subiteya.domain.states import LedgerStep, PostStatus
from subiteya.pipeline.journey import Run, shown_while_away
from subiteya.pipeline.publish.ask import Voice
from subiteya.pipeline.publish.begin import begin
from subiteya.pipeline.publish.due import bring_forward
from subiteya.pipeline.publish.ledger import Entry, Ledger
from subiteya.pipeline.publish.recover import bytes_missing, recover
from subiteya.pipeline.publish.send import Leave, Sending
from subiteya.queue.names import QueueName
from subiteya.tiktok.tokens import Tokens
from subiteya.tiktok.transfer import ChunkSender

INITS_PER_RUN: Final = 2
"""A dead upload address may be replaced once; more often is a matter for a retry with its pause."""


class PublishJourney:
    """Runs upload jobs."""

    queue = QueueName.UPLOAD

    def __init__(self, tokens: Tokens, sender: ChunkSender) -> None:
        self._tokens = tokens
        self._sender = sender

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """Show the post as uploading; False when it is neither waiting nor interrupted."""
        post_id = run.hand.subject
        await bring_forward(session, run, post_id)
        moved = await move_post(
            session,
            post_id,
            PostStatus.UPLOADING,
            run.why("started"),
            expect={PostStatus.UPLOAD_QUEUED},
            error_code=None,
            error_context=None,
        )
        if moved is not None:
            return True
        post = await session.scalar(select(Post).where(Post.id == post_id))
        if post is None or post.status is not PostStatus.UPLOADING:
            return False
        await note(session, run.why("taken_over"), post=post)
        return True

    async def work(self, run: Run) -> Outcome:
        """Step by step, each from what the ledger says."""
        await run.hand.progress(10)
        ledger = Ledger(run, run.hand.subject)
        entry = await ledger.load()
        voice = Voice(self._tokens, entry.account.id)
        if entry.clip.key is None:
            return GiveUp(EditedFileMissing.code)
        if entry.post.step in {LedgerStep.INITED, LedgerStep.SENDING}:
            # Begun by a run that did not end well: TikTok may be further than the ledger.
            outcome = await recover(run, ledger, entry, voice, address_dead=False)
            if outcome is not None:
                return outcome
        sending = Sending(run, ledger, self._sender)
        for _ in range(INITS_PER_RUN):
            entry = await ledger.load()
            if entry.post.step is LedgerStep.PLANNED:
                outcome = await begin(run, ledger, entry, voice)
                if outcome is not None:
                    return outcome
                entry = await ledger.load()
            said = await self._send(run, sending, ledger, entry, voice)
            if said is not None:
                return said
        return Retry("tiktok_upload_url_expired")

    async def _send(
        self, run: Run, sending: Sending, ledger: Ledger, entry: Entry, voice: Voice
    ) -> Outcome | None:
        """Send what is missing; None when the publish is lost and another may be begun."""
        if entry.post.step in {LedgerStep.SUBMITTED, LedgerStep.CONFIRMED}:
            return Done()
        left = await sending.send(entry)
        if left is Leave.SUBMITTED:
            return Done()
        if isinstance(left, Leave):
            return await self._where_it_is(run, ledger, voice, dead=left is Leave.ADDRESS_DEAD)
        if isinstance(left, Retry) and not run.hand.abort.is_set():
            return await self._unless_it_arrived(run, ledger, voice, left)
        return left

    async def _where_it_is(self, run: Run, ledger: Ledger, voice: Voice, *, dead: bool) -> Outcome | None:
        """Ask TikTok how far the publish is, as our numbers no longer hold."""
        outcome = await recover(run, ledger, await ledger.load(), voice, address_dead=dead)
        if outcome is not None:
            return outcome
        step = (await ledger.load()).post.step
        if step is LedgerStep.SUBMITTED:
            return Done()
        return None if step is LedgerStep.PLANNED else Retry("tiktok_upload_position_unexpected")

    async def _unless_it_arrived(self, run: Run, ledger: Ledger, voice: Voice, left: Retry) -> Outcome:
        """The last chunk's answer may be lost and not its bytes: ask, as this may be the last attempt."""
        entry = await ledger.load()
        if bytes_missing(entry, None):
            return left
        outcome = await recover(run, ledger, entry, voice, address_dead=False)
        if outcome is not None:
            return outcome
        return Done() if (await ledger.load()).post.step is LedgerStep.SUBMITTED else left

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """Let the post's status say what was decided."""
        post_id = run.hand.subject
        match decision:
            case Done():
                soon = datetime.now(UTC) + timedelta(seconds=run.tools.settings.tiktok.poll_seconds)
                await move_post(
                    session,
                    post_id,
                    PostStatus.CONFIRMING,
                    run.why("submitted"),
                    next_check_at=soon,
                    checks=0,
                )
            case Wait(until, reason, detail):
                why = run.why(reason, until=until.isoformat(), why=detail)
                away = shown_while_away(decision)
                await move_post(session, post_id, PostStatus.UPLOAD_QUEUED, why, **away)
            case TryAgain(at, number, of, code, detail):
                why = run.why(code, retry=number, of=of, at=at.isoformat(), why=detail)
                await move_post(
                    session,
                    post_id,
                    PostStatus.UPLOAD_QUEUED,
                    why,
                    error_code=code,
                    error_context={"why": detail},
                )
            case GiveUp(code, detail):
                await move_post(
                    session,
                    post_id,
                    PostStatus.FAILED_UPLOAD,
                    run.why(code, why=detail),
                    error_code=code,
                    error_context={"why": detail},
                )
            case AskHuman(code, detail):
                await move_post(
                    session,
                    post_id,
                    PostStatus.NEEDS_ATTENTION,
                    run.why(code, why=detail),
                    error_code=code,
                    error_context={"why": detail},
                )
