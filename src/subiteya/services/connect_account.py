"""Connect a TikTok account with the code that TikTok's consent page gave."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Account, User
from subiteya.domain.errors import NotAllowed
from subiteya.domain.post_errors import ScopeMissing
from subiteya.domain.post_mode import PUBLISH_SCOPE, UPLOAD_SCOPE
from subiteya.services.resources import Resources
from subiteya.services.tiktok_access import oauth_of
from subiteya.tiktok.oauth import TokenPair
from subiteya.tiktok.tokens import CONNECTED, sealed_pair

__all__ = ["AccountTaken", "ScopeMissing", "connect_with_code"]


class AccountTaken(NotAllowed):
    """The TikTok account is connected by another user; only they can let it go."""

    code = "account_taken"
    message = "Somebody else has connected the TikTok account {username} here."


@dataclass(frozen=True, slots=True)
class _Names:
    username: str
    nickname: str


async def connect_with_code(
    resources: Resources,
    user_id: uuid.UUID,
    code: SecretStr,
    redirect_uri: str,
    code_verifier: SecretStr | None = None,
) -> Account:
    """Exchange the code, ask who it is, and keep the account with sealed tokens.

    Connecting the same account again renews its tokens and keeps its id, posts and settings.

    Args:
        resources: The process's connections.
        user_id: Who connects.
        code: From the callback, already URL-decoded.
        redirect_uri: The one that the code was asked for with.
        code_verifier: PKCE, where the code was asked for with a challenge.

    Raises:
        TikTokTokenRejected: the code is used up, too old, or somebody else's.
        TikTokRefused: TikTok refuses for another reason.
        TikTokUnavailable: TikTok does not answer.
        ScopeMissing: the user did not allow posting.
        AccountTaken: another user here has connected this account.
    """
    pair = await oauth_of(resources).exchange(code, redirect_uri=redirect_uri, verifier=code_verifier)
    # An app that TikTok has approved for drafts only asks for nothing else.
    needed = PUBLISH_SCOPE if PUBLISH_SCOPE in resources.settings.tiktok.scopes else UPLOAD_SCOPE
    if needed not in pair.scopes:
        raise ScopeMissing(why=f"{needed} is missing", scope=needed)
    names = await _ask_names(resources, pair)
    async with resources.db.begin() as session:
        return await _keep(resources, session, user_id, pair, names)


async def _ask_names(resources: Resources, pair: TokenPair) -> _Names:
    """Handle and display name. The handle needs the scope `user.info.profile`, or the creator's own call."""
    username = nickname = ""
    if any(scope.startswith("user.info.") for scope in pair.scopes):
        info = await resources.tiktok.user_info(pair.access_token, pair.scopes)
        username, nickname = info.username, info.display_name
    if not username and PUBLISH_SCOPE in pair.scopes:
        creator = await resources.tiktok.creator_info(pair.access_token)
        username, nickname = creator.username, nickname or creator.nickname
    return _Names(username or nickname or pair.open_id, nickname or username)


async def _keep(
    resources: Resources, session: AsyncSession, user_id: uuid.UUID, pair: TokenPair, names: _Names
) -> Account:
    # Tokens are sealed for one account's id, so the id must be known first: of the row that is there, or new.
    new_id = uuid.uuid4()
    zone = await session.scalar(select(User.time_zone).where(User.id == user_id))
    await session.execute(
        insert(Account)
        .values(
            id=new_id,
            user_id=user_id,
            open_id=pair.open_id,
            username=names.username,
            nickname=names.nickname,
            time_zone=zone or "UTC",
            **sealed_pair(resources.sealer, new_id, pair),
        )
        .on_conflict_do_nothing(index_elements=[Account.open_id])
    )
    account = await session.scalar(select(Account).where(Account.open_id == pair.open_id).with_for_update())
    if account is None or account.user_id != user_id:
        raise AccountTaken(why="another user has connected it", username=names.username)
    row: Account | None = await session.scalar(
        update(Account)
        .where(Account.id == account.id, Account.user_id == user_id)
        .values(
            username=names.username,
            nickname=names.nickname,
            status=CONNECTED,
            **sealed_pair(resources.sealer, account.id, pair),
        )
        .returning(Account),
        execution_options={"populate_existing": True},
    )
    if row is None:
        raise AccountTaken(why="another user has connected it", username=names.username)
    return row
