"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from subiteya.domain.errors import SubiteyaError


def install(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(SubiteyaError, _answer)


async def _answer(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SubiteyaError)  # noqa: S101 - registered for this class only
    body = {
        **{name: str(value) for name, value in error.context.items()},
        "type": f"urn:subiteya:error:{error.code}",
        "status": error.status,
        "detail": error.sentence(),
        "code": error.code,
        "retryable": error.retryable,
        "button": error.button,
    }
    return JSONResponse(body, status_code=error.status, media_type="application/problem+json")
