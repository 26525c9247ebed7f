"""The order in which every API call is looked at: scripted fault, bearer token, rate window, scope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from subiteya.tiktok.simulator import tokens
from subiteya.tiktok.simulator.answers import ApiError, Code, OAuthError, answer, oauth_refusal, refusal
from subiteya.tiktok.simulator.faults import Action, Endpoint, FaultSpec, When, take_request_fault
from subiteya.tiktok.simulator.parts import Parts, parts_of
from subiteya.tiktok.simulator.records import Creator, Token, TokenKind
from subiteya.tiktok.simulator.store import Database

CUT_SCOPE_KEY = "subiteya.simulator.cut"
Answerer = Callable[[], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a creator's living access token."""

    token: Token
    creator: Creator

    @property
    def scopes(self) -> frozenset[str]:
        """What the creator has granted."""
        return frozenset(self.token.scopes.split(","))


Handler = Callable[[Parts, Caller, Request], Awaitable[dict[str, Any]]]


def api_route(
    endpoint: Endpoint, needs: frozenset[str], handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of an API call; the caller needs one of the scopes `needs`."""

    async def route(request: Request) -> Response:
        parts = parts_of(request)
        parts.calls[endpoint] += 1
        bearer = _bearer(request)
        fault = await parts.store.run(lambda db: take_request_fault(db, endpoint, _owner(db, bearer)))
        if fault is not None and fault.action is Action.KILL_TOKEN and bearer is not None:
            await parts.store.run(lambda db: db.change(Token, bearer, dead=True))

        async def call() -> Response:
            try:
                caller = await _admit(parts, endpoint, bearer, needs)
                return answer(await handler(parts, caller, request), parts.clock.now())
            except ApiError as error:
                return refusal(error, parts.clock.now())

        return await play(request, fault, call)

    return route


async def play(request: Request, fault: FaultSpec | None, call: Answerer) -> Response:
    """Answer a call, with what a scripted fault does to it."""
    if fault is None or fault.action is Action.KILL_TOKEN:
        return await call()
    if fault.action is Action.DELAY and fault.when is When.BEFORE:
        await asyncio.sleep(fault.seconds)
        return await call()
    response = await call() if fault.when is When.AFTER else Response(status_code=500)
    match fault.action:
        case Action.DELAY:
            await asyncio.sleep(fault.seconds)
            return response
        case Action.CUT:
            return await cut(request)
        case _:
            return _broken(request, fault)


async def cut(request: Request) -> Response:
    """Drop the connection; the response returned is what nobody receives."""
    await request.scope[CUT_SCOPE_KEY]()
    return Response(status_code=500)


def _broken(request: Request, fault: FaultSpec) -> Response:
    """Return a scripted refusal: in TikTok's shape when it has a code, else a gateway's page."""
    if fault.code is None:
        status = fault.status or 500
        page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
        return HTMLResponse(page, status_code=status)
    now = parts_of(request).clock.now()
    if fault.endpoint in {Endpoint.TOKEN, Endpoint.REVOKE}:
        error = OAuthError(fault.code, "Scripted by the simulator.")
        return oauth_refusal(error, fault.status or parts_of(request).switches.oauth_error_status, now)
    return refusal(ApiError(fault.code, status=fault.status), now)


def _bearer(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() or None if kind.lower() == "bearer" else None


def _owner(db: Database, bearer: str | None) -> str | None:
    token = db.get(Token, bearer) if bearer else None
    return token.open_id if token else None


async def _admit(parts: Parts, endpoint: Endpoint, bearer: str | None, needs: frozenset[str]) -> Caller:
    now = parts.clock.epoch()

    def find(db: Database) -> Caller | None:
        token = tokens.alive(db, bearer, TokenKind.ACCESS, now)
        creator = db.get(Creator, token.open_id) if token else None
        return Caller(token, creator) if token and creator else None

    caller = await parts.store.run(find)
    if caller is None:
        raise ApiError(Code.TOKEN_INVALID)
    if parts.switches.rate_limits:
        parts.windows.hit(endpoint, caller.token.value, now)
    if not needs & caller.scopes:
        raise ApiError(Code.SCOPE_MISSING)
    return caller
