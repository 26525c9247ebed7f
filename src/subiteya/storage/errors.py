"""What goes wrong in S3, in the words of our error tree.

Every call to S3 stands inside `storage_errors()`, so nobody above this package sees botocore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from subiteya.domain.errors import (
    BadInput,
    ConfigurationError,
    NotFound,
    StorageUnavailable,
    SubiteyaError,
    WrongState,
)


class ObjectMissing(NotFound):
    """The object is not (or no longer) in the bucket."""

    code = "object_missing"
    message = "The file is no longer in the storage."


class UploadMissing(NotFound):
    """The multipart upload was completed, aborted or expired."""

    code = "upload_missing"
    message = "This upload is no longer open. Start it again."


class UploadIncomplete(BadInput):
    """The bytes that came are not the bytes that were announced."""

    code = "upload_incomplete"
    message = "The upload is not complete: {why}"


class BadRange(BadInput):
    """The range lies outside the object."""

    code = "bad_range"
    status = 416
    message = "The file has no such range."


class ObjectChanged(WrongState):
    """Somebody wrote the object between our look at it and our use of it."""

    code = "object_changed"
    message = "The file was changed while it was in use. Upload it again."


class StorageDenied(ConfigurationError):
    """S3 knows our key and refuses, or does not know it; trying again does not help."""

    code = "storage_denied"
    message = "The file storage refuses our key: {hint}"


class StorageRefused(SubiteyaError):
    """S3 answered with an error that repeating does not change."""

    code = "storage_refused"
    status = 502
    message = "The file storage refused: {reason}"


class NotOffered(StorageRefused):
    """The service does not know this call at all."""

    code = "storage_not_offered"
    message = "The file storage does not offer this: {reason}"


_RIGHTS = (
    "it needs s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload and "
    "s3:ListMultipartUploadParts on the objects and s3:ListBucket on the bucket "
    "(without s3:ListBucket a missing file looks like a forbidden one)"
)
_HINTS: Mapping[str, str] = {
    "AllAccessDisabled": "the account is disabled",
    "AccountProblem": "the account has a problem",
    "AuthorizationHeaderMalformed": "AWS_REGION is not the region of the bucket",
    "ExpiredToken": "its session token has expired",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "InvalidToken": "its session token is not valid",
    "RequestTimeTooSkewed": "the clock of this machine differs by more than 15 minutes",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
}
NO_BUCKET_HINT = "there is no such bucket (try: subiteya setup-s3)"
_ELSEWHERE = {"what": "AWS_REGION", "why": "the bucket lives in another region"}
# Codes of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; answers to HEAD have no body,
# there botocore puts the status in the place of the code.
_ANSWERS: Mapping[str, tuple[type[SubiteyaError], Mapping[str, str]]] = {
    **dict.fromkeys(("404", "NoSuchKey", "NotFound"), (ObjectMissing, {"what": "file"})),
    "NoSuchUpload": (UploadMissing, {"what": "upload"}),
    **dict.fromkeys(
        ("412", "PreconditionFailed", "ConditionalRequestConflict"),
        (ObjectChanged, {"what": "file", "state": "changed"}),
    ),
    **dict.fromkeys(("416", "InvalidRange"), (BadRange, {"what": "range"})),
    **dict.fromkeys(
        ("EntityTooSmall", "InvalidPart", "InvalidPartOrder"),
        (UploadIncomplete, {"what": "upload", "why": "a part is missing, changed or too small"}),
    ),
    **dict.fromkeys(("AccessDenied", "Unauthorized", "401", "403"), (StorageDenied, {"hint": _RIGHTS})),
    **{code: (StorageDenied, {"hint": hint}) for code, hint in _HINTS.items()},
    "NoSuchBucket": (ConfigurationError, {"what": "S3_BUCKET_NAME", "why": NO_BUCKET_HINT}),
    **dict.fromkeys(("301", "PermanentRedirect"), (ConfigurationError, _ELSEWHERE)),
    **dict.fromkeys(("501", "405", "NotImplemented", "MethodNotAllowed"), (NotOffered, {})),
}
_PASSING = frozenset(
    {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"}
)
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429


def code_of(error: ClientError) -> str:
    """The service's own code, or the HTTP status as text where the answer had no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def translate(error: Exception) -> SubiteyaError | None:
    """The error of our tree for one of botocore's; None for what is no answer of S3 but a mistake of ours."""
    if isinstance(error, ClientError):
        return _translate_answer(code_of(error), error.response)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ConfigurationError(
            what="AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", why="one of them is missing or empty"
        )
    if isinstance(
        error,
        BotoConnectionError
        | HTTPClientError
        | IncompleteReadError
        | CredentialRetrievalError
        | aiohttp.ClientError,
    ):
        return StorageUnavailable(why=type(error).__name__)
    return None


def _translate_answer(code: str, response: Mapping[str, Any]) -> SubiteyaError:
    if code in _ANSWERS:
        kind, context = _ANSWERS[code]
        return kind(**context, reason=code)
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _PASSING or status >= _SERVER_ERROR or status == _TOO_MANY_REQUESTS:
        return StorageUnavailable(why=code)
    return StorageRefused(reason=code)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what botocore raises inside the block into errors of our tree; everything else passes."""
    try:
        yield
    except (BotoCoreError, ClientError, aiohttp.ClientError) as error:
        translated = translate(error)
        if translated is None:
            raise
        raise translated from error
