"""Where TikTok tells what happened."""

from __future__ import annotations

from fastapi import APIRouter, Request

from subiteya.http import problems
from subiteya.http.deps import ResourcesDep
from subiteya.services.take_webhook import take_webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("/tiktok", responses=problems.responses(401))
async def tiktok(request: Request, resources: ResourcesDep) -> None:
    """TikTok's deliveries, with its signature. None is believed: each makes us ask TikTok at once."""
    # The signature covers the bytes as they came: the body must not be read as JSON first.
    body = await request.body()
    await take_webhook(resources, signature=request.headers.get("tiktok-signature"), raw_body=body)
