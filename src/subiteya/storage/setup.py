"""Setting up the bucket: a separate command, because production keys often may not.

S3 services differ in what they offer; each step says what came of it, and none of them stops the others.
A rule or an origin that somebody else has put into the bucket stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from subiteya.domain.errors import BadInput, ConfigurationError, StorageUnavailable
from subiteya.storage.bucket import Bucket
from subiteya.storage.errors import (
    NO_BUCKET_HINT,
    NotOffered,
    ObjectMissing,
    StorageDenied,
    StorageRefused,
    code_of,
    storage_errors,
)

if TYPE_CHECKING:
    from types_aiobotocore_s3.type_defs import (
        CORSRuleTypeDef,
        LifecycleRuleTypeDef,
        PublicAccessBlockConfigurationTypeDef,
    )

T = TypeVar("T")

CORS_RULE_ID = "subiteya"
_CHECK_SECONDS = 5
_NO_BUCKET = frozenset({"404", "NoSuchBucket", "NotFound"})


class Outcome(StrEnum):
    """What came of one step."""

    DONE = "done"  # changed now
    ALREADY = "already"  # stood there as wanted
    NOT_OFFERED = "not offered"  # this service has no such call
    REFUSED = "refused"  # our key may not, or the service does not want to


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the set-up: its name, what came of it, and a remark."""

    name: str
    outcome: Outcome
    detail: str = ""


async def check_bucket(bucket: Bucket) -> None:
    """Ask whether the bucket is there and our key may use it; changes nothing.

    Raises:
        ConfigurationError: When there is no such bucket (also StorageDenied, when the key is refused).
        StorageUnavailable: When S3 does not answer within 5 s.
    """
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            with storage_errors():
                await bucket.s3.head_bucket(Bucket=bucket.name)
    except ObjectMissing as error:
        raise ConfigurationError(what="S3_BUCKET_NAME", why=NO_BUCKET_HINT) from error
    except TimeoutError as error:
        raise StorageUnavailable(why="no answer within 5 s") from error


async def set_up_bucket(bucket: Bucket, origins: Sequence[str]) -> list[Step]:
    """Create the bucket if it is missing; close it to the public; set CORS and lifecycle. May be repeated.

    Args:
        bucket: Which one.
        origins: Web origins of the app, like `https://clips.example.org`; a path behind them is dropped.

    Raises:
        StorageUnavailable: When S3 does not answer.
    """
    allowed = [_origin(origin) for origin in origins]
    steps = [await _try("bucket", lambda: _create(bucket))]
    if steps[0].outcome is Outcome.REFUSED:
        return steps
    steps.append(await _try("public access block", lambda: _block_public_access(bucket)))
    steps.append(await _try("cors", lambda: _set_cors(bucket, allowed)))
    steps.append(await _try("lifecycle", lambda: _set_lifecycle(bucket)))
    return steps


def lifecycle_rules() -> list[LifecycleRuleTypeDef]:
    """The two rules: uploads go after a day, videos after 30; unfinished uploads after a day.

    Expiry and abort stand in one rule per prefix: MinIO refuses a document with an abort-only rule.
    """

    def rule(name: str, prefix: str, days: int) -> LifecycleRuleTypeDef:
        return {
            "ID": name,
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"Days": days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }

    return [rule("temp-1d", "temp/", 1), rule("videos-30d", "videos/", 30)]


def cors_rule(origins: Sequence[str]) -> CORSRuleTypeDef:
    """What browsers on these origins may do: read, and PUT parts whose ETag they may then see."""
    return {
        "ID": CORS_RULE_ID,
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedOrigins": list(origins),
        "AllowedHeaders": ["content-type", "if-none-match", "range", "x-amz-*"],
        "ExposeHeaders": ["ETag", "Content-Length", "Content-Range", "Accept-Ranges"],
        "MaxAgeSeconds": 3600,
    }


