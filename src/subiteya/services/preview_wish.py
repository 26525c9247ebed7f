"""What somebody wants to see, and of what."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from subiteya.db.versions import values_of
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.preview import ImageFormat
from subiteya.services.choose_version import over_default
from subiteya.services.list_accounts import list_accounts
from subiteya.services.resources import Resources


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see."""

    user_id: uuid.UUID
    spec: PatternSpec
    """Need not be saved."""
    video_id: uuid.UUID | None
    """The built-in sample when None."""
    second: float
    """Of the output; the last frame, or the last seconds, when past its end."""
    account_id: uuid.UUID | None = None
    """For whom: over its default pattern and with its name; the pattern alone when None."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at."""

    name: str
    """Of its content: a source's key is written once, so key and size say which bytes are meant."""
    probe: Probe
    cues: tuple[Cue, ...]
    title: str
    source_key: str | None
    """None for the sample."""


def name_of(subject: Subject, values: Mapping[MergeField, str], wish: Wish, kind: ImageFormat | None) -> str:
    """A name for all that a preview depends on."""
    told = [
        subject.name,
        repr(subject.cues),
        wish.spec.content_hash,
        sorted(values.items()),
        wish.second,
        kind,
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


async def texts_of(
    resources: Resources, user_id: uuid.UUID, title: str, *, account_id: uuid.UUID | None = None
) -> Mapping[MergeField, str]:
    """What the fields of texts stand for; the account is the first one while nobody has chosen."""
    accounts = await list_accounts(resources, user_id=user_id)
    chosen = (account for account in accounts if account_id in {None, account.id})
    return values_of(title, next(chosen, None))


async def dressed(resources: Resources, wish: Wish) -> Wish:
    """The same, with the default pattern of its account under what it asks for."""
    if wish.account_id is None:
        return wish
    async with resources.db.begin() as session:
        return replace(wish, spec=await over_default(session, wish.user_id, wish.account_id, wish.spec))
