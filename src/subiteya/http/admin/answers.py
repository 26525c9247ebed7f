"""Errors in the words of bull-board's page, beside ours; and the route class that answers so."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from subiteya.domain.errors import NotFound, QueueUnavailable, SubiteyaError
from subiteya.http import problems
from subiteya.http.locale import sentence

_HEADLINES: Final[Mapping[int, str]] = {
    401: "ERRORS.FORBIDDEN",
    403: "ERRORS.FORBIDDEN",
    404: "ERRORS.JOB_NOT_FOUND",
    409: "ERRORS.FORBIDDEN",
}
_OTHER: Final = "ERRORS.INTERNAL_SERVER_ERROR"


class BoardRoute(APIRoute):
    """Answers an error with our problem document, and beside it `error` and `message` for bull-board's page.

    The page's headline is a key of its own catalogue; below it stands our sentence.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with errors worded for the page."""
        handle = super().get_route_handler()

        async def worded(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return problems.answer_invalid(request, error, error=_invalid(error))
            except SubiteyaError as error:
                problems.log(error)
                said = sentence(error, problems.language_for(request))
                return problems.answer(request, error, error=headline(error), message=said)

        return worded


def headline(error: SubiteyaError) -> dict[str, Any]:
    """Which of the page's own headlines fits an error."""
    if isinstance(error, QueueUnavailable):
        return {"key": "ERRORS.REDIS_UNAVAILABLE"}
    if isinstance(error, NotFound) and error.context.get("what") == "queue":
        return {"key": "ERRORS.QUEUE_NOT_FOUND"}
    return {"key": _HEADLINES.get(error.status, _OTHER)}


def _invalid(error: RequestValidationError) -> dict[str, Any]:
    found = error.errors()
    where = [str(part) for part in found[0]["loc"]] if found else ["body"]
    key = "ERRORS.INVALID_QUERY_PARAM" if where[0] == "query" else "ERRORS.INVALID_REQUEST_BODY"
    return {"key": key, "options": {"field": where[-1]}}
