"""Act on what TikTok's webhooks say: never as truth, always as a reason to ask.

Deliveries come at least once, late and in any order. So nothing here moves a status: a post is asked about at
once, a public id is kept, and an account whose access is said to be gone is tried at its next use.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, Post
from subiteya.db.moves import Why, note
from subiteya.domain.errors import QueueUnavailable, WebhookRefused
from subiteya.domain.states import PostStatus
from subiteya.queue.events import announce
from subiteya.queue.names import upload_job_id
from subiteya.services.resources import Resources
from subiteya.tiktok.tokens import DISCONNECTED, NEEDS_RECONNECT
from subiteya.tiktok.webhooks import Delivery, Event, parse, verify

log = structlog.get_logger(__name__)

_ASKED_ABOUT: Final = frozenset(
    {PostStatus.CONFIRMING, PostStatus.IN_INBOX, PostStatus.UNCONFIRMED, PostStatus.POSTED}
)
_OF_POSTS: Final = frozenset(
    {Event.COMPLETE, Event.FAILED, Event.PUBLIC, Event.NO_LONGER_PUBLIC, Event.INBOX_DELIVERED}
)


async def take_webhook(resources: Resources, *, signature: str | None, raw_body: bytes) -> None:
    """Verify a delivery and act on it; one that does not concern us is taken silently.

    Args:
        resources: The process's connections.
        signature: The header `TikTok-Signature`.
        raw_body: As it arrived, byte for byte.

    Raises:
        WebhookRefused: it is not TikTok's, not fresh, not for this app, or cannot be read.
    """
    settings = resources.settings.tiktok
    verify(signature, raw_body, settings.client_secret, now=datetime.now(UTC))
    delivery = parse(raw_body)
    if not hmac.compare_digest(delivery.client_key.encode(), settings.client_key.encode()):
        raise WebhookRefused(why="it is for another app")
    log.info("a webhook came", webhook=delivery.name, publish_id=delivery.publish_id)
    post_id = None
    async with resources.db.begin() as session:
        if delivery.event is Event.ACCESS_REMOVED:
            await _doubt_account(session, delivery)
        elif delivery.event in _OF_POSTS and delivery.publish_id is not None:
            post_id = await _ask_about(session, resources, delivery)
    if post_id is not None:
        await _show(resources, post_id)


async def _doubt_account(session: AsyncSession, delivery: Delivery) -> None:
    """Show that the account must be connected again, and renew its token at the next use.

    Should the delivery be an old one, from before the account was connected again, that renewal succeeds and
    the account is shown as connected once more.
    """
    await session.execute(
        update(Account)
        .where(Account.open_id == delivery.user_open_id, Account.status != DISCONNECTED)
        .values(status=NEEDS_RECONNECT, access_expires_at=datetime.now(UTC))
    )


async def _ask_about(session: AsyncSession, resources: Resources, delivery: Delivery) -> uuid.UUID | None:
    """Have the post asked about at once; its id when something of it is new to people."""
    found = await session.execute(
        select(Post, Account)
        .join(Account, Account.id == Post.account_id)
        .where(Post.publish_id == delivery.publish_id, Account.open_id == delivery.user_open_id)
        .with_for_update(of=Post)
    )
    row = found.one_or_none()
    if row is None:
        return None
    post, account = row
    values: dict[str, Any] = {}
    if post.status in _ASKED_ABOUT and not _knows_all(post):
        values["next_check_at"] = datetime.now(UTC)
    new_id = _new_id(post, delivery)
    if new_id is not None:
        url = f"{resources.settings.tiktok.share_url}/@{account.username}/video/{new_id}"
        values |= {"tiktok_post_ids": [*(post.tiktok_post_ids or ()), new_id], "version": Post.version + 1}
        values |= {} if post.post_url else {"post_url": url}
    if values:
        await session.execute(update(Post).where(Post.id == post.id).values(**values))
    if new_id is None:
        return None
    why = Why("tiktok:webhook", "link_known", detail={"post_ids": [new_id]})
    await note(session, why, post=post)
    return post.id if post.status is PostStatus.POSTED else None


def _knows_all(post: Post) -> bool:
    """Whether TikTok has said all there is: posted, and with its id."""
    return post.status is PostStatus.POSTED and bool(post.tiktok_post_ids)


def _new_id(post: Post, delivery: Delivery) -> str | None:
    if delivery.event is not Event.PUBLIC or delivery.post_id is None:
        return None
    told = str(delivery.post_id)
    return None if told in (post.tiktok_post_ids or ()) else told


async def _show(resources: Resources, post_id: uuid.UUID) -> None:
    try:
        await announce(resources.queues, upload_job_id(post_id))
    except QueueUnavailable:
        log.info("open pages learn of it late: the queue does not answer")