async def _try(name: str, work: Callable[[], Awaitable[Step]]) -> Step:
    """Run a step; "not offered" and "refused" are results, not failures."""
    try:
        with storage_errors():
            return await work()
    except NotOffered:
        return Step(name, Outcome.NOT_OFFERED)
    except (StorageDenied, StorageRefused) as error:
        return Step(name, Outcome.REFUSED, error.sentence())


async def _create(bucket: Bucket) -> Step:
    try:
        await bucket.s3.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        if code_of(error) not in _NO_BUCKET:
            raise
    else:
        return Step("bucket", Outcome.ALREADY, bucket.name)
    wanted: dict[str, Any] = {}
    # Only AWS wants to be told the region, and not for us-east-1.
    if bucket.on_aws and bucket.region != "us-east-1":
        wanted["CreateBucketConfiguration"] = {"LocationConstraint": bucket.region}
    try:
        await bucket.s3.create_bucket(Bucket=bucket.name, **wanted)
    except ClientError as error:
        if code_of(error) != "BucketAlreadyOwnedByYou":  # another process was faster
            raise
    return Step("bucket", Outcome.DONE, bucket.name)


async def _block_public_access(bucket: Bucket) -> Step:
    name = "public access block"
    wanted: PublicAccessBlockConfigurationTypeDef = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    found = await _unless(
        "NoSuchPublicAccessBlockConfiguration", bucket.s3.get_public_access_block(Bucket=bucket.name)
    )
    if found and found["PublicAccessBlockConfiguration"] == wanted:
        return Step(name, Outcome.ALREADY)
    await bucket.s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=wanted)
    return Step(name, Outcome.DONE)


async def _set_cors(bucket: Bucket, origins: Sequence[str]) -> Step:
    wanted = cors_rule(origins)
    found = await _unless("NoSuchCORSConfiguration", bucket.s3.get_bucket_cors(Bucket=bucket.name))
    there = found["CORSRules"] if found else []
    if wanted in there:
        return Step("cors", Outcome.ALREADY)
    rules = [rule for rule in there if rule.get("ID") != CORS_RULE_ID]
    await bucket.s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [*rules, wanted]})
    return Step("cors", Outcome.DONE, ", ".join(origins))


async def _set_lifecycle(bucket: Bucket) -> Step:
    wanted = lifecycle_rules()
    found = await _unless(
        "NoSuchLifecycleConfiguration",
        bucket.s3.get_bucket_lifecycle_configuration(Bucket=bucket.name),
    )
    there = found["Rules"] if found else []
    if all(rule in there for rule in wanted):
        return Step("lifecycle", Outcome.ALREADY)
    names = {rule.get("ID") for rule in wanted}
    prefixes = {_prefix(rule) for rule in wanted}
    # Rules for our own prefixes under another name (the seed's, say) would contradict ours.
    kept = [rule for rule in there if rule.get("ID") not in names and _prefix(rule) not in prefixes]
    await bucket.s3.put_bucket_lifecycle_configuration(
        Bucket=bucket.name, LifecycleConfiguration={"Rules": [*kept, *wanted]}
    )
    return Step("lifecycle", Outcome.DONE, "temp/ 1 day, videos/ 30 days")


async def _unless(missing: str, asking: Awaitable[T]) -> T | None:
    """The configuration asked for, or None when the service says that there is none."""
    try:
        return await asking
    except ClientError as error:
        if code_of(error) != missing:
            raise
        return None


def _prefix(rule: Mapping[str, Any]) -> str | None:
    found = rule.get("Filter", {}).get("Prefix", rule.get("Prefix"))
    return None if found is None else str(found)


def _origin(address: str) -> str:
    """The origin of an address, as browsers send it: no path, no trailing slash, no default port.

    Raises:
        BadInput: When it is not an http(s) address.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput(what="origin", why="an address like https://clips.example.org is expected")
    standard = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, standard) else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"
