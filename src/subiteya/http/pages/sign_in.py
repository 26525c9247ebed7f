"""Signing a browser in by a one-time link, and out again.

Messengers fetch a link to show a preview of it. So looking at the link uses nothing up: the page holds a
button, and only the button signs in.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, status
from fastapi.responses import RedirectResponse, Response

from subiteya.http.deps import ResourcesDep
from subiteya.http.headers import is_https
from subiteya.http.pages.render import page
from subiteya.http.security import SESSION_COOKIE, require_same_origin
from subiteya.services import access

router = APIRouter(include_in_schema=False)


@router.get("/login/{token}")
async def show_link(request: Request, resources: ResourcesDep, token: str) -> Response:
    """Show the button, or that the link is no longer good."""
    if not await access.login_link_is_good(resources, token):
        return _spent(request)
    return page(request, "login.html", token=token)


@router.post("/login/{token}")
async def use_link(request: Request, resources: ResourcesDep, token: str) -> Response:
    """Sign the browser in and lead it to its videos."""
    require_same_origin(request)
    try:
        session = await access.use_login_link(resources, token)
    except access.LoginLinkSpent:
        return _spent(request)
    response = RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    response.set_cookie(
        SESSION_COOKIE,
        session.token,
        expires=session.expires_at,
        httponly=True,
        samesite="lax",
        secure=is_https(resources.settings),
    )
    return response


@router.post("/logout")
async def sign_out(request: Request, resources: ResourcesDep) -> Response:
    """End the session; its cookie is worth nothing afterwards, also in a copy."""
    require_same_origin(request)
    await access.end_session(resources, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/", status.HTTP_303_SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=is_https(resources.settings))
    return response


def _spent(request: Request) -> Response:
    return page(request, "login_spent.html", status.HTTP_410_GONE)
