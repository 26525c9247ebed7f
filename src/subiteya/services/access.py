"""Who may come in: the owner, API keys, one-time login links and sessions.

All three secrets are 256 random bits, so they are stored as plain SHA-256: a slow password hash protects
secrets that can be guessed, these cannot be, and a fast hash lets one indexed look-up find the row. That is
also why sign-in needs no lock-out: each attempt, right or wrong, costs one hash and one look-up.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import ApiKey, LoginLink, Session, User
from subiteya.domain.errors import NotSignedIn
from subiteya.services.resources import Resources

API_KEY_PREFIX: Final = "sk_"
"""Lets people, and secret scanners, recognise a key that ended up where it should not be."""
LOGIN_LINK_LIFE: Final = timedelta(minutes=15)
_KEEP_EXPIRED: Final = timedelta(days=1)
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_OWNER_LOCK: Final = 7_428_302
"""Any number of ours: two processes that start at once must not make two owners."""


class LoginLinkSpent(NotSignedIn):
    """The one-time link was used, is older than fifteen minutes, or never existed."""

    code = "login_link_spent"
    message = "This sign-in link was already used or is too old. Ask for a new one."
    button = "sign_in"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner, and their first API key when this call has made them."""

    user: User
    api_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser's new session: the cookie's value and how long it is good for."""

    token: str = field(repr=False)
    expires_at: datetime


async def ensure_owner(resources: Resources, *, name: str = "Owner", locale: str = "es") -> Owner:
    """The owner; made, with an API key, when there is none yet. Safe to call from several processes.

    Returns:
        The user, and the key in clear only when it was made just now: it is not stored, show it once.
    """
    async with resources.db.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OWNER_LOCK})
        owner = select(User).where(User.role == "owner").order_by(User.created_at).limit(1)
        if (user := await session.scalar(owner)) is not None:
            return Owner(user, None)
        user = User(name=name, role="owner", locale=locale)
        session.add(user)
        await session.flush()
        await session.refresh(user)
        return Owner(user, _add_key(session, user.id, "first key", None))


async def create_api_key(
    resources: Resources, *, user_id: uuid.UUID, name: str, expires_at: datetime | None = None
) -> str:
    """A new API key in clear. It is not stored: show it once."""
    async with resources.db.begin() as session:
        return _add_key(session, user_id, name, expires_at)


async def check_api_key(resources: Resources, key: str) -> User | None:
    """Whose key this is; None when it is unknown, revoked or expired."""
    if not _looks_like(key, API_KEY_PREFIX):
        return None
    found = (
        select(User)
        .join(ApiKey, ApiKey.user_id == User.id)
        .where(
            ApiKey.key_hash == _hash(key),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        )
    )
    async with resources.db.begin() as session:
        return await session.scalar(found)


async def create_login_link(resources: Resources, *, user_id: uuid.UUID) -> str:
    """The address that signs a browser in, once, within fifteen minutes."""
    token = _new_secret()
    async with resources.db.begin() as session:
        await session.execute(delete(LoginLink).where(LoginLink.expires_at < func.now() - _KEEP_EXPIRED))
        expires_at = datetime.now(UTC) + LOGIN_LINK_LIFE
        session.add(LoginLink(user_id=user_id, token_hash=_hash(token), expires_at=expires_at))
    return f"{resources.settings.http.url}/login/{token}"


async def login_link_is_good(resources: Resources, token: str) -> bool:
    """Whether the link would sign somebody in; looking does not use it up."""
    if not _looks_like(token):
        return False
    good = select(LoginLink.id).where(
        LoginLink.token_hash == _hash(token),
        LoginLink.used_at.is_(None),
        LoginLink.expires_at > func.now(),
    )
    async with resources.db.begin() as session:
        return await session.scalar(good) is not None


async def use_login_link(resources: Resources, token: str) -> OpenSession:
    """Use a link up and open a session; of two that try at once, one gets in.

    Raises:
        LoginLinkSpent: it was used, is too old, or is none of ours.
    """
    if not _looks_like(token):
        raise LoginLinkSpent
    async with resources.db.begin() as session:
        user_id = await session.scalar(
            update(LoginLink)
            .where(
                LoginLink.token_hash == _hash(token),
                LoginLink.used_at.is_(None),
                LoginLink.expires_at > func.now(),
            )
            .values(used_at=func.now())
            .returning(LoginLink.user_id)
        )
        if user_id is None:
            raise LoginLinkSpent
        await session.execute(delete(Session).where(Session.expires_at < func.now() - _KEEP_EXPIRED))
        opened = OpenSession(
            _new_secret(), datetime.now(UTC) + timedelta(days=resources.settings.security.session_days)
        )
        session.add(Session(user_id=user_id, token_hash=_hash(opened.token), expires_at=opened.expires_at))
    return opened


async def check_session(resources: Resources, token: str) -> User | None:
    """Whose session this is; None when it is unknown, ended or expired."""
    if not _looks_like(token):
        return None
    found = (
        select(User)
        .join(Session, Session.user_id == User.id)
        .where(Session.token_hash == _hash(token), Session.expires_at > func.now())
    )
    async with resources.db.begin() as session:
        return await session.scalar(found)


async def end_session(resources: Resources, token: str) -> None:
    """Sign a browser out; its cookie is worth nothing from now on."""
    async with resources.db.begin() as session:
        await session.execute(delete(Session).where(Session.token_hash == _hash(token)))


def _add_key(session: AsyncSession, user_id: uuid.UUID, name: str, expires_at: datetime | None) -> str:
    key = API_KEY_PREFIX + _new_secret()
    session.add(ApiKey(user_id=user_id, name=name, key_hash=_hash(key), expires_at=expires_at))
    return key


def _new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _looks_like(secret: str, prefix: str = "") -> bool:
    """Whether it has the shape of a secret of ours; what has not never reaches the database."""
    return secret.startswith(prefix) and _SECRET.fullmatch(secret.removeprefix(prefix)) is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
