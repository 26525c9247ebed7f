"""Let a TikTok account go: give the access back, keep no token, keep its posts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db import jobs, slots
from subiteya.db.ledger import nothing_begun
from subiteya.db.models import Account, Job, Outbox, Post
from subiteya.db.moves import Why, move_post
from subiteya.domain.errors import NotFound, SubiteyaError, TikTokTokenRejected
from subiteya.domain.states import JobStatus, PostStatus
from subiteya.services.resources import Resources
from subiteya.services.tiktok_access import oauth_of, tokens_of
from subiteya.tiktok.tokens import DISCONNECTED

WAITING = frozenset({PostStatus.SCHEDULED, PostStatus.UPLOAD_QUEUED})


class AccountDisconnected(SubiteyaError):
    """A post waits for an account that its owner has let go."""

    code = "account_disconnected"
    status = 409
    message = "This post's TikTok account was disconnected. Connect it again, then try again."
    button = "reconnect"


async def disconnect_account(resources: Resources, *, user_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Revoke the access at TikTok, then forget the tokens; posts that wait ask their owner.

    Raises:
        NotFound: no such account of theirs.
        TikTokUnavailable: TikTok does not answer; nothing was changed, try again.
        TikTokOutcomeUnknown: the same, but TikTok may have revoked it already; try again.
        TikTokRefused: this installation's app is not known to TikTok.
    """
    async with resources.db.begin() as session:
        await _own(session, user_id, account_id)
    await _revoke(resources, account_id)
    async with resources.db.begin() as session:
        await _stop_waiting(session, user_id, account_id)
        account = await _own(session, user_id, account_id)
        account.status = DISCONNECTED
        account.access_token = account.refresh_token = ""
        account.access_expires_at = account.refresh_expires_at = datetime.now(UTC)


async def _own(session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID) -> Account:
    account = await session.scalar(
        select(Account)
        .where(Account.id == account_id, Account.user_id == user_id, Account.status != DISCONNECTED)
        .with_for_update()
    )
    if account is None:
        raise NotFound(what="account")
    return account


async def _revoke(resources: Resources, account_id: uuid.UUID) -> None:
    """Give the access back; an access that TikTok knows no more is given back already."""
    tokens, oauth = tokens_of(resources), oauth_of(resources)
    try:
        # Renewed when it is about to end: TikTok refuses to revoke by a token that has ended.
        token = await tokens.access(account_id)
        try:
            await oauth.revoke(token)
        except TikTokTokenRejected:
            await oauth.revoke(await tokens.access(account_id, rejected=token))
    except TikTokTokenRejected:
        return


async def _stop_waiting(session: AsyncSession, user_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Let the account's posts that wait ask their owner; what TikTok may have goes on being asked about."""
    waiting = (
        select(Job)
        .join(Post, Post.id == Job.post_id)
        .where(
            Post.account_id == account_id,
            Post.user_id == user_id,
            Post.status.in_(WAITING),
            Job.status.in_([JobStatus.QUEUED, JobStatus.HELD]),
        )
        .order_by(Job.id)
        .with_for_update(of=Job)
    )
    why = Why(f"user:{user_id}", AccountDisconnected.code)
    for job in list(await session.scalars(waiting)):
        post = await session.scalar(select(Post).where(Post.id == job.post_id))
        if post is None or not nothing_begun(post):
            continue
        await jobs.cancel(session, job.id)
        await slots.release(session, job.id)
        await session.execute(delete(Outbox).where(Outbox.job_id == job.id))
        await move_post(
            session,
            post.id,
            PostStatus.NEEDS_ATTENTION,
            why,
            expect=WAITING,
            error_code=AccountDisconnected.code,
            error_context=None,
        )
