"""TikTok's word: asked for by rows that are due, not by a worker that waits.

A post in CONFIRMING has `next_check_at`. Whichever upload worker comes first moves that time on, which is
its claim, then asks, then moves the post by compare-and-set. A restart loses nothing, and no upload slot is
held while TikTok thinks.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.ledger import FORGOTTEN
from subiteya.db.models import Account, Post
from subiteya.db.moves import Why, move_post, note
from subiteya.domain.errors import QueueUnavailable, SubiteyaError, TikTokRefused, Unavailable
from subiteya.domain.outcome import AskHuman, GiveUp, Outcome, Wait
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import LedgerStep, PostStatus
from subiteya.pipeline.publish.ask import Voice
from subiteya.pipeline.publish.pace import is_old, next_check, next_check_for_id
from subiteya.pipeline.publish.room import bring_draft_forward
from subiteya.pipeline.tools import Tools
from subiteya.queue.events import announce
from subiteya.queue.names import Priority, upload_job_id
from subiteya.queue.plan_jobs import plan_upload
from subiteya.tiktok.answers import PublishState, PublishStatus
from subiteya.tiktok.error_row import Place
from subiteya.tiktok.error_table import outcome_of, outcome_of_error
from subiteya.tiktok.tokens import Tokens

log = structlog.get_logger(__name__)

BATCH: Final = 20
_ASKED_ABOUT: Final = (
    PostStatus.CONFIRMING,
    PostStatus.IN_INBOX,
    PostStatus.UNCONFIRMED,
    PostStatus.POSTED,
)


@dataclass(frozen=True, slots=True)
class Due:
    """A post whose turn to be asked about has come; the turn is ours."""

    post: Post
    account: Account


class Confirmer:
    """Asks about due posts; made once per upload worker."""

    def __init__(self, tools: Tools, tokens: Tokens) -> None:
        self._tools = tools
        self._tokens = tokens

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop` is set."""
        pause = min(self._tools.settings.tiktok.poll_seconds, 1.0)
        while not stop.is_set():
            try:
                asked = await self.once()
            except Unavailable as error:
                log.warning("TikTok's word must wait", why=error.sentence())
                asked = 0
            except Exception:
                # One post's trouble must not silence the others; it is asked about again when it is due.
                log.exception("asking for TikTok's word broke off")
                asked = 0
            if asked < BATCH:
                try:
                    await asyncio.wait_for(stop.wait(), pause)
                except TimeoutError:
                    continue

    async def once(self) -> int:
        """Ask about the posts that are due; how many were."""
        due = await self._claim_due()
        await asyncio.gather(*(self._check(one) for one in due))
        return len(due)

    async def check_now(self, post_id: uuid.UUID) -> bool:
        """Ask about one post at once, whoever's turn it is; False when there is nothing to ask."""
        async with self._tools.db.begin() as session:
            found = (
                await session.execute(
                    select(Post, Account)
                    .join(Account, Account.id == Post.account_id)
                    .where(Post.id == post_id, Post.publish_id.is_not(None))
                )
            ).one_or_none()
        if found is None:
            return False
        await self._check(Due(*found))
        return True

    async def _claim_due(self) -> list[Due]:
        now = datetime.now(UTC)
        async with self._tools.db.begin() as session:
            ids = list(
                await session.scalars(
                    select(Post.id)
                    .where(
                        Post.status.in_(_ASKED_ABOUT),
                        Post.next_check_at <= now,
                    )
                    .order_by(Post.next_check_at)
                    .limit(BATCH)
                    .with_for_update(skip_locked=True)
                )
            )
            posts = {post.id: post for post in await session.scalars(select(Post).where(Post.id.in_(ids)))}
            for post in posts.values():
                post.checks += 1
                post.next_check_at = next_check(post, now, self._tools.settings.tiktok.poll_seconds)
            accounts = await session.scalars(
                select(Account).where(Account.id.in_({post.account_id for post in posts.values()}))
            )
            by_id = {account.id: account for account in accounts}
        return [Due(posts[post_id], by_id[posts[post_id].account_id]) for post_id in ids]

    async def _check(self, due: Due) -> None:
        post = due.post
        voice = Voice(self._tokens, due.account.id)
        with structlog.contextvars.bound_contextvars(post_id=str(post.id)):
            try:
                status = await voice.ask(
                    lambda token: self._tools.tiktok.fetch_status(token, post.publish_id or "")
                )
            except TikTokRefused as error:
                said = outcome_of_error(error, Place.STATUS, now=datetime.now(UTC))
                changed = await self._not_told(due, said)
            except SubiteyaError as error:
                if not error.retryable:
                    raise
                log.info("TikTok does not answer; asked again later", why=error.sentence())
                return
            else:
                changed = await self._told(due, status)
            if changed:
                await self._tell_pages(post.id)

    async def _told(self, due: Due, status: PublishStatus) -> bool:
        detail = {"status": status.raw_state, "log_id": status.log_id, "checks": due.post.checks}
        async with self._tools.db.begin() as session:
            match status.state:
                case PublishState.PUBLISH_COMPLETE:
                    return await self._posted(session, due, status, detail)
                case PublishState.SEND_TO_USER_INBOX if due.post.mode is PostMode.DRAFT:
                    return await self._in_inbox(session, due, status, detail)
                case PublishState.FAILED:
                    return await self._failed(session, due, status, detail)
                case _:
                    return await self._still_open(session, due, status.raw_state)

    async def _in_inbox(
        self, session: AsyncSession, due: Due, status: PublishStatus, detail: dict[str, object]
    ) -> bool:
        moved = await move_post(
            session,
            due.post.id,
            PostStatus.IN_INBOX,
            self._why("inbox_delivered", detail),
            step=LedgerStep.SUBMITTED,
            tiktok_status=status.raw_state,
            checks=0,
            error_code=None,
            error_context=None,
        )
        return moved is not None

    async def _posted(
        self, session: AsyncSession, due: Due, status: PublishStatus, detail: dict[str, object]
    ) -> bool:
        ids = [str(post_id) for post_id in status.post_ids]
        # A private post never gets an id; a public one after moderation, which can take hours. Who sees a
        # draft was chosen in the app, where we do not see it.
        waits_for_id = not ids and (due.post.mode is PostMode.DRAFT or due.post.privacy_level != "SELF_ONLY")
        values: dict[str, Any] = {
            "tiktok_status": status.raw_state,
            "next_check_at": next_check_for_id(due.post) if waits_for_id else None,
        }
        if ids:
            values |= {"tiktok_post_ids": ids, "post_url": self._share_url(due.account, ids[0])}
            detail["post_ids"] = ids
        moved = await move_post(
            session,
            due.post.id,
            PostStatus.POSTED,
            self._why("publish_complete", detail),
            step=LedgerStep.CONFIRMED,
            posted_at=datetime.now(UTC),
            error_code=None,
            error_context=None,
            **values,
        )
        if moved is not None:
            if due.post.mode is PostMode.DRAFT:
                await bring_draft_forward(session, due.account.id)
            return True
        updated = await session.scalar(
            update(Post)
            .where(Post.id == due.post.id, Post.status == PostStatus.POSTED)
            .values(version=Post.version + 1, **values)
            .returning(Post)
        )
        if updated is not None and ids:
            await note(session, self._why("link_known", detail), post=updated)
        return bool(ids)

    async def _failed(
        self, session: AsyncSession, due: Due, status: PublishStatus, detail: dict[str, object]
    ) -> bool:
        reason = status.fail_reason or "internal"
        detail["fail_reason"] = reason
        said = outcome_of(reason, Place.FAIL_REASON, now=datetime.now(UTC))
        why = self._why(f"tiktok_{reason}", detail)
        error: dict[str, Any] = {"error_code": f"tiktok_{reason}", "error_context": {"log_id": status.log_id}}
        # Whoever was told "we do not know" a day ago shall decide themselves whether it goes out anew.
        again = due.post.status is PostStatus.CONFIRMING and not isinstance(said, GiveUp | AskHuman)
        if again and due.post.inits <= self._tools.settings.jobs.max_retries:
            moved = await move_post(
                session,
                due.post.id,
                PostStatus.UPLOAD_QUEUED,
                why,
                **{**FORGOTTEN, "next_check_at": None},
                **error,
            )
            if moved is not None:
                until = said.until if isinstance(said, Wait) else None
                await plan_upload(session, self._tools.settings, moved, Priority.NORMAL, not_before=until)
            return moved is not None
        to = PostStatus.NEEDS_ATTENTION if isinstance(said, AskHuman) else PostStatus.FAILED_UPLOAD
        values: dict[str, Any] = {
            "step": LedgerStep.REFUSED,
            "next_check_at": None,
            "tiktok_status": status.raw_state,
        }
        return await move_post(session, due.post.id, to, why, **values, **error) is not None

    async def _not_told(self, due: Due, said: Outcome) -> bool:
        """TikTok would not say: the token needs its owner, or it does not know the id."""
        if not isinstance(said, GiveUp | AskHuman):
            return False
        async with self._tools.db.begin() as session:
            return await self._still_open(session, due, said.code, code=said.code)

    async def _still_open(self, session: AsyncSession, due: Due, state: str, code: str | None = None) -> bool:
        await session.execute(
            update(Post).where(Post.id == due.post.id).values(tiktok_status=state, error_code=code)
        )
        if not is_old(due.post):
            return code is not None and code != due.post.error_code
        moved = await move_post(
            session,
            due.post.id,
            PostStatus.UNCONFIRMED,
            self._why("unconfirmed", {"status": state}),
            step=LedgerStep.UNCONFIRMED,
        )
        return moved is not None

    def _share_url(self, account: Account, post_id: str) -> str:
        return f"{self._tools.settings.tiktok.share_url}/@{account.username}/video/{post_id}"

    def _why(self, reason: str, detail: dict[str, object]) -> Why:
        return Why(self._tools.actor, reason, detail=detail)

    async def _tell_pages(self, post_id: uuid.UUID) -> None:
        try:
            await announce(self._tools.queues, upload_job_id(post_id))
        except QueueUnavailable:
            log.info("open pages learn of it late: the queue does not answer")
