"""What a brand pattern may say, and what it looks like on a frame."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from subiteya.db.models import User
from subiteya.domain.pattern import PatternSpec
from subiteya.http import problems
from subiteya.http.api.bodies import Body, Spec
from subiteya.http.connected import while_connected
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services.preview_pattern import Previews
from subiteya.services.preview_wish import Wish

router = APIRouter(prefix="/patterns", tags=["patterns"])

_IMAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The frame.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/jpeg", "image/png")
        },
    }
}
_CLIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The clip.",
        "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_HEADERS: Final = {"Cache-Control": "no-store"}


class ClipIn(Body):
    """Which seconds, under which pattern."""

    spec: Spec = Field(default_factory=PatternSpec, description="Need not be saved.")
    video_id: UUID | None = Field(
        None, description="A video of yours; the built-in sample when null.", examples=[None]
    )
    second: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Of the edited video, intro included; its last frame or seconds when past the end.",
        examples=[1.5],
    )

    account_id: UUID | None = Field(
        None,
        description="For this account: over its default pattern, and with its name in the texts.",
        examples=[None],
    )

    def wish_of(self, user: User) -> Wish:
        """The same for the service."""
        return Wish(user.id, self.spec, self.video_id, self.second, self.account_id)


class PreviewIn(ClipIn):
    """Which frame, under which pattern."""

    format: Literal["jpeg", "png"] = "jpeg"


def previews_of(request: Request) -> Previews:
    """Who draws in this process."""
    return cast("Previews", request.app.state.previews)


PreviewsDep = Annotated[Previews, Depends(previews_of)]


@router.get("/schema", response_class=JSONResponse)
async def pattern_schema(_user: CurrentUser) -> JSONResponse:
    """The JSON Schema of a brand pattern's specification, for editors and checks."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PatternSpec.model_json_schema()}
    return JSONResponse(schema, media_type="application/schema+json")


@router.post(
    "/preview", responses=problems.responses(404, 429) | _IMAGE, response_class=Response, response_model=None
)
async def preview_frame(
    body: PreviewIn, request: Request, resources: ResourcesDep, user: CurrentUser, previews: PreviewsDep
) -> Response:
    """One frame of the edited video, before it is edited; its shorter side has 540 pixels at the most.

    Whoever hangs up ends the work.
    """
    return await while_connected(
        request,
        previews.frame(resources, body.wish_of(user), body.format),
        lambda image: Response(image, media_type=f"image/{body.format}", headers=_HEADERS),
    )


@router.post(
    "/preview/clip",
    responses=problems.responses(404, 429) | _CLIP,
    response_class=Response,
    response_model=None,
)
async def preview_clip(
    body: ClipIn, request: Request, resources: ResourcesDep, user: CurrentUser, previews: PreviewsDep
) -> Response:
    """Three seconds of the edited video with their sound, before it is edited; as small as a frame, as MP4.

    Whoever hangs up ends the work.
    """
    return await while_connected(
        request,
        previews.clip(resources, body.wish_of(user)),
        lambda clip: Response(clip, media_type="video/mp4", headers=_HEADERS),
    )
