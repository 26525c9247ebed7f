"""Making the S3 clients: one for calls, one for presigned addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError

from subiteya.config import StorageSettings
from subiteya.domain.errors import ConfigurationError
from subiteya.observe.meter import Meter
from subiteya.storage.bucket import Bucket
from subiteya.storage.metering import count_requests

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

_CONNECT_SECONDS = 5
_READ_SECONDS = 120  # a server-side copy of 5 GB answers only when it is done (measured: 14 s)
_ATTEMPTS = 4
_CONNECTIONS = 32


@asynccontextmanager
async def open_bucket(settings: StorageSettings, meter: Meter | None = None) -> AsyncIterator[Bucket]:
    """Make the clients and close them at the end. No request is sent; a wrong key shows at the first call.

    Raises:
        ConfigurationError: When the settings cannot make a client.
    """
    endpoint = _clean(settings.endpoint)
    public = _clean(settings.public_endpoint)
    async with AsyncExitStack() as stack:
        s3 = await stack.enter_async_context(_client(settings, endpoint))
        # The host is part of the signature, so addresses for browsers need a client of their own when
        # browsers reach the service by another name than we do (http://s3:8333 inside, https://… outside).
        signer = s3
        if public and public != endpoint:
            signer = await stack.enter_async_context(_client(settings, public))
        if meter is not None:
            count_requests(s3, meter)
        yield Bucket(
            name=settings.bucket,
            region=settings.region,
            on_aws=endpoint is None or _is_aws(endpoint),
            endpoints=tuple(dict.fromkeys(address for address in (endpoint, public) if address)),
            s3=s3,
            signer=signer,
            meter=meter,
        )


@asynccontextmanager
async def _client(settings: StorageSettings, endpoint: str | None) -> AsyncIterator[S3Client]:
    key, secret = settings.access_key_id, settings.secret_access_key
    if (key is None) != (secret is None):
        raise ConfigurationError(
            what="AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", why="one of them is set and the other is not"
        )
    # Without keys of ours the machine's are looked up, and a session would remember them for ever.
    session = AioSession() if key is None else _session()
    creating = session.create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=endpoint,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=_config(settings, endpoint),
    )
    try:
        client = await creating.__aenter__()
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(what="S3_ENDPOINT, AWS_REGION, AWS_PROFILE", why=str(error)) from error
    try:
        yield client
    finally:
        await creating.__aexit__(None, None, None)


@cache
def _session() -> AioSession:
    """One for the process: each reads botocore's service files anew, which costs 0.2 s of CPU time."""
    return AioSession()


def _config(settings: StorageSettings, endpoint: str | None) -> Any:
    return AioConfig(
        signature_version="s3v4",
        s3={
            "addressing_style": _addressing_style(settings, endpoint),
            "us_east_1_regional_endpoint": "regional",
        },
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        # R2 refuses the CRC32 trailer that botocore adds by default. The SHA-256 in the signature covers
        # the body of every request instead.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Only S3_ENDPOINT decides where we talk to, not AWS_ENDPOINT_URL or a profile.
        ignore_configured_endpoint_urls=True,
        # A proxy of the machine has no business between us and a service on the same machine.
        proxies={} if endpoint and _is_loopback(endpoint) else None,
        # Reads botocore's service files in a thread; on the loop they would stall it for 100 ms.
        warm_up_loader_caches=True,
    )


def _addressing_style(settings: StorageSettings, endpoint: str | None) -> str:
    """Where the bucket's name stands.

    With `auto` botocore signs addresses on AWS for the global host `bucket.s3.amazonaws.com`, which answers
    with a redirect while a bucket outside us-east-1 is new: a browser's PUT fails there. `virtual` names the
    region. Other services keep `auto`, which leaves the name in the path where the host is an IP address.
    """
    if settings.force_path_style:
        return "path"
    return "virtual" if endpoint is None or _is_aws(endpoint) else "auto"


def _clean(endpoint: str | None) -> str | None:
    """The endpoint without a trailing slash.

    Raises:
        ConfigurationError: When it is not an http(s) address, or carries a user name.
    """
    if endpoint is None:
        return None
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise ConfigurationError(
            what="S3_ENDPOINT, S3_PUBLIC_ENDPOINT", why="an address like https://s3.example.org is expected"
        )
    return endpoint.rstrip("/")


def _is_aws(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
