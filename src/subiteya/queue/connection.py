"""From `REDIS_URL` to connections that stay alive for hours of waiting, and that never print the password.

Two kinds of wait exist, and the settings differ:

* Workers and the event reader sit in one blocking command for minutes. A read time-out would deafen them
  (redis-py does not widen it for blocking commands), so there is none; a peer that vanished without a word
  is noticed by TCP keep-alive, which costs no Redis command.
* Everything else wants its answer soon. `Queues` limits each call by itself and retries briefly.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff, NoBackoff

from subiteya.config import QueueSettings
from subiteya.domain.errors import ConfigurationError
from subiteya.observe.meter import Meter, Used

CONNECT_SECONDS: Final = 10.0
_PORT: Final = 6379
_SCHEMES: Final = ("redis", "rediss", "unix")
_OPTIONS_OF: Final = {"redis": frozenset({"db"}), "rediss": frozenset({"db", "ssl_ca_certs"})}

# Seconds: first probe after a quiet minute, dead after three unanswered ones. The last is in milliseconds and
# covers what keep-alive does not: data that we sent and nobody acknowledged.
_KEEPALIVE: Final = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}


class RedisOptions(dict[str, Any]):
    """Keyword arguments for a Redis client; a dict, as bullmq wants, whose repr hides the password."""

    def __repr__(self) -> str:
        return repr({key: "***" if key == "password" and value else value for key, value in self.items()})

    __str__ = __repr__


def redis_options(settings: QueueSettings, meter: Meter | None = None) -> RedisOptions:
    """What each BullMQ object gets as its `connection`.

    Args:
        settings: Where Redis is.
        meter: Counts the commands that go out.

    Raises:
        ConfigurationError: `REDIS_URL` is missing or cannot be understood.
    """
    if settings.url is None:
        raise ConfigurationError(what="REDIS_URL", why="it is not set, and no embedded queue runs")
    parts = _split(settings.url.get_secret_value())
    options = RedisOptions(
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        db=_database(parts),
        socket_timeout=None,
        socket_connect_timeout=CONNECT_SECONDS,
        driver_info=None,  # saves two CLIENT SETINFO per connection
    )
    if meter is not None:
        options["redis_connect_func"] = _counting(meter)
    if parts.scheme == "unix":
        options["unix_socket_path"] = unquote(parts.path)
        return options
    options |= {
        "host": parts.hostname,
        "port": parts.port or _PORT,
        "socket_keepalive": True,
        "socket_keepalive_options": _keepalive_options(),
    }
    if parts.scheme == "rediss":
        options |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
        options["ssl_ca_certs"] = _only(parts, "ssl_ca_certs")
    return options


def redis_place(settings: QueueSettings) -> str:
    """Where Redis is, for logs and people: without user and password."""
    options = redis_options(settings)
    if path := options.get("unix_socket_path"):
        return f"unix:{path} db {options['db']}"
    scheme = "rediss" if options.get("ssl") else "redis"
    return f"{scheme}://{options['host']}:{options['port']}/{options['db']}"


def impatient_client(settings: QueueSettings, meter: Meter | None = None) -> Redis:
    """A client for calls that somebody waits for: three quick retries, then the error."""
    return _client(settings, Retry(ExponentialBackoff(cap=0.5, base=0.05), 3), meter)


def blocking_client(settings: QueueSettings, meter: Meter | None = None) -> Redis:
    """A client for one long wait after another, whose user reconnects in its own way."""
    return _client(settings, Retry(NoBackoff(), 0), meter)


async def prove(client: Redis) -> None:
    """One PING, answered; otherwise redis-py's error."""
    answer = client.ping()
    if not isinstance(answer, bool):  # redis-py types it for its blocking twin too
        await answer


def _client(settings: QueueSettings, retry: Retry, meter: Meter | None) -> Redis:
    options = redis_options(settings, meter)
    return Redis(**options, decode_responses=True, single_connection_client=True, retry=retry)


def _counting(meter: Meter) -> Callable[[AbstractConnection], Awaitable[None]]:
    """For a new connection: from then on each command that it packs is counted, in pipelines too."""

    async def connected(connection: AbstractConnection) -> None:
        pack = connection.__class__.pack_command.__get__(connection)

        def counted(*args: Any) -> Any:
            meter.add(Used.REDIS_COMMANDS)
            return pack(*args)

        connection.pack_command = counted  # type: ignore[method-assign]
        await connection.on_connect()  # what it would have done by itself

    return connected


def _split(url: str) -> SplitResult:
    problem: str | None = None
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is not a number
    except ValueError:
        problem = "it is not a URL"
    else:
        problem = _complaint(parts)
    if problem is not None:
        # Not from the ValueError: its text may hold parts of the URL, and so of the password.
        raise ConfigurationError(what="REDIS_URL", why=problem) from None
    return parts


def _complaint(parts: SplitResult) -> str | None:
    if parts.scheme not in _SCHEMES:
        return "it must begin with redis://, rediss:// or unix://"
    if parts.scheme == "unix":
        if not parts.path.startswith("/") or parts.path == "/":
            return "unix:// needs the absolute path of a socket"
    elif not parts.hostname:
        return "it names no host"
    unknown = set(parse_qs(parts.query, keep_blank_values=True)) - _OPTIONS_OF.get(parts.scheme, {"db"})
    return f"unknown option {', '.join(sorted(unknown))}" if unknown else None


def _database(parts: SplitResult) -> int:
    path = "" if parts.scheme == "unix" else parts.path.strip("/")
    text = _only(parts, "db") or path or "0"
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(what="REDIS_URL", why="the database must be a number")
    return int(text)


def _only(parts: SplitResult, option: str) -> str | None:
    values = parse_qs(parts.query).get(option, [])
    return values[-1] if values else None


def _keepalive_options() -> dict[int, int]:
    # Not every system knows every name; what it does not know keeps its default.
    return {getattr(socket, name): value for name, value in _KEEPALIVE.items() if hasattr(socket, name)}
