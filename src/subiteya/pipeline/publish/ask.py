"""Questions to TikTok on behalf of an account: with a valid token, renewed once when TikTok refuses it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import SecretStr

from subiteya.domain.errors import TikTokTokenRejected
from subiteya.tiktok.tokens import Tokens

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks to TikTok for one account."""

    tokens: Tokens
    account_id: uuid.UUID

    async def ask(self, question: Callable[[SecretStr], Awaitable[_T]]) -> _T:
        """Ask with a token; when TikTok refuses the token, renew it and ask once more.

        A refused token means that the question was not carried out, so asking again repeats nothing.

        Raises:
            TikTokTokenRejected: the account must be connected again.
            TikTokRefused: TikTok says no.
            TikTokUnavailable: TikTok does not answer.
        """
        token = await self.tokens.access(self.account_id)
        try:
            return await question(token)
        except TikTokTokenRejected:
            return await question(await self.tokens.access(self.account_id, rejected=token))
