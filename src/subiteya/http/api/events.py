"""Live changes: one stream per page, fed by what the workers do on whatever machine they run."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Header, Request

from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.http.feed import read_snapshot, video_json
from subiteya.http.live import Live, Subscriber
from subiteya.http.locale import language_of
from subiteya.http.sse import EventStreamResponse, snapshot_frame, stream

router = APIRouter(tags=["events"])

_EXAMPLE = """\
retry: 2300

event: snapshot
data: {"videos":[{"id":"8f0c7a52-…","status":"EDITING","progress":43, …}]}
id: 4711

event: video
data: {"id":"8f0c7a52-…","status":"EDITED","progress":100, …}
id: 4713

event: removed
data: {"id":"0b1d4c9e-…"}

: ping
"""


@router.get(
    "/events",
    status_code=200,  # FastAPI finds none in the response class, and OpenAPI needs one
    response_class=EventStreamResponse,
    responses={200: {"content": {"text/event-stream": {"example": _EXAMPLE}}}},
)
async def follow_events(
    request: Request,
    resources: ResourcesDep,
    user: CurrentUser,
    last_event_id: Annotated[str, Header(description="Set by browsers when they reconnect.")] = "",
) -> EventStreamResponse:
    """Follow your videos: a `snapshot` of those under way, then `video` with the whole row at each change.

    `removed` names a video that was deleted. A comment comes each 15 seconds; the stream ends after about ten
    minutes, and a browser opens the next by itself. With `Last-Event-ID` the snapshot also holds what changed
    in between.
    """
    live = cast("Live", request.app.state.live)
    language = language_of(user.locale)

    async def snapshot(since_event: int) -> bytes:
        views, event_id = await read_snapshot(resources, user_id=user.id, since_event=since_event)
        return snapshot_frame((video_json(view, language) for view in views), event_id)

    since = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    return EventStreamResponse(stream(live, Subscriber(user.id, language), snapshot, since))
