"""Whether this process lives, and whether everything it needs answers."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from subiteya import __version__

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """This process lives."""

    status: str = "ok"
    version: str = __version__


@router.get("/health")
async def health() -> Alive:
    """Say that the process lives; nothing else is asked."""
    return Alive()
