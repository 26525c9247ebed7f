"""TikTok's webhooks: is it really from TikTok, and what does it say?

Deliveries come at least once and in any order, so whoever acts on them must be idempotent. Source: TikTok's
webhook pages, and a recorded delivery for the shape of `content`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final

from pydantic import SecretStr

from subiteya.domain.errors import WebhookRefused

FRESH_FOR: Final = timedelta(seconds=300)
"""How old a signature may be. TikTok leaves this to us; five minutes is customary."""

_ID_DIGITS: Final = 20
_SIGNATURE = re.compile(r"t=(\d{1,12})\s*,\s*s=([0-9a-fA-F]{64})", re.ASCII)


class Event(StrEnum):
    """The events that concern us."""

    COMPLETE = "post.publish.complete"
    """A post was made, or the owner of a draft posted it."""
    FAILED = "post.publish.failed"
    """A post was not made; `reason` is a fail_reason."""
    INBOX_DELIVERED = "post.publish.inbox_delivered"
    """A draft lies in its owner's inbox."""
    PUBLIC = "post.publish.publicly_available"
    """A post can be seen by everybody; now it has an id."""
    NO_LONGER_PUBLIC = "post.publish.no_longer_publicaly_available"
    """A post can no longer be seen by everybody. The spelling is TikTok's."""
    ACCESS_REMOVED = "authorization.removed"
    """The app lost its access; `removal` says why. The tokens are dead already."""


class Removal(IntEnum):
    """Why an app lost its access."""

    UNKNOWN = 0
    USER_DISCONNECTED = 1
    ACCOUNT_DELETED = 2
    AGE_CHANGED = 3
    ACCOUNT_BANNED = 4
    DEVELOPER_REVOKED = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered event.

    Attributes:
        event: What happened; None for one that does not concern us (answer 200 all the same).
        name: TikTok's name of the event.
        client_key: The app it is for.
        user_open_id: The user it is about.
        created_at: When it happened.
        publish_id: The publish it is about, for events of posts.
        post_id: The public post's id.
        reason: Why a post failed: a fail_reason.
        removal: Why access was removed.
        content: Everything TikTok put inside.
    """

    event: Event | None
    name: str
    client_key: str
    user_open_id: str
    created_at: datetime
    publish_id: str | None = None
    post_id: int | None = None
    reason: str | None = None
    removal: Removal | None = None
    content: Mapping[str, Any] = field(default_factory=dict)


def verify(header: str | None, raw_body: bytes, client_secret: SecretStr, *, now: datetime) -> None:
    """Check that a delivery is TikTok's and fresh.

    Args:
        header: The value of `TikTok-Signature`.
        raw_body: The body as it arrived, byte for byte.
        client_secret: The app's secret, which TikTok signs with.
        now: Aware time.

    Raises:
        WebhookRefused: The signature is missing, malformed, wrong, or not of this time.
    """
    match = _SIGNATURE.fullmatch((header or "").strip())
    if match is None:
        raise WebhookRefused(why="the signature is missing or malformed")
    stamp, signature = match.groups()
    key = client_secret.get_secret_value().encode()
    expected = hmac.new(key, stamp.encode() + b"." + raw_body, hashlib.sha256).hexdigest()
    # Compared before the time is looked at, so that only TikTok can learn what our clock says.
    if not hmac.compare_digest(expected, signature.lower()):
        raise WebhookRefused(why="the signature does not fit")
    if abs(now.timestamp() - int(stamp)) > FRESH_FOR.total_seconds():
        raise WebhookRefused(why="the signature is not of this time")


def parse(raw_body: bytes) -> Delivery:
    """Read a verified delivery. `content` is JSON inside a JSON string.

    Raises:
        WebhookRefused: It cannot be read.
    """
    body = _json_object(raw_body)
    name, created = body.get("event"), body.get("create_time")
    if not isinstance(name, str) or not isinstance(created, int):
        raise WebhookRefused(why="it has no event or no time")
    raw_content = body.get("content") or "{}"
    content = raw_content if isinstance(raw_content, dict) else _json_object(str(raw_content))
    event = Event(name) if name in {*Event} else None
    reason = content.get("reason")
    removed = event is Event.ACCESS_REMOVED
    return Delivery(
        event=event,
        name=name,
        client_key=_text(body.get("client_key")) or "",
        user_open_id=_text(body.get("user_openid")) or "",
        created_at=_time(created),
        publish_id=_text(content.get("publish_id")),
        post_id=_integer(content.get("post_id")),
        reason=None if removed else _text(reason),
        removal=_removal(reason) if removed else None,
        content=content,
    )


def _json_object(text: bytes | str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise WebhookRefused(why="it is not JSON") from None
    if not isinstance(body, dict):
        raise WebhookRefused(why="it is not a JSON object")
    return body


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookRefused(why="its time is no time") from None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _integer(value: object) -> int | None:
    """Ids come as strings in recorded deliveries and as numbers in the documentation; both are exact."""
    text = _text(value)
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _ID_DIGITS:
        return None
    return int(text)


def _removal(reason: object) -> Removal:
    number = _integer(reason)
    return next((known for known in Removal if known == number), Removal.UNKNOWN)
