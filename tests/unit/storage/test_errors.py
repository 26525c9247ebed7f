from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from subiteya.domain.errors import ConfigurationError, NotFound, StorageUnavailable, SubiteyaError
from subiteya.storage.errors import (
    BadRange,
    NotOffered,
    ObjectChanged,
    ObjectMissing,
    StorageDenied,
    StorageRefused,
    UploadIncomplete,
    UploadMissing,
    storage_errors,
    translate,
)


def _answer(code: str, status: int) -> Any:
    return ClientError(
        {"Error": {"Code": code, "Message": "…"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, ObjectMissing),
        ("404", 404, ObjectMissing),
        ("NoSuchBucket", 404, ConfigurationError),
        ("NoSuchUpload", 404, UploadMissing),
        ("AccessDenied", 403, StorageDenied),
        ("403", 403, StorageDenied),
        ("SignatureDoesNotMatch", 403, StorageDenied),
        ("RequestTimeTooSkewed", 403, StorageDenied),
        ("PermanentRedirect", 301, ConfigurationError),
        ("PreconditionFailed", 412, ObjectChanged),
        ("InvalidRange", 416, BadRange),
        ("InvalidPart", 400, UploadIncomplete),
        ("EntityTooSmall", 400, UploadIncomplete),
        ("NotImplemented", 501, NotOffered),
        ("MethodNotAllowed", 405, NotOffered),
        ("SlowDown", 503, StorageUnavailable),
        ("RequestTimeout", 400, StorageUnavailable),
        ("InternalError", 500, StorageUnavailable),
        ("502", 502, StorageUnavailable),
        ("TooManyRequests", 429, StorageUnavailable),
        ("SomethingNew", 400, StorageRefused),
    ],
)
def test_each_answer_has_its_error(code: str, status: int, expected: type[SubiteyaError]) -> None:
    with pytest.raises(SubiteyaError) as raised, storage_errors():
        raise _answer(code, status)
    assert type(raised.value) is expected
    assert raised.value.retryable is (expected is StorageUnavailable)
    assert "…" not in raised.value.sentence()
    assert isinstance(raised.value.__cause__, ClientError)


def test_a_refused_key_comes_with_the_way_out() -> None:
    assert "s3:PutObject" in str(translate(_answer("AccessDenied", 403)))
    assert "AWS_SECRET_ACCESS_KEY" in str(translate(_answer("SignatureDoesNotMatch", 403)))
    assert "clock" in str(translate(_answer("RequestTimeTooSkewed", 403)))


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://s3:8333/clips"),
        ReadTimeoutError(endpoint_url="http://s3:8333/clips"),
        ResponseStreamingError(error="cut"),
        aiohttp.ClientPayloadError("cut"),
    ],
)
def test_a_broken_line_is_worth_a_retry(error: Exception) -> None:
    with pytest.raises(StorageUnavailable), storage_errors():
        raise error


def test_missing_credentials_name_the_variables() -> None:
    with pytest.raises(ConfigurationError, match="AWS_ACCESS_KEY_ID"), storage_errors():
        raise NoCredentialsError


def test_our_own_mistakes_are_not_dressed_up() -> None:
    with pytest.raises(ParamValidationError), storage_errors():
        raise ParamValidationError(report="Body is missing")
    with pytest.raises(ZeroDivisionError), storage_errors():
        _ = 1 / 0


def test_a_missing_file_answers_like_everything_that_is_not_found() -> None:
    assert issubclass(ObjectMissing, NotFound)
    assert ObjectMissing.status == 404
