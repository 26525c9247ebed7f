"""Errors as RFC 9457 problem documents, in the language of whoever asked.

Every answer of 400 and above below `/api` has this shape, also those that FastAPI or the router would word
themselves. What nobody foresaw is logged with the request's id and answered without a word of its inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from subiteya.domain.errors import BadInput, NotFound, SubiteyaError, TooLarge
from subiteya.http.locale import language_of, negotiate, sentence, translate

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_AFTER_SECONDS: Final = "5"
_log = structlog.get_logger(__name__)


class NoSuchAddress(NotFound):
    """Nothing answers at this path."""

    code = "no_such_address"
    message = "There is nothing at this address."


class WrongMethod(SubiteyaError):
    """The path exists, but not for this method."""

    code = "wrong_method"
    status = 405
    message = "This address does not take {method}."


class BodyTooLarge(TooLarge):
    """A request body beyond what the route takes; not about a video."""

    code = "body_too_large"
    message = "What was sent is larger than this address takes."


class NotUnderstood(SubiteyaError):
    """The request broke a rule of HTTP."""

    code = "not_understood"
    status = 400
    message = "The request was not understood (HTTP {status})."


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where, from the outside in.", examples=["body.caption"])
    code: str = Field(description="A stable word for what is wrong.", examples=["string_too_long"])
    why: str = Field(examples=["es demasiado largo"])


class Problem(BaseModel):
    """An RFC 9457 problem document; what else the error knows (`state`, `limit`, …) stands beside it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:subiteya:error:wrong_state"])
    title: str = Field(description="The status in words.", examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(
        description="A sentence for people, in their language.",
        examples=["Ahora no se puede hacer esto (video: en edición)."],
    )
    code: str = Field(description="Stable; programs decide by it.", examples=["wrong_state"])
    retryable: bool = Field(
        description="Whether the same request can succeed later by itself.", examples=[False]
    )
    button: str | None = Field(description="What a person may do about it, if anything.", examples=[None])
    request_id: str | None = Field(None, description="Find it in the logs by this.", examples=["6f1c0a…"])
    errors: list[FieldProblem] | None = Field(None, description="Of each field, when several are wrong.")


BROWSED: Final = frozenset({"/api/accounts/connect", "/api/accounts/callback"})
"""Addresses below `/api` that people come to in their browser, on the way to TikTok and back."""

Page = Callable[[Request, Mapping[str, Any]], Response]
"""Shows a problem to somebody who looks at it in a browser."""


def install(app: FastAPI, page: Page) -> None:
    """Answer every error of an application: below `/api` with a document, in a browser with a page."""
    app.state.problem_page = page
    app.add_exception_handler(SubiteyaError, _on_our_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for OpenAPI: these statuses answer with a problem document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def language_for(request: Request) -> str:
    """The signed-in user's language, else the browser's, else Spanish."""
    locale = getattr(request.state, "locale", None)
    if locale is not None:
        return language_of(locale)
    return negotiate(request.headers.get("accept-language", ""))


def answer(request: Request, error: SubiteyaError, /, **more: object) -> Response:
    """The problem document of an error, or its page; `more` stands beside it."""
    language = language_for(request)
    body: dict[str, Any] = {
        **{name: _json_safe(value) for name, value in error.context.items()},
        **more,
        "type": f"urn:subiteya:error:{error.code}",
        "title": _title(error.status),
        "status": error.status,
        "detail": sentence(error, language),
        "code": error.code,
        "retryable": error.retryable,
        "button": error.button,
        "request_id": getattr(request.state, "request_id", None),
    }
    if _wants_page(request):
        page: Page = request.app.state.problem_page
        return page(request, body)
    return JSONResponse(body, error.status, headers=_headers(error, language), media_type=MEDIA_TYPE)


def log(error: SubiteyaError) -> None:
    """Keep what an operator may have to look into."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("answered with an error", code=error.code, error=str(error), exc_info=error.__cause__)


async def _on_our_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SubiteyaError)  # noqa: S101 - registered for this class only
    log(error)
    return answer(request, error)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return answer_invalid(request, error)


def answer_invalid(request: Request, error: RequestValidationError, /, **more: object) -> Response:
    """The problem document of a request that does not fit its route; `more` stands beside it."""
    language = language_for(request)
    found = [
        {
            "field": ".".join(str(part) for part in each["loc"]),
            "code": each["type"],
            "why": translate(_why(each), language),
        }
        for each in error.errors()
    ]
    first = found[0] if found else {"field": "body", "why": translate("it is not valid", language)}
    return answer(request, BadInput(what=first["field"], why=first["why"]), errors=found, **more)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    ours: SubiteyaError
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            ours = NoSuchAddress(what="address")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            ours = WrongMethod(method=request.method)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            ours = BodyTooLarge()
        case _:
            ours = NotUnderstood(status=error.status_code)
    response = answer(request, ours)
    response.headers.update(error.headers or {})
    return response


async def _on_unexpected(request: Request, _error: Exception) -> Response:
    """Say nothing of the cause; `middleware.AroundRequest` logs it, with the request's id."""
    return answer(request, SubiteyaError())


def _wants_page(request: Request) -> bool:
    path = request.url.path
    in_api = path.startswith("/api/") and path not in BROWSED
    return not in_api and "text/html" in request.headers.get("accept", "")


def _headers(error: SubiteyaError, language: str) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return headers


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _json_safe(value: object) -> object:
    """Context values are whatever the raiser had at hand; what JSON does not know becomes text."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _json_safe(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_json_safe(item) for item in value]
    return str(value)


_REASONS: Final[Mapping[str, str]] = {
    "missing": "it is missing",
    "json_invalid": "it is not JSON",
    "string_type": "it is not text",
    "string_too_short": "it is too short",
    "string_too_long": "it is too long",
    "too_short": "it is too short",
    "too_long": "it is too long",
    "int_type": "it is not a whole number",
    "int_parsing": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "float_type": "it is not a number",
    "float_parsing": "it is not a number",
    "finite_number": "it is not a number",
    "bool_type": "it is not true or false",
    "bool_parsing": "it is not true or false",
    "uuid_type": "it is not an id",
    "uuid_parsing": "it is not an id",
    "uuid_version": "it is not an id",
    "datetime_type": "it is not a date and time",
    "datetime_parsing": "it is not a date and time",
    "datetime_from_date_parsing": "it is not a date and time",
    "timezone_aware": "it needs a time zone",
    "greater_than": "it is too small",
    "greater_than_equal": "it is too small",
    "less_than": "it is too large",
    "less_than_equal": "it is too large",
    "enum": "it is none of the allowed values",
    "literal_error": "it is none of the allowed values",
    "extra_forbidden": "it is not known here",
}
"""Pydantic's words (docs.pydantic.dev/latest/errors/validation_errors) as reasons that we can translate."""


def _why(found: Mapping[str, Any]) -> str:
    """The reason, without what was sent: that may be a secret."""
    if found["type"] == "value_error":
        return str(found["msg"]).removeprefix("Value error, ")
    return _REASONS.get(found["type"], "it is not valid")
