"""What a stack needs before somebody can use it: an owner, a way in, and in simulator mode an account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from pydantic import SecretStr
from sqlalchemy import func, select

from subiteya.db.models import Account
from subiteya.domain.errors import TikTokUnavailable
from subiteya.embedded.state import Stack
from subiteya.services.access import create_login_link, ensure_owner
from subiteya.services.connect_account import connect_with_code
from subiteya.services.resources import Resources, open_resources

REDIRECT: Final = "https://subiteya.example/callback"
"""A web redirect address as TikTok would register it; nobody goes there, the code is handed over."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What to show once the stack runs."""

    login_link: str = field(repr=False)
    api_key: str | None = field(repr=False)
    """Only at the first start: it is stored as a hash."""
    account: str | None
    """@username of the simulated account that was connected just now."""


async def prepare(stack: Stack, locale: str) -> Welcome:
    """Make the owner, who reads `locale`, and a login link; where TikTok is simulated, connect an account."""
    async with open_resources(stack.settings) as resources:
        owner = await ensure_owner(resources, locale=locale)
        account = None
        if stack.simulator_url is not None and not await _has_account(resources, owner.user.id):
            account = await _connect_simulated(resources, stack.simulator_url, owner.user.id)
        link = await create_login_link(resources, user_id=owner.user.id)
    return Welcome(link, owner.api_key, account)


async def _has_account(resources: Resources, user_id: Any) -> bool:
    async with resources.db.begin() as session:
        count = await session.scalar(
            select(func.count()).select_from(Account).where(Account.user_id == user_id)
        )
    return bool(count)


async def _connect_simulated(resources: Resources, simulator: str, user_id: Any) -> str:
    """Let the simulator's first creator authorize us, as a person would on its consent page."""
    try:
        async with httpx2.AsyncClient(base_url=simulator, timeout=10, trust_env=False) as http:
            state = (await http.get("/simulator/state")).raise_for_status().json()
            creator = state["creators"][0]
            asked = await http.post(
                f"/simulator/creators/{creator['open_id']}/authorize", json={"redirect_uri": REDIRECT}
            )
            code = asked.raise_for_status().json()["code"]
    except httpx2.HTTPError as error:
        raise TikTokUnavailable from error
    account = await connect_with_code(resources, user_id, SecretStr(code), REDIRECT)
    return account.username
