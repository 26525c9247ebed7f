"""The two shapes in which TikTok answers, and the refusals that go into them.

Outside OAuth every answer is `{"data": …, "error": {"code", "message", "log_id"}}` and `code` decides, never
the HTTP status. OAuth answers are flat: the fields themselves, or `error`, `error_description`, `log_id`.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse


class Code(StrEnum):
    """Error codes of the Content Posting and Display APIs."""

    OK = "ok"
    INVALID_PARAMS = "invalid_params"
    INVALID_PUBLISH_ID = "invalid_publish_id"
    NOT_YOUR_PUBLISH = "token_not_authorized_for_specified_publish_id"
    NOT_CANCELLABLE = "publish_not_cancellable"
    TOKEN_INVALID = "access_token_invalid"  # noqa: S105 - an error code, not a secret
    SCOPE_MISSING = "scope_not_authorized"
    TOO_MANY_POSTS = "spam_risk_too_many_posts"
    BANNED = "spam_risk_user_banned_from_posting"
    TOO_MANY_DRAFTS = "spam_risk_too_many_pending_share"
    ACTIVE_USER_CAP = "reached_active_user_cap"
    UNAUDITED = "unaudited_client_can_only_post_to_private_accounts"
    URL_UNVERIFIED = "url_ownership_unverified"
    PRIVACY_MISMATCH = "privacy_level_option_mismatch"
    RATE_LIMIT = "rate_limit_exceeded"
    INTERNAL = "internal_error"


_POLICY = "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/"
_MEANING: dict[str, tuple[HTTPStatus, str]] = {
    Code.INVALID_PARAMS: (HTTPStatus.BAD_REQUEST, "The request parameters are invalid"),
    Code.INVALID_PUBLISH_ID: (HTTPStatus.BAD_REQUEST, "The publish_id does not exist"),
    Code.NOT_YOUR_PUBLISH: (
        HTTPStatus.BAD_REQUEST,
        "The access token is not authorized for the specified publish_id",
    ),
    Code.NOT_CANCELLABLE: (HTTPStatus.BAD_REQUEST, "The publish task cannot be cancelled any more"),
    Code.TOKEN_INVALID: (
        HTTPStatus.UNAUTHORIZED,
        "The access token is invalid or not found in the request",
    ),
    Code.SCOPE_MISSING: (
        HTTPStatus.UNAUTHORIZED,
        "The user did not authorize the scope required for completing this request",
    ),
    Code.TOO_MANY_POSTS: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.BANNED: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.TOO_MANY_DRAFTS: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.ACTIVE_USER_CAP: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.UNAUDITED: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.URL_UNVERIFIED: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.PRIVACY_MISMATCH: (HTTPStatus.FORBIDDEN, _POLICY),
    Code.RATE_LIMIT: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "The API rate limit was exceeded, please try again later",
    ),
    Code.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong, please try again later"),
}


class ApiError(Exception):
    """A refusal outside OAuth.

    Attributes:
        code: TikTok's word for it.
        message: TikTok's sentence.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str | None = None, *, status: int | None = None) -> None:
        meant, sentence = _MEANING.get(code, _MEANING[Code.INTERNAL])
        self.code = code
        self.message = message or sentence
        self.status = status or int(meant)
        super().__init__(f"{code}: {self.message}")


class OAuthError(Exception):
    """A refusal of the token or revoke endpoint.

    Attributes:
        error: One of TikTok's categories, such as `invalid_grant`.
        description: TikTok's sentence.
    """

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}")


def log_id(now: datetime) -> str:
    """Return an identifier in the shape that TikTok puts into its logs: time, then hex."""
    return f"{now:%Y%m%d%H%M%S}{secrets.token_hex(9).upper()}"


def answer(data: dict[str, Any], now: datetime) -> JSONResponse:
    """Return a success outside OAuth."""
    return JSONResponse({"data": data, "error": {"code": Code.OK, "message": "", "log_id": log_id(now)}})


def refusal(error: ApiError, now: datetime) -> JSONResponse:
    """Return a refusal outside OAuth; it carries an empty `data`."""
    body = {"data": {}, "error": {"code": error.code, "message": error.message, "log_id": log_id(now)}}
    return JSONResponse(body, status_code=error.status)


def oauth_refusal(error: OAuthError, status: int, now: datetime) -> JSONResponse:
    """Return a refusal of an OAuth endpoint."""
    body = {"error": error.error, "error_description": error.description, "log_id": log_id(now)}
    return JSONResponse(body, status_code=status)
