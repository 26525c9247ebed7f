"""Who may come in: users, API keys, sessions and one-time links. Secrets are stored as hashes only."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from subiteya.db.models.base import Base, CreatedAt, Key


class User(Base):
    """A person; every other row belongs to one."""

    __tablename__ = "user"

    id: Mapped[Key]
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="owner")
    locale: Mapped[str] = mapped_column(default="es")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    created_at: Mapped[CreatedAt]


class ApiKey(Base):
    """A long-lived key for programs; the key itself is shown once and kept as SHA-256."""

    __tablename__ = "api_key"

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginLink(Base):
    """A link that signs a browser in, once."""

    __tablename__ = "login_link"

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Session(Base):
    """A signed-in browser."""

    __tablename__ = "session"

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
