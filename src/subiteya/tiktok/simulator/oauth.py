"""OAuth for machines: the token and revoke endpoints, with flat answers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subiteya.tiktok.simulator import lifecycle, tokens
from subiteya.tiktok.simulator.answers import OAuthError, oauth_refusal
from subiteya.tiktok.simulator.authorize_rules import check_verifier
from subiteya.tiktok.simulator.faults import Endpoint, take_request_fault
from subiteya.tiktok.simulator.guard import play
from subiteya.tiktok.simulator.parts import Parts, parts_of
from subiteya.tiktok.simulator.records import AuthCode, TokenKind
from subiteya.tiktok.simulator.store import Database

_MAX_FORM_BYTES = 16 * 1024
Form = Mapping[str, str]
FormHandler = Callable[[Parts, Form], Awaitable[dict[str, Any]]]


def _form_route(endpoint: Endpoint, handler: FormHandler) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        parts = parts_of(request)
        parts.calls[endpoint] += 1
        fault = await parts.store.run(lambda db: take_request_fault(db, endpoint, None))

        async def call() -> Response:
            try:
                form = await _read_form(request)
                _check_client(parts, form)
                return JSONResponse(await handler(parts, form), headers={"Cache-Control": "no-store"})
            except OAuthError as error:
                return oauth_refusal(error, parts.switches.oauth_error_status, parts.clock.now())

        return await play(request, fault, call)

    return route


async def _read_form(request: Request) -> Form:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError(
            "invalid_request", "Only `application/x-www-form-urlencoded` is accepted as Content-Type."
        )
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > _MAX_FORM_BYTES:
            raise OAuthError("invalid_request", "The request parameters are malformed.")
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise OAuthError("invalid_request", "The request parameters are malformed.") from error


def _check_client(parts: Parts, form: Form) -> None:
    key_fits = hmac.compare_digest(form.get("client_key", "").encode(), parts.config.client_key.encode())
    secret_fits = hmac.compare_digest(
        form.get("client_secret", "").encode(), parts.config.client_secret.encode()
    )
    if not (key_fits and secret_fits):
        raise OAuthError("invalid_client", "Client key or secret is incorrect.")


async def _token(parts: Parts, form: Form) -> dict[str, Any]:
    match form.get("grant_type"):
        case None | "":
            raise OAuthError("invalid_request", "The request parameters are malformed.")
        case "authorization_code":
            return await parts.store.run(lambda db: _redeem(db, parts, form))
        case "refresh_token":
            return await parts.store.run(lambda db: _refresh(db, parts, form))
        case _:
            raise OAuthError("unsupported_grant_type", "The grant type is not supported.")


def _redeem(db: Database, parts: Parts, form: Form) -> dict[str, Any]:
    now = parts.clock.epoch()
    if not form.get("code"):
        raise OAuthError("invalid_request", "The request parameters are malformed.")
    code = db.get(AuthCode, form["code"])
    if code is None or code.used or code.client_key != form["client_key"]:
        raise OAuthError("invalid_grant", "Authorization code is invalid.")
    if code.expires_at <= now:
        raise OAuthError("invalid_grant", "Authorization code is expired.")
    if code.redirect_uri is not None and form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", "Redirect_uri is not matched with the uri when requesting code.")
    check_verifier(code, form.get("code_verifier"))
    db.change(AuthCode, code.code, used=True)
    return tokens.issue(
        db,
        client_key=code.client_key,
        open_id=code.open_id,
        scopes=code.scopes,
        switches=parts.switches,
        now=now,
    )


def _refresh(db: Database, parts: Parts, form: Form) -> dict[str, Any]:
    now = parts.clock.epoch()
    token = tokens.alive(db, form.get("refresh_token"), TokenKind.REFRESH, now)
    if token is None or token.client_key != form["client_key"]:
        raise OAuthError("invalid_grant", "Refresh token is invalid or expired.")
    return tokens.rotate(db, token, parts.switches, now)


async def _revoke(parts: Parts, form: Form) -> dict[str, Any]:
    """End the connection; an expired access token is unknown and leaves everything as it was."""

    def end(db: Database) -> None:
        now = parts.clock.epoch()
        token = tokens.alive(db, form.get("token"), TokenKind.ACCESS, now)
        if token is None or token.client_key != form["client_key"]:
            raise OAuthError("invalid_grant", "Access token is invalid or expired.")
        lifecycle.remove_authorization(
            db,
            parts.switches,
            client_key=token.client_key,
            open_id=token.open_id,
            reason=lifecycle.DEVELOPER_REVOKED,
            now=now,
        )

    await parts.store.run(end)
    parts.wake()
    return {}


ROUTES = (
    Route("/v2/oauth/token/", _form_route(Endpoint.TOKEN, _token), methods=["POST"]),
    Route("/v2/oauth/revoke/", _form_route(Endpoint.REVOKE, _revoke), methods=["POST"]),
)
