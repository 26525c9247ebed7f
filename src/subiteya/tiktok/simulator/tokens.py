"""Codes and tokens in the store: made, looked up, rotated, killed."""

from __future__ import annotations

import secrets
from typing import Any

from subiteya.tiktok.simulator.config import Switches
from subiteya.tiktok.simulator.records import AuthCode, Token, TokenKind
from subiteya.tiktok.simulator.store import Database


def mint_code(
    db: Database,
    *,
    client_key: str,
    open_id: str,
    scopes: tuple[str, ...],
    redirect_uri: str | None,
    code_challenge: str | None,
    desktop: bool,
    expires_at: float,
) -> str:
    """Store and return an authorization code; like TikTok's, it holds characters that a URL must encode."""
    code = f"{secrets.token_urlsafe(32)}*{secrets.randbelow(10)}!{secrets.randbelow(10_000)}.s1"
    db.add(
        AuthCode(
            code=code,
            client_key=client_key,
            open_id=open_id,
            scopes=",".join(scopes),
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            desktop=desktop,
            expires_at=expires_at,
        )
    )
    return code


def issue(
    db: Database, *, client_key: str, open_id: str, scopes: str, switches: Switches, now: float
) -> dict[str, Any]:
    """Store a new pair and return the token endpoint's answer."""
    refresh = Token(
        value=_value("rft"),
        kind=TokenKind.REFRESH,
        client_key=client_key,
        open_id=open_id,
        scopes=scopes,
        expires_at=now + switches.refresh_seconds,
    )
    db.add(refresh)
    return _with_access(db, refresh, switches, now)


def rotate(db: Database, refresh: Token, switches: Switches, now: float) -> dict[str, Any]:
    """Return the answer to a refresh: under strict rotation a new refresh token, the old one dead at once.

    Otherwise the old refresh token stays and is named again. Access tokens live on until they expire.
    """
    if not switches.strict_rotation:
        return _with_access(db, refresh, switches, now)
    db.change(Token, refresh.value, dead=True)
    return issue(
        db,
        client_key=refresh.client_key,
        open_id=refresh.open_id,
        scopes=refresh.scopes,
        switches=switches,
        now=now,
    )


def alive(db: Database, value: str | None, kind: TokenKind, now: float) -> Token | None:
    """Return the token if it is of this kind and still opens something."""
    token = db.get(Token, value) if value else None
    usable = token is not None and token.kind is kind and not token.dead and token.expires_at > now
    return token if usable else None


def connected(db: Database, client_key: str, open_id: str, now: float) -> Token | None:
    """Return a living refresh token of this creator for the app: the sign that they are connected."""
    return db.first(
        Token,
        "WHERE client_key = ? AND open_id = ? AND kind = ? AND dead = 0 AND expires_at > ?"
        " ORDER BY expires_at DESC",
        client_key,
        open_id,
        TokenKind.REFRESH,
        now,
    )


def kill(db: Database, client_key: str, open_id: str, kind: TokenKind | None = None) -> int:
    """Make the creator's tokens for the app useless and return how many there were."""
    return db.execute(
        "UPDATE token SET dead = 1 WHERE client_key = ? AND open_id = ? AND dead = 0 AND kind LIKE ?",
        client_key,
        open_id,
        kind or "%",
    )


def _with_access(db: Database, refresh: Token, switches: Switches, now: float) -> dict[str, Any]:
    access = refresh.model_copy(
        update={
            "value": _value("act"),
            "kind": TokenKind.ACCESS,
            "expires_at": now + switches.access_seconds,
        }
    )
    db.add(access)
    return {
        "access_token": access.value,
        "expires_in": switches.access_seconds,
        "open_id": refresh.open_id,
        "refresh_expires_in": int(refresh.expires_at - now),
        "refresh_token": refresh.value,
        "scope": refresh.scopes,
        "token_type": "Bearer",
    }


def _value(prefix: str) -> str:
    return f"{prefix}.{secrets.token_urlsafe(48)}!{secrets.randbelow(10_000)}.s1"
