"""Creators in the store: made, changed, found."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from subiteya.tiktok.simulator.config import CreatorSpec
from subiteya.tiktok.simulator.records import Creator
from subiteya.tiktok.simulator.store import Database


def save_creator(db: Database, spec: CreatorSpec, now: float) -> tuple[Creator, bool]:
    """Make the creator, or set up anew the one who has this handle; return them and whether they are new.

    Open ids start with a dash, as real ones may: whoever strips dashes finds out here.
    """
    known = find_by_username(db, spec.username)
    fields = spec.model_dump() | {"nickname": spec.nickname or spec.username}
    if known is not None:
        return change_creator(db, known, **fields), False
    creator = Creator(
        open_id=f"-000{secrets.token_urlsafe(28)}",
        union_id=secrets.token_urlsafe(32),
        created_at=now,
        **fields,
    )
    db.add(creator)
    return creator, True


def change_creator(db: Database, creator: Creator, **fields: object) -> Creator:
    """Set fields of a creator and return them as they are now."""
    if fields:
        db.change(Creator, creator.open_id, **fields)
    return Creator.model_validate(creator.model_dump() | fields)


def find_by_username(db: Database, username: str) -> Creator | None:
    """Return the creator with this handle, or None."""
    return db.first(Creator, "WHERE username = ?", username)


def list_creators(db: Database) -> list[Creator]:
    """Return all creators, oldest first."""
    return db.all(Creator, "ORDER BY created_at, username")


def make_first(db: Database, specs: Iterable[CreatorSpec], now: float) -> None:
    """Make the accounts of the configuration when there are none at all."""
    if not list_creators(db):
        for spec in specs:
            save_creator(db, spec, now)
