"""The page of your accounts: which brand pattern each one's videos wear by default."""

from __future__ import annotations

import uuid
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import RedirectResponse, Response

from subiteya.domain.errors import BadInput
from subiteya.http.deps import ResourcesDep
from subiteya.http.pages.render import page
from subiteya.http.security import require_same_origin, session_user
from subiteya.services.change_account import change_account
from subiteya.services.list_accounts import list_accounts
from subiteya.services.save_pattern import list_patterns

router = APIRouter(include_in_schema=False)


@router.get("/accounts")
async def accounts(
    request: Request, resources: ResourcesDep, saved: Annotated[uuid.UUID | None, Query()] = None
) -> Response:
    """Show the signed-in user's accounts; tell everybody else how to sign in."""
    user = await session_user(request, resources)
    if user is None:
        return page(request, "signed_out.html")
    request.state.locale = user.locale
    return page(
        request,
        "accounts.html",
        accounts=await list_accounts(resources, user_id=user.id),
        patterns=await list_patterns(resources, user_id=user.id),
        saved=saved,
    )


@router.post("/accounts/{account_id}/pattern")
async def choose_pattern(account_id: uuid.UUID, request: Request, resources: ResourcesDep) -> Response:
    """Take a choice from the page; an empty one means no default pattern."""
    require_same_origin(request)
    user = await session_user(request, resources)
    if user is None:
        return RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    request.state.locale = user.locale
    pattern_id = await _chosen(request)
    await change_account(
        resources,
        user_id=user.id,
        account_id=account_id,
        pattern_id=pattern_id,
        without_pattern=pattern_id is None,
    )
    return RedirectResponse(f"/accounts?saved={account_id}", status.HTTP_303_SEE_OTHER)


async def _chosen(request: Request) -> uuid.UUID | None:
    told = parse_qs((await request.body()).decode(errors="replace"))
    chosen = told.get("pattern_id", [""])[0]
    try:
        return uuid.UUID(chosen) if chosen else None
    except ValueError:
        raise BadInput(what="pattern_id", why="this is not the page's form") from None
