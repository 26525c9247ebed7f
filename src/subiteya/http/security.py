"""Who is asking, by key or by session, and what a browser may do with our answers."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.security import APIKeyCookie, HTTPBearer

from subiteya.db.models import User
from subiteya.domain.errors import NotAllowed, NotSignedIn
from subiteya.services.access import check_api_key, check_session
from subiteya.services.resources import Resources

SESSION_COOKIE: Final = "subiteya_session"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

bearer_scheme = HTTPBearer(
    auto_error=False, scheme_name="API key", description="An API key, as in `Authorization: Bearer sk_…`."
)
cookie_scheme = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="Session",
    description="The session of a signed-in browser.",
)


async def authenticate(request: Request, resources: Resources) -> User:
    """The user whose key or session came with the request.

    A key wins over a cookie. A browser sends its cookie along whoever made it send the request, so on a
    cookie's word nothing is written that another site started.

    Raises:
        NotSignedIn: no valid key or session.
        NotAllowed: a write with a cookie, started by another site.
    """
    authorization = request.headers.get("authorization", "")
    if authorization:
        scheme, _, key = authorization.partition(" ")
        user = await check_api_key(resources, key.strip()) if scheme.lower() == "bearer" else None
    else:
        user = await session_user(request, resources)
        if user is not None and request.method not in _SAFE_METHODS:
            require_same_origin(request)
    if user is None:
        raise NotSignedIn
    request.state.locale = user.locale
    return user


def is_browser(request: Request) -> bool:
    """Whether a signed-in browser asks, and not a program with a key."""
    return not request.headers.get("authorization") and SESSION_COOKIE in request.cookies


async def session_user(request: Request, resources: Resources) -> User | None:
    """Whose browser this is; None when nobody is signed in."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return await check_session(resources, token) if token else None


def require_same_origin(request: Request) -> None:
    """Refuse a write that another site made the browser send.

    Browsers say who started a request in Sec-Fetch-Site; older ones at least name the Origin of a POST.

    Raises:
        NotAllowed: another site started it, or nothing says who did.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site == "same-origin"
    else:
        origin = urlsplit(request.headers.get("origin", "")).netloc
        # A proxy may put another Host in front of us than people use.
        ours = {request.headers.get("host"), urlsplit(request.app.state.settings.http.url).netloc}
        same = bool(origin) and origin in ours
    if not same:
        raise NotAllowed(why="another site sent this request")
