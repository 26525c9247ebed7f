"""Send somebody to TikTok to connect an account, and take them back, in the same browser or not at all.

The browser keeps a ticket: the state that TikTok must bring back and the PKCE verifier, sealed for this user.
A callback without the ticket of its state is somebody else's, or was made up.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr
from sqlalchemy import func, select

from subiteya.db.models import Account
from subiteya.domain.errors import CannotOpenSecret, NotAllowed
from subiteya.services.connect_account import connect_with_code
from subiteya.services.resources import Resources
from subiteya.services.tiktok_access import oauth_of
from subiteya.tiktok.tokens import DISCONNECTED

TICKET_LIFE: Final = timedelta(minutes=10)
CALLBACK: Final = "/api/accounts/callback"
_LONGEST_REASON: Final = 300


class ConnectStale(NotAllowed):
    """The callback does not belong to a way to TikTok that this browser began, or comes too late."""

    code = "connect_stale"
    message = "This way to TikTok was begun in another browser or too long ago. Connect the account again."
    button = "connect"


class ConnectRefused(NotAllowed):
    """TikTok sent the user back without a code."""

    code = "connect_refused"
    message = "TikTok did not connect the account: {why}"
    button = "connect"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the ticket that it must bring back."""

    url: str
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What TikTok's callback said."""

    state: str = ""
    code: SecretStr | None = None
    error: str = ""
    error_description: str = ""


def redirect_uri(resources: Resources) -> str:
    """The address that must be registered with TikTok, to the letter."""
    return f"{resources.settings.http.url}{CALLBACK}"


async def start_connect(
    resources: Resources, *, user_id: uuid.UUID, another: bool | None = None
) -> Departure:
    """Where to send the user.

    Args:
        resources: The process's connections.
        user_id: Who connects.
        another: Show TikTok's page even to a browser that is signed in there, so that another account can be
            chosen; whoever has an account here already gets that when it is left open.
    """
    if another is None:
        connected = select(func.count()).where(Account.user_id == user_id, Account.status != DISCONNECTED)
        async with resources.db.begin() as session:
            another = bool(await session.scalar(connected))
    state = secrets.token_urlsafe(32)
    way = oauth_of(resources).authorize(
        redirect_uri=redirect_uri(resources),
        scopes=resources.settings.tiktok.scopes,
        state=state,
        another_account=another,
    )
    kept = {
        "state": state,
        "verifier": way.verifier.get_secret_value() if way.verifier is not None else None,
        "until": (datetime.now(UTC) + TICKET_LIFE).isoformat(),
    }
    return Departure(way.url, resources.sealer.seal(json.dumps(kept), _context(user_id)))


async def finish_connect(
    resources: Resources, *, user_id: uuid.UUID, ticket: str, arrival: Arrival
) -> Account:
    """Connect the account that TikTok's callback speaks of.

    Raises:
        ConnectStale: the ticket is missing, too old, another user's or another state's.
        ConnectRefused: TikTok brought no code; the sentence says why.
        ScopeMissing: the user did not allow posting.
        AccountTaken: another user here has connected this account.
        TikTokTokenRejected: the code is used up or too old.
        TikTokUnavailable: TikTok does not answer.
    """
    verifier = _checked(resources, user_id, ticket, arrival.state)
    if arrival.error or arrival.code is None:
        raise ConnectRefused(why=_reason(arrival))
    return await connect_with_code(resources, user_id, arrival.code, redirect_uri(resources), verifier)


def _checked(resources: Resources, user_id: uuid.UUID, ticket: str, state: str) -> SecretStr | None:
    """The verifier of a ticket that fits."""
    try:
        kept = json.loads(resources.sealer.open(ticket, _context(user_id)))
    except CannotOpenSecret:
        raise ConnectStale(why="it was begun elsewhere") from None
    if not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise ConnectStale(why="it was begun elsewhere")
    if datetime.fromisoformat(kept["until"]) < datetime.now(UTC):
        raise ConnectStale(why="it was begun too long ago")
    return SecretStr(kept["verifier"]) if kept["verifier"] is not None else None


def _reason(arrival: Arrival) -> str:
    if arrival.error == "access_denied":
        return "it was not allowed on TikTok's page"
    said = arrival.error_description or arrival.error
    return said[:_LONGEST_REASON] if said else "TikTok gave no reason"


def _context(user_id: uuid.UUID) -> str:
    return f"user:{user_id}:connect"
