"""Connected TikTok accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, status
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, SecretStr, model_validator

from subiteya.domain.schedule import zone_of
from subiteya.http import problems
from subiteya.http.api.bodies import Body, Line
from subiteya.http.api.creator_out import CreatorOut, creator_out
from subiteya.http.api.schemas import AccountOut, account_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.headers import is_https
from subiteya.services import change_account as changing
from subiteya.services import forecast_reconnect as accounts
from subiteya.services import start_connect as connecting
from subiteya.services.ask_creator import get_creator
from subiteya.services.disconnect_account import disconnect_account
from subiteya.services.get_budget import get_budget

router = APIRouter(prefix="/accounts", tags=["accounts"])

TICKET_COOKIE: Final = "subiteya_connect"
_COOKIE_PATH: Final = "/api/accounts"

AccountId = Annotated[UUID, Path(examples=["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"])]
Word = Annotated[str, Field(max_length=2000, examples=[""])]


class AccountsOut(BaseModel):
    """All connected accounts, by name."""

    accounts: list[AccountOut]


class ChangedAccount(Body):
    """What its owner sets on an account; what is left out stays."""

    time_zone: Line | None = Field(
        None,
        description="IANA name of the zone by whose clocks its posts are planned.",
        examples=["America/Bogota"],
    )
    pattern_id: UUID | None = Field(
        None,
        description="Its default brand pattern, which lies under what is asked for a video; null: none.",
        examples=["e7d0a1f3-2b64-4a89-8f0d-3c5b7a9e1d66"],
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.time_zone is None and "pattern_id" not in self.model_fields_set:
            raise ValueError("give time_zone or pattern_id")
        return self


class Callback(BaseModel):
    """What TikTok adds to the address that it sends people back to."""

    state: Word = ""
    code: SecretStr = Field(SecretStr(""), max_length=2000, examples=[""])
    error: Word = ""
    error_description: Word = ""


class BudgetOut(BaseModel):
    """What an account may still post, by our own reckoning; TikTok counts the posts of all apps together."""

    window_seconds: int = Field(description="Least time between two posts.", examples=[300])
    posts_per_day: int = Field(description="In any 24 hours; 0: left to TikTok.", examples=[15])
    posts_last_day: int = Field(examples=[4])
    posts_planned: int = Field(description="Whose start is reserved for later.", examples=[2])
    posts_left: int | None = Field(description="Null: left to TikTok.", examples=[11])
    next_slot_at: datetime = Field(
        description="When a post that is queued now would go out.", examples=["2026-11-05T19:32:00Z"]
    )
    next_slot_local: datetime = Field(
        description="The same by the clocks of the account's zone.", examples=["2026-11-05T14:32:00-05:00"]
    )
    time_zone: str = Field(examples=["America/Bogota"])


@router.get("")
async def list_accounts(resources: ResourcesDep, user: CurrentUser) -> AccountsOut:
    """All TikTok accounts that you have connected, by name, with how long each can be used."""
    rows = await accounts.forecast_accounts(resources, user_id=user.id)
    return AccountsOut(accounts=[account_out(*row) for row in rows])


@router.get("/connect", status_code=302, response_class=RedirectResponse)
async def connect(
    resources: ResourcesDep,
    user: CurrentUser,
    another: Annotated[
        bool | None,
        Query(description="Show TikTok's page in any case, to choose another account.", examples=[None]),
    ] = None,
) -> Response:
    """Lead the browser to TikTok, to connect an account."""
    departure = await connecting.start_connect(resources, user_id=user.id, another=another)
    response = RedirectResponse(departure.url, status.HTTP_302_FOUND)
    response.set_cookie(
        TICKET_COOKIE,
        departure.ticket,
        max_age=int(connecting.TICKET_LIFE.total_seconds()),
        path=_COOKIE_PATH,
        httponly=True,
        samesite="lax",  # TikTok's way back is a link from another site
        secure=is_https(resources.settings),
    )
    return response


@router.get(
    "/callback", status_code=303, response_class=RedirectResponse, responses=problems.responses(403, 502)
)
async def callback(
    request: Request,
    resources: ResourcesDep,
    user: CurrentUser,
    said: Annotated[Callback, Query()],
) -> Response:
    """Take the browser back from TikTok, with an account or with TikTok's reason why not."""
    await connecting.finish_connect(
        resources,
        user_id=user.id,
        ticket=request.cookies.get(TICKET_COOKIE, ""),
        arrival=connecting.Arrival(
            state=said.state,
            code=said.code if said.code.get_secret_value() else None,
            error=said.error,
            error_description=said.error_description,
        ),
    )
    response = RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    response.delete_cookie(
        TICKET_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="lax", secure=is_https(resources.settings)
    )
    return response


@router.get("/{account_id}", responses=problems.responses(404))
async def get_account(account_id: AccountId, resources: ResourcesDep, user: CurrentUser) -> AccountOut:
    """One connected account, with the day by which it must be connected again."""
    return account_out(*await accounts.get_account(resources, user_id=user.id, account_id=account_id))


@router.get("/{account_id}/creator", responses=problems.responses(404, 502, 503))
async def creator(account_id: AccountId, resources: ResourcesDep, user: CurrentUser) -> CreatorOut:
    """What the post screen must show of the creator, asked of TikTok at this moment."""
    found = await get_creator(resources, user_id=user.id, account_id=account_id)
    return creator_out(found, user.locale)


@router.patch("/{account_id}", responses=problems.responses(404))
async def change_account(
    account_id: AccountId, resources: ResourcesDep, user: CurrentUser, body: ChangedAccount
) -> AccountOut:
    """Set the time zone by whose clocks the account's posts are planned, and its default brand pattern."""
    await changing.change_account(
        resources,
        user_id=user.id,
        account_id=account_id,
        time_zone=body.time_zone,
        pattern_id=body.pattern_id,
        without_pattern="pattern_id" in body.model_fields_set and body.pattern_id is None,
    )
    return account_out(*await accounts.get_account(resources, user_id=user.id, account_id=account_id))


@router.delete("/{account_id}", status_code=204, responses=problems.responses(404, 502))
async def disconnect(account_id: AccountId, resources: ResourcesDep, user: CurrentUser) -> None:
    """Give the access back to TikTok and forget the account's tokens. Its posts stay."""
    await disconnect_account(resources, user_id=user.id, account_id=account_id)


@router.get("/{account_id}/budget", responses=problems.responses(404))
async def budget(account_id: AccountId, resources: ResourcesDep, user: CurrentUser) -> BudgetOut:
    """How much of the account's day is left, and when its next post would go out."""
    found = await get_budget(resources, user_id=user.id, account_id=account_id)
    return BudgetOut(
        window_seconds=int(found.window.total_seconds()),
        posts_per_day=found.per_day,
        posts_last_day=found.last_day,
        posts_planned=found.planned,
        posts_left=found.left,
        next_slot_at=found.next_slot_at,
        next_slot_local=found.next_slot_at.astimezone(zone_of(found.time_zone)),
        time_zone=found.time_zone,
    )
