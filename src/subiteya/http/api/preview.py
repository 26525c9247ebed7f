"""What a brand pattern may say, and what it looks like on a frame."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from subiteya.domain.pattern import PatternSpec
from subiteya.http import problems
from subiteya.http.api.bodies import Body, Spec
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services.preview_pattern import Previews

router = APIRouter(prefix="/patterns", tags=["patterns"])

_IMAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The frame.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/jpeg", "image/png")
        },
    }
}


class PreviewIn(Body):
    """Which frame, under which pattern."""

    spec: Spec = Field(default_factory=PatternSpec, description="Need not be saved.")
    video_id: UUID | None = Field(
        None, description="A video of yours; the built-in sample when null.", examples=[None]
    )
    second: float = Field(
        0.0, ge=0, le=86_400, description="Of the source; its last frame when past the end.", examples=[1.5]
    )
    format: Literal["jpeg", "png"] = "jpeg"


def previews_of(request: Request) -> Previews:
    """Who draws in this process."""
    return cast("Previews", request.app.state.previews)


@router.get("/schema", response_class=JSONResponse)
async def pattern_schema(_user: CurrentUser) -> JSONResponse:
    """The JSON Schema of a brand pattern's specification, for editors and checks."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PatternSpec.model_json_schema()}
    return JSONResponse(schema, media_type="application/schema+json")


@router.post(
    "/preview", responses=problems.responses(404) | _IMAGE, response_class=Response, response_model=None
)
async def preview_pattern(
    body: PreviewIn,
    resources: ResourcesDep,
    user: CurrentUser,
    previews: Annotated[Previews, Depends(previews_of)],
) -> Response:
    """One frame as the edit would make it, 540 pixels wide at the most on its shorter side.

    Steadying, time and sound are left out: a single frame does not show them.
    """
    image = await previews.draw(
        resources,
        user_id=user.id,
        spec=body.spec,
        video_id=body.video_id,
        second=body.second,
        kind=body.format,
    )
    return Response(image, media_type=f"image/{body.format}", headers={"Cache-Control": "no-store"})
