from __future__ import annotations

import pytest
from pydantic import SecretStr

from subiteya.config import QueueSettings
from subiteya.domain.errors import ConfigurationError
from subiteya.queue.connection import RedisOptions, impatient_client, redis_options, redis_place


def settings(url: str | None) -> QueueSettings:
    return QueueSettings().model_copy(update={"url": None if url is None else SecretStr(url)})


def options(url: str) -> RedisOptions:
    return redis_options(settings(url))


def test_a_plain_url_names_host_port_and_database() -> None:
    found = options("redis://cache.example:6380/2")
    assert (found["host"], found["port"], found["db"]) == ("cache.example", 6380, 2)
    assert found["username"] is None
    assert found["password"] is None
    assert "ssl" not in found


def test_port_and_database_have_redis_own_defaults() -> None:
    found = options("redis://cache.example")
    assert (found["port"], found["db"]) == (6379, 0)


def test_user_and_password_are_unquoted() -> None:
    found = options("rediss://default:p%40ss%2Fw%3Ard@host.upstash.io:6379")
    assert (found["username"], found["password"]) == ("default", "p@ss/w:rd")


def test_tls_checks_certificate_and_host_name() -> None:
    found = options("rediss://host.upstash.io:6379?ssl_ca_certs=/etc/ca.pem")
    assert found["ssl"] is True
    assert found["ssl_cert_reqs"] == "required"
    assert found["ssl_check_hostname"] is True
    assert found["ssl_ca_certs"] == "/etc/ca.pem"


def test_a_socket_path_may_carry_a_database() -> None:
    found = options("unix:///run/v%20x.sock?db=3")
    assert (found["unix_socket_path"], found["db"]) == ("/run/v x.sock", 3)
    assert "host" not in found


@pytest.mark.parametrize("url", ["redis://h", "rediss://h", "unix:///s"])
def test_no_read_time_out_deafens_an_idle_worker_but_connecting_has_a_limit(url: str) -> None:
    found = options(url)
    assert found["socket_timeout"] is None
    assert found["socket_connect_timeout"] == 10


def test_a_vanished_peer_is_noticed_by_the_system() -> None:
    found = options("rediss://h")
    assert found["socket_keepalive"] is True
    assert found["socket_keepalive_options"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "not set"),
        ("", "must begin"),
        ("http://h", "must begin"),
        ("postgres://h/jobs", "must begin"),
        ("redis://", "no host"),
        ("redis://h:port", "not a URL"),
        ("redis://h/first", "must be a number"),
        ("unix://", "absolute path"),
        ("unix:relative", "absolute path"),
        ("rediss://h?ssl_cert_reqs=none", "unknown option ssl_cert_reqs"),
        ("redis://h?socket_timeout=5", "unknown option socket_timeout"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_words(url: str | None, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        redis_options(settings(url))
    assert "REDIS_URL" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["rediss://u:geheim@h:port", "redis://u:geheim@h/first", "rediss://u:geheim@h?nix=1", "x://u:geheim@h"],
)
def test_a_refusal_does_not_repeat_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        redis_options(settings(url))
    assert "geheim" not in repr(caught.value) + str(caught.value) + repr(caught.value.__cause__)


def test_nothing_printable_holds_the_password() -> None:
    here = settings("rediss://default:geheim@h:1/0")
    client = impatient_client(here)
    printed = [repr(here), repr(redis_options(here)), str(redis_options(here)), f"{redis_options(here)}"]
    printed += [redis_place(here), repr(client), repr({"connection": redis_options(here)})]
    assert all("geheim" not in text for text in printed)
    assert redis_options(here)["password"] == "geheim"


def test_the_place_is_said_without_secrets() -> None:
    assert redis_place(settings("rediss://default:geheim@h:1/2")) == "rediss://h:1/2"
    assert redis_place(settings("unix:///run/v.sock?db=1")) == "unix:/run/v.sock db 1"
