"""Set-up on an AWS that is played by botocore's stub: what the embedded server does not offer."""

from __future__ import annotations

from typing import Any

import pytest
from aiobotocore.stub import AioStubber

from subiteya.domain.errors import BadInput, ConfigurationError, StorageUnavailable
from subiteya.storage import Storage
from subiteya.storage.setup import CORS_RULE_ID, Outcome, cors_rule, lifecycle_rules

ORIGIN = "https://clips.example.org"
CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
BUCKET = {"Bucket": "clips"}


def _fresh_bucket(stub: Any) -> None:
    stub.add_client_error("head_bucket", "404", http_status_code=404)
    stub.add_response(
        "create_bucket", {}, {**BUCKET, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    )


def _public_access(stub: Any) -> None:
    stub.add_client_error("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
    stub.add_response("put_public_access_block", {}, {**BUCKET, "PublicAccessBlockConfiguration": CLOSED})


def _cors(stub: Any, there: list[dict[str, Any]], put: list[Any]) -> None:
    stub.add_response("get_bucket_cors", {"CORSRules": there}, BUCKET)
    stub.add_response("put_bucket_cors", {}, {**BUCKET, "CORSConfiguration": {"CORSRules": put}})


def _lifecycle(stub: Any, there: list[Any], put: list[Any]) -> None:
    stub.add_response("get_bucket_lifecycle_configuration", {"Rules": there}, BUCKET)
    stub.add_response(
        "put_bucket_lifecycle_configuration", {}, {**BUCKET, "LifecycleConfiguration": {"Rules": put}}
    )


async def test_a_new_bucket_on_aws_gets_its_region_and_everything_else(offline: Storage) -> None:
    with AioStubber(offline.bucket.s3) as stub:
        _fresh_bucket(stub)
        _public_access(stub)
        stub.add_client_error("get_bucket_cors", "NoSuchCORSConfiguration")
        stub.add_response("put_bucket_cors", {})
        stub.add_client_error("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration")
        stub.add_response("put_bucket_lifecycle_configuration", {})
        steps = await offline.set_up([ORIGIN])
        stub.assert_no_pending_responses()
    assert [step.outcome for step in steps] == [Outcome.DONE] * 4


async def test_rules_of_others_stay_and_old_ones_for_our_folders_go(offline: Storage) -> None:
    foreign_cors = {"ID": "theirs", "AllowedMethods": ["GET"], "AllowedOrigins": ["https://other.example"]}
    old_cors = {"ID": CORS_RULE_ID, "AllowedMethods": ["GET"], "AllowedOrigins": ["https://old.example"]}
    foreign_rule = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 9},
    }
    seeds_rule = {
        "ID": "DeleteTempFilesAfter1Day",
        "Status": "Enabled",
        "Filter": {"Prefix": "temp/"},
        "Expiration": {"Days": 1},
    }
    with AioStubber(offline.bucket.s3) as stub:
        stub.add_response("head_bucket", {}, BUCKET)
        stub.add_response("get_public_access_block", {"PublicAccessBlockConfiguration": CLOSED}, BUCKET)
        _cors(stub, [foreign_cors, old_cors], [foreign_cors, cors_rule([ORIGIN])])
        _lifecycle(stub, [foreign_rule, seeds_rule], [foreign_rule, *lifecycle_rules()])
        steps = await offline.set_up([f"{ORIGIN}/"])
        stub.assert_no_pending_responses()
    assert [step.outcome for step in steps] == [
        Outcome.ALREADY,
        Outcome.ALREADY,
        Outcome.DONE,
        Outcome.DONE,
    ]


async def test_what_is_not_offered_or_not_allowed_stops_nothing_else(offline: Storage) -> None:
    with AioStubber(offline.bucket.s3) as stub:
        stub.add_response("head_bucket", {}, BUCKET)
        stub.add_client_error("get_public_access_block", "AccessDenied", http_status_code=403)
        stub.add_client_error("get_bucket_cors", "NotImplemented", http_status_code=501)
        _lifecycle(stub, [], lifecycle_rules())
        steps = await offline.set_up([ORIGIN])
    assert [step.outcome for step in steps] == [
        Outcome.ALREADY,
        Outcome.REFUSED,
        Outcome.NOT_OFFERED,
        Outcome.DONE,
    ]
    assert "s3:PutObject" in steps[1].detail


async def test_somebody_elses_bucket_ends_the_set_up(offline: Storage) -> None:
    with AioStubber(offline.bucket.s3) as stub:
        stub.add_client_error("head_bucket", "403", http_status_code=403)
        steps = await offline.set_up([ORIGIN])
        stub.assert_no_pending_responses()
    assert [step.outcome for step in steps] == [Outcome.REFUSED]


async def test_a_service_that_is_down_is_not_taken_for_a_refusal(offline: Storage) -> None:
    with AioStubber(offline.bucket.s3) as stub:
        stub.add_client_error("head_bucket", "503", http_status_code=503)
        with pytest.raises(StorageUnavailable):
            await offline.set_up([ORIGIN])


async def test_the_check_changes_nothing_and_names_the_missing_bucket(offline: Storage) -> None:
    with AioStubber(offline.bucket.s3) as stub:
        stub.add_response("head_bucket", {}, BUCKET)
        await offline.check()
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        with pytest.raises(ConfigurationError, match="S3_BUCKET_NAME"):
            await offline.check()
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("origin", ["clips.example.org", "ftp://clips.example.org", "*", ""])
async def test_an_origin_must_be_an_address(offline: Storage, origin: str) -> None:
    with pytest.raises(BadInput):
        await offline.set_up([origin])


def test_one_rule_a_prefix_holds_expiry_and_abort() -> None:
    assert lifecycle_rules() == [
        {
            "ID": "temp-1d",
            "Status": "Enabled",
            "Filter": {"Prefix": "temp/"},
            "Expiration": {"Days": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
        {
            "ID": "videos-30d",
            "Status": "Enabled",
            "Filter": {"Prefix": "videos/"},
            "Expiration": {"Days": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
