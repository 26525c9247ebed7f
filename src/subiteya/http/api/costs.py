"""What the service uses of what bills."""

from __future__ import annotations

from fastapi import APIRouter

from subiteya.http.admin.who import Viewer
from subiteya.http.deps import ResourcesDep
from subiteya.watch.costs import get_costs
from subiteya.watch.costs_out import CostsOut, costs_out
from subiteya.watch.prices import read_prices

router = APIRouter(prefix="/admin/costs", tags=["costs"])


@router.get("")
async def costs(resources: ResourcesDep, _user: Viewer) -> CostsOut:
    """What was used of Redis and the bucket, where the month will end, and what that costs."""
    settings = resources.settings.costs
    prices = read_prices(settings.prices_file)
    async with resources.db.begin() as session:
        return costs_out(await get_costs(session, settings, prices))
