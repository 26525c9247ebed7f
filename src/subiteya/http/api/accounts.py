"""Connected TikTok accounts."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from subiteya.http.api.schemas import AccountOut, account_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import list_accounts as accounts

router = APIRouter(prefix="/accounts", tags=["accounts"])


class AccountsOut(BaseModel):
    """All connected accounts, by name."""

    accounts: list[AccountOut]


@router.get("")
async def list_accounts(resources: ResourcesDep, user: CurrentUser) -> AccountsOut:
    """All TikTok accounts that you have connected, by name."""
    rows = await accounts.list_accounts(resources, user_id=user.id)
    return AccountsOut(accounts=[account_out(row) for row in rows])
