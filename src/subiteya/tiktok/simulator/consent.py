"""The consent screen: `GET /v2/auth/authorize/`, where a person picks an account and what the app may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from subiteya.tiktok.simulator import creators, tokens
from subiteya.tiktok.simulator.authorize_rules import (
    BASIC_SCOPE,
    AuthorizeRequest,
    ParameterError,
    read_authorize,
)
from subiteya.tiktok.simulator.config import CreatorSpec
from subiteya.tiktok.simulator.parts import Parts, parts_of, same_origin
from subiteya.tiktok.simulator.records import Creator
from subiteya.tiktok.simulator.store import Database
from subiteya.tiktok.simulator.views import Views

router = APIRouter(include_in_schema=False, dependencies=[Depends(same_origin)])
_SESSION_COOKIE = "simulator_creator"
_NEW = "new"


@router.get("/v2/auth/authorize/")
async def show(request: Request) -> Response:
    """Show the screen, or go straight back when the browser's session is already connected."""
    parts = parts_of(request)
    try:
        wish = read_authorize(request.query_params, parts.config, parts.switches)
    except ParameterError as error:
        return _wrong(request, error)
    known = request.cookies.get(_SESSION_COOKIE)
    if known and not wish.always_ask:
        # What surprises everybody who connects a second account without disable_auto_auth=1.
        creator = await parts.store.run(lambda db: _signed_in(db, wish, known, parts.clock.epoch()))
        if creator is not None:
            return await _granted(parts, wish, creator, wish.scopes)
    return await _screen(request, parts, wish, chosen=known)


@router.post("/v2/auth/authorize/")
async def decide(request: Request) -> Response:
    """Take the person's decision back to the app."""
    parts = parts_of(request)
    form = await request.form()
    try:
        wish = read_authorize(dict(parse_qsl(_text(form, "query"))), parts.config, parts.switches)
    except ParameterError as error:
        return _wrong(request, error)
    if _text(form, "decision") != "allow":
        return _refused(wish)
    granted = tuple(scope for scope in wish.scopes if scope == BASIC_SCOPE or scope in form.getlist("scopes"))
    if not granted:
        return _refused(wish)
    creator, problem = await _chosen(parts, form)
    if creator is None:
        return await _screen(request, parts, wish, chosen=_text(form, "open_id"), problem=problem, form=form)
    return await _granted(parts, wish, creator, granted)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


async def _chosen(parts: Parts, form: FormData) -> tuple[Creator | None, str]:
    """Return the account that was picked or made, or the key of the sentence that says what is missing."""
    picked = _text(form, "open_id")
    if picked == _NEW:
        username = _text(form, "username").strip().removeprefix("@").lower()
        try:
            spec = CreatorSpec(username=username, nickname=_text(form, "nickname").strip())
        except ValidationError:
            return None, "bad_username"

        def make(db: Database) -> Creator:
            known = creators.find_by_username(db, spec.username)
            return known or creators.save_creator(db, spec, parts.clock.epoch())[0]

        return await parts.store.run(make), ""
    creator = await parts.store.run(lambda db: db.get(Creator, picked))
    return creator, "choose_one"


def _signed_in(db: Database, wish: AuthorizeRequest, open_id: str, now: float) -> Creator | None:
    """Return the browser's account if it has granted all of this to the app before."""
    token = tokens.connected(db, wish.client_key, open_id, now)
    if token is None or not set(wish.scopes) <= set(token.scopes.split(",")):
        return None
    return db.get(Creator, open_id)


async def _granted(
    parts: Parts, wish: AuthorizeRequest, creator: Creator, scopes: tuple[str, ...]
) -> Response:
    code = await parts.store.run(
        lambda db: tokens.mint_code(
            db,
            client_key=wish.client_key,
            open_id=creator.open_id,
            scopes=scopes,
            redirect_uri=wish.redirect_uri,
            code_challenge=wish.code_challenge,
            desktop=wish.desktop,
            expires_at=parts.clock.epoch() + parts.switches.code_seconds,
        )
    )
    response = _back(wish, code=code, scopes=",".join(scopes))
    response.set_cookie(_SESSION_COOKIE, creator.open_id, httponly=True, samesite="lax", path="/v2/auth")
    return response


def _refused(wish: AuthorizeRequest) -> Response:
    return _back(wish, error="access_denied", error_description="User cancelled the authorization")


def _back(wish: AuthorizeRequest, **values: str) -> RedirectResponse:
    return RedirectResponse(f"{wish.redirect_uri}?{urlencode(values | {'state': wish.state})}", 302)


def _wrong(request: Request, error: ParameterError) -> Response:
    views: Views = request.app.state.views
    return views.page(request, "wrong.html", status=400, parameter=error.parameter, why=error.why)


async def _screen(
    request: Request,
    parts: Parts,
    wish: AuthorizeRequest,
    *,
    chosen: str | None,
    problem: str = "",
    form: FormData | None = None,
) -> Response:
    people = await parts.store.run(creators.list_creators)
    target = urlsplit(wish.redirect_uri)
    views: Views = request.app.state.views
    known = {person.open_id for person in people}
    values: dict[str, Any] = {
        "app": parts.config.app_name,
        "host": target.netloc,
        "people": people,
        "chosen": chosen if chosen in known | {_NEW} else (people[0].open_id if people else _NEW),
        "scopes": wish.scopes,
        "ticked": form.getlist("scopes") if form is not None else wish.scopes,
        "required": BASIC_SCOPE,
        "query": _text(form, "query") if form is not None else request.url.query,
        "username": _text(form, "username") if form is not None else "",
        "nickname": _text(form, "nickname") if form is not None else "",
        "problem": problem,
    }
    return views.page(
        request,
        "consent.html",
        status=422 if problem else 200,
        form_target=f"{target.scheme}://{target.netloc}",
        **values,
    )
