"""An account's tokens: sealed at rest, renewed by one process at a time, stored before they are used.

TikTok rotates: each renewal kills the token before it. So the account's row is locked while TikTok is
asked, and the new pair is committed before anybody sees it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import select

from subiteya.db.database import Database
from subiteya.db.models import Account
from subiteya.domain.errors import NotFound, TikTokOutcomeUnknown, TikTokTokenRejected, TikTokUnavailable
from subiteya.domain.sealing import Sealer
from subiteya.tiktok.oauth import OAuthClient, TokenPair

MARGIN: Final = timedelta(minutes=5)
"""A token that ends within this time is renewed first."""

CONNECTED: Final = "connected"
NEEDS_RECONNECT: Final = "needs_reconnect"
DISCONNECTED: Final = "disconnected"
"""Its owner has let it go: no token is left, and only its posts remain."""


def sealed_pair(sealer: Sealer, account_id: uuid.UUID, pair: TokenPair) -> dict[str, Any]:
    """The token columns of an account's row."""
    return {
        "access_token": sealer.seal(pair.access_token.get_secret_value(), _context(account_id, "access")),
        "refresh_token": sealer.seal(pair.refresh_token.get_secret_value(), _context(account_id, "refresh")),
        "access_expires_at": pair.access_expires_at,
        "refresh_expires_at": pair.refresh_expires_at,
        "scopes": ",".join(sorted(pair.scopes)),
    }


class Tokens:
    """Hands out access tokens that are valid for a while.

    Args:
        db: Where accounts live.
        sealer: Opens and seals.
        oauth: Renews.
    """

    def __init__(self, db: Database, sealer: Sealer, oauth: OAuthClient) -> None:
        self._db = db
        self._sealer = sealer
        self._oauth = oauth

    async def access(self, account_id: uuid.UUID, *, rejected: SecretStr | None = None) -> SecretStr:
        """A token that lives for at least `MARGIN`, renewed when needed.

        Args:
            account_id: Whose.
            rejected: A token that TikTok has just refused: renewed even if its time has not come, unless
                another process has done so already.

        Raises:
            NotFound: no such account.
            TikTokTokenRejected: only its owner can help, by connecting again; the account's row says so.
            TikTokRefused: this installation must be corrected (a wrong client secret, say); the account's
                connection is as good as before.
            TikTokUnavailable: TikTok does not answer.
        """
        dead: TikTokTokenRejected | None = None
        async with self._db.begin() as session:
            account = await session.scalar(select(Account).where(Account.id == account_id).with_for_update())
            if account is None:
                raise NotFound(what="account")
            if account.status == DISCONNECTED:
                raise TikTokTokenRejected(why="the account is disconnected", account_id=str(account_id))
            token = self._open(account, "access")
            fresh = account.access_expires_at - datetime.now(UTC) > MARGIN
            if fresh and (rejected is None or rejected.get_secret_value() != token.get_secret_value()):
                return token
            try:
                pair = await self._renew(self._open(account, "refresh"))
            except TikTokTokenRejected as error:
                account.status = NEEDS_RECONNECT
                dead = error
            else:
                for column, value in sealed_pair(self._sealer, account_id, pair).items():
                    setattr(account, column, value)
                account.status = CONNECTED
        if dead is not None:
            raise TikTokTokenRejected(**{**dead.context, "account_id": str(account_id)})
        return pair.access_token

    async def _renew(self, refresh_token: SecretStr) -> TokenPair:
        try:
            return await self._oauth.refresh(refresh_token)
        except TikTokOutcomeUnknown:
            # The answer was lost: the old token is dead if TikTok acted, and asking with it tells which.
            try:
                return await self._oauth.refresh(refresh_token)
            except TikTokOutcomeUnknown as error:
                # Still no word. Nothing is lost by asking again later, so to our callers this is an outage.
                raise TikTokUnavailable(**error.context) from None

    def _open(self, account: Account, which: str) -> SecretStr:
        sealed = account.access_token if which == "access" else account.refresh_token
        return SecretStr(self._sealer.open(sealed, _context(account.id, which)))


def _context(account_id: uuid.UUID, which: str) -> str:
    return f"account:{account_id}:{which}"
