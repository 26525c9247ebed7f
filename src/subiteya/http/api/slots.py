"""Posting slots of an account, and which of them are free."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from subiteya.domain.posting_slots import MOST, WeeklySlot
from subiteya.domain.schedule import zone_of
from subiteya.http import problems
from subiteya.http.api.bodies import Body
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services import posting_slots as slots

router = APIRouter(prefix="/accounts/{account_id}/slots", tags=["accounts"])

AccountId = Annotated[UUID, Path(examples=["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"])]


class Slot(Body):
    """A time of the week, by the clocks of the account's zone."""

    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(examples=["wed"])
    time: str = Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="24 hours, to the minute.", examples=["18:30"]
    )


class Slots(Body):
    """All posting slots of an account; an empty list takes them away."""

    slots: list[Slot] = Field(max_length=MOST)


class SlotsOut(BaseModel):
    """The posting slots of an account, in the order of the week."""

    slots: list[Slot]
    time_zone: str = Field(description="Of the account.", examples=["America/Bogota"])


class FreeSlotOut(BaseModel):
    """A moment that no post of the account holds."""

    at: datetime = Field(examples=["2026-11-11T23:30:00Z"])
    local: datetime = Field(
        description="The same by the clocks of the account's zone.", examples=["2026-11-11T18:30:00-05:00"]
    )


class FreeSlotsOut(BaseModel):
    """The next free slots within 90 days, in order of time."""

    slots: list[FreeSlotOut]
    time_zone: str = Field(description="Of the account.", examples=["America/Bogota"])


@router.get("", responses=problems.responses(404))
async def get_slots(account_id: AccountId, resources: ResourcesDep, user: CurrentUser) -> SlotsOut:
    """At which times of the week the account's posts like to go out."""
    return _slots_out(await slots.get_slots(resources, user_id=user.id, account_id=account_id))


@router.put("", responses=problems.responses(404))
async def set_slots(
    account_id: AccountId, resources: ResourcesDep, user: CurrentUser, body: Slots
) -> SlotsOut:
    """Set the times of the week for `"when": "next_free_slot"`; posts that are planned keep their time."""
    wanted = [WeeklySlot.from_json(slot.model_dump()) for slot in body.slots]
    return _slots_out(await slots.set_slots(resources, user_id=user.id, account_id=account_id, wanted=wanted))


@router.get("/next", responses=problems.responses(404))
async def next_slots(
    account_id: AccountId,
    resources: ResourcesDep,
    user: CurrentUser,
    count: Annotated[int, Query(ge=1, le=100, examples=[5])] = 5,
) -> FreeSlotsOut:
    """The next slots that no post of the account holds."""
    found = await slots.get_slots(resources, user_id=user.id, account_id=account_id, count=count)
    zone = zone_of(found.time_zone)
    return FreeSlotsOut(
        slots=[FreeSlotOut(at=moment.at, local=moment.at.astimezone(zone)) for moment in found.free],
        time_zone=found.time_zone,
    )


def _slots_out(calendar: slots.Calendar) -> SlotsOut:
    return SlotsOut(
        slots=[Slot.model_validate(slot.to_json()) for slot in calendar.slots], time_zone=calendar.time_zone
    )
