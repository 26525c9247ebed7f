"""Whether this process lives, and whether everything it needs answers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, Field

from subiteya import __version__
from subiteya.http.deps import ResourcesDep
from subiteya.http.locale import sentence
from subiteya.http.problems import language_for
from subiteya.watch.readiness import check_engines

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """This process lives."""

    status: str = Field("ok", examples=["ok"])
    version: str = Field(__version__, examples=[__version__])


class PartOut(BaseModel):
    """What one engine answered."""

    ok: bool = Field(examples=[True])
    ms: float = Field(description="Milliseconds that its answer took.", examples=[1.4])
    code: str | None = Field(None, description="What is wrong with it.", examples=[None])
    detail: str | None = Field(None, description="The same as a sentence.", examples=[None])


class Ready(BaseModel):
    """Whether every engine answers, and each one's own answer."""

    ready: bool = Field(examples=[True])
    version: str = Field(__version__, examples=[__version__])
    parts: dict[str, PartOut]


@router.get("/health")
async def health() -> Alive:
    """Say that the process lives; nothing else is asked."""
    return Alive()


@router.get("/ready", responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Ready}})
async def ready(request: Request, response: Response, resources: ResourcesDep) -> Ready:
    """Ask database, queue, storage and, where it is used, the simulator; 503 when one does not answer."""
    parts = await check_engines(
        resources.settings,
        db=resources.db,
        queues=resources.queues,
        storage=resources.storage,
        tiktok_http=resources.tiktok_http,
    )
    language = language_for(request)
    told = {
        part.name: PartOut(
            ok=part.error is None,
            ms=part.ms,
            code=part.error.code if part.error else None,
            detail=sentence(part.error, language) if part.error else None,
        )
        for part in parts
    }
    all_well = all(part.ok for part in told.values())
    if not all_well:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Ready(ready=all_well, parts=told)
