"""The knobs: JSON over HTTP under `/simulator`, for tests, demos and whoever writes against this API.

`GET /simulator/openapi.json` describes them, those of `creator_knobs` and `publish_knobs` too.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field, ValidationError

from subiteya.tiktok.simulator import creators
from subiteya.tiktok.simulator.config import Switches
from subiteya.tiktok.simulator.faults import FaultSpec, add_fault, list_faults
from subiteya.tiktok.simulator.knob_bodies import HIDDEN, Body, PartsDep, problems
from subiteya.tiktok.simulator.parts import Parts, same_origin
from subiteya.tiktok.simulator.records import Delivery, Publish, Step
from subiteya.tiktok.simulator.store import Database

router = APIRouter(prefix="/simulator", dependencies=[Depends(same_origin)])


class Advance(Body):
    """How far the clock moves."""

    seconds: float = Field(ge=0)


class Reset(Body):
    """What a reset leaves."""

    keep_creators: bool = Field(default=False, description="Creators and their tokens stay.")


@router.get("/state")
async def state(parts: PartsDep) -> dict[str, Any]:
    """Everything: creators, publishes with steps and counts, faults, webhooks, calls since the start."""
    await parts.engine.advance()

    def read(db: Database) -> dict[str, Any]:
        publishes = db.all(Publish, "ORDER BY created_at")
        return {
            "now": parts.clock.now().isoformat(),
            "calls": dict(parts.calls),
            "inits": len(publishes),
            "posts": sum(publish.step is Step.COMPLETE for publish in publishes),
            "creators": [creator.model_dump(mode="json") for creator in creators.list_creators(db)],
            "publishes": [publish.model_dump(mode="json", exclude=set(HIDDEN)) for publish in publishes],
            "faults": list_faults(db),
            "webhooks": [delivery.model_dump(mode="json") for delivery in db.all(Delivery, "ORDER BY id")],
        }

    return await parts.store.run(read)


@router.get("/switches")
async def get_switches(parts: PartsDep) -> Switches:
    """Where every switch stands."""
    return parts.switches


@router.patch("/switches")
async def move_switches(changes: dict[str, Any], parts: PartsDep) -> Switches:
    """Move some switches; they stay so over a restart, until a reset."""
    try:
        return await parts.switchboard.change(changes)
    except ValidationError as error:
        raise HTTPException(422, problems(error)) from error


@router.get("/faults")
async def get_faults(parts: PartsDep) -> list[dict[str, Any]]:
    """Scripted faults that have not happened yet."""
    return await parts.store.run(list_faults)


@router.post("/faults", status_code=201)
async def script_fault(spec: FaultSpec, parts: PartsDep) -> dict[str, int]:
    """Script a fault."""
    return {"id": await parts.store.run(lambda db: add_fault(db, spec))}


@router.delete("/faults", status_code=204)
async def forget_faults(parts: PartsDep) -> None:
    """Forget every scripted fault."""
    await parts.store.run(lambda db: db.execute("DELETE FROM fault"))


@router.post("/clock")
async def advance_clock(by: Advance, parts: PartsDep) -> dict[str, str]:
    """Move the simulator's clock forward."""
    await parts.switchboard.advance_clock(by.seconds)
    parts.wake()
    return {"now": parts.clock.now().isoformat()}


@router.post("/settle", status_code=204)
async def settle(parts: PartsDep) -> None:
    """Do all that is due by now: fetch, look at files, give outcomes, deliver webhooks. Then answer."""
    await parts.engine.work()
    await parts.engine.pulls_done()
    await parts.engine.work()
    await parts.courier.deliver_due()


@router.post("/reset", status_code=204)
async def reset(what: Reset, parts: PartsDep) -> None:
    """Forget everything: publishes, videos, faults, switches, and creators unless they are to stay."""

    def empty(db: Database) -> None:
        for table in ("publish", "delivery", "fault", "setting", "auth_code"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        if not what.keep_creators:
            db.execute("DELETE FROM token")
            db.execute("DELETE FROM creator")

    await parts.engine.stop()
    await parts.store.run(empty)
    parts.switchboard.forget()
    parts.windows.clear()
    parts.calls.clear()
    await asyncio.to_thread(_empty_folder, parts)
    if not what.keep_creators:
        await parts.store.run(lambda db: creators.make_first(db, parts.config.creators, parts.clock.epoch()))


def _empty_folder(parts: Parts) -> None:
    shutil.rmtree(parts.config.videos_dir, ignore_errors=True)
    parts.config.videos_dir.mkdir(parents=True, exist_ok=True)
