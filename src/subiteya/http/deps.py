"""What endpoints ask for in their signatures: the open engines, and who is asking."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from subiteya.db.models import User
from subiteya.http.security import authenticate, bearer_scheme, cookie_scheme
from subiteya.services.resources import Resources


def resources_of(request: Request) -> Resources:
    """The engines that the app's lifespan opened."""
    return cast("Resources", request.app.state.resources)


ResourcesDep = Annotated[Resources, Depends(resources_of)]
"""`resources: ResourcesDep`: settings, database, queues, storage, TikTok."""


async def current_user(
    request: Request,
    resources: ResourcesDep,
    # Asked for so that OpenAPI names both ways in; `authenticate` reads the request itself.
    _bearer: Annotated[object, Depends(bearer_scheme)],
    _cookie: Annotated[object, Depends(cookie_scheme)],
) -> User:
    """Who is asking.

    Raises:
        NotSignedIn: neither a valid key nor a valid session came with the request.
        NotAllowed: a session's cookie came along on a write that another site started.
    """
    return await authenticate(request, resources)


CurrentUser = Annotated[User, Depends(current_user)]
"""`user: CurrentUser`: refuses with 401 when nobody is signed in; filter every query by `user.id`."""
