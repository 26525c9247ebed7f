"""Seal every secret again under the newest key, so that older keys can be taken away."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from subiteya.db.models import Account, Post
from subiteya.domain.errors import CannotOpenSecret
from subiteya.domain.sealing import Sealer
from subiteya.services.resources import Resources

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of the sealed secrets.

    Attributes:
        sealed: Rows whose secrets are now under the newest key.
        unreadable: Rows with a secret that no configured key opens; they are left as they are.
    """

    sealed: int
    unreadable: int


async def rotate_keys(resources: Resources) -> Rotation:
    """Seal tokens and upload addresses again; safe while everything runs, and safe to repeat."""
    async with resources.db.begin() as session:
        accounts = list(await session.scalars(select(Account.id).where(Account.access_token != "")))
        posts = list(await session.scalars(select(Post.id).where(Post.upload_url.is_not(None))))
    done = [await _account(resources, account_id) for account_id in accounts]
    done += [await _post(resources, post_id) for post_id in posts]
    return Rotation(done.count(True), done.count(None))


async def _account(resources: Resources, account_id: uuid.UUID) -> bool | None:
    """Whether it was sealed again; None when it cannot be opened."""
    async with resources.db.begin() as session:
        # The lock that a renewal of the tokens takes too: neither undoes the other.
        account = await session.scalar(select(Account).where(Account.id == account_id).with_for_update())
        if account is None or not account.access_token:
            return False
        try:
            access = _anew(resources.sealer, account.access_token, f"account:{account_id}:access")
            refresh = _anew(resources.sealer, account.refresh_token, f"account:{account_id}:refresh")
        except CannotOpenSecret as error:
            log.warning("a secret cannot be opened", account_id=str(account_id), why=error.sentence())
            return None
        changed = (access, refresh) != (account.access_token, account.refresh_token)
        account.access_token, account.refresh_token = access, refresh
        return changed


async def _post(resources: Resources, post_id: uuid.UUID) -> bool | None:
    async with resources.db.begin() as session:
        post = await session.scalar(select(Post).where(Post.id == post_id).with_for_update())
        if post is None or post.upload_url is None:
            return False
        try:
            url = _anew(resources.sealer, post.upload_url, f"post:{post_id}:upload_url")
        except CannotOpenSecret as error:
            log.warning("a secret cannot be opened", post_id=str(post_id), why=error.sentence())
            return None
        changed = url != post.upload_url
        post.upload_url = url
        return changed


def _anew(sealer: Sealer, sealed: str, context: str) -> str:
    return sealed if sealer.is_newest(sealed) else sealer.seal(sealer.open(sealed, context), context)
