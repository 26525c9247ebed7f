"""The engines are as closed as they were found to be when the switches were chosen."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from typing import Any

import httpx2
import psutil
import psycopg
import pytest
import redis

from fixtures.engines import RunningEngines
from subiteya.embedded.ports import LOOPBACK


def _process(engines: RunningEngines, name: str) -> psutil.Process:
    return psutil.Process(json.loads((engines.root / "pids" / f"{name}.pid").read_text())["pid"])


def test_nothing_listens_beyond_loopback(engines: RunningEngines) -> None:
    def listening(name: str) -> set[str]:
        connections = _process(engines, name).net_connections("inet")
        return {found.laddr.ip for found in connections if found.status == psutil.CONN_LISTEN}

    assert listening("postgres") == set()
    assert listening("valkey") == set()
    assert listening("s3") == {LOOPBACK}


def test_sockets_lie_in_a_folder_that_only_we_can_enter(engines: RunningEngines) -> None:
    folder = engines.root / "sockets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "v.sock").is_socket()
    assert (folder / ".s.PGSQL.5432").is_socket()


def test_no_engine_sees_our_secrets(engines: RunningEngines) -> None:
    secrets = json.loads((engines.root / "secrets.json").read_text())
    for name in ("postgres", "valkey", "s3"):
        seen = _process(engines, name).environ()
        assert not set(secrets.values()) & set(seen.values())
        assert not [key for key in seen if key.startswith(("AWS_", "S3_", "PG", "REDIS_", "DATABASE_"))]


def test_s3_serves_nobody_without_the_key(engines: RunningEngines, bucket: str, s3_client: Any) -> None:
    s3_client.put_object(Bucket=bucket, Key="temp/clip.mp4", Body=b"secret")
    endpoint = engines.environment["S3_ENDPOINT"]
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"{endpoint}/{bucket}/temp/clip.mp4").status_code == 403
        assert client.put(f"{endpoint}/{bucket}/temp/clip.mp4", content=b"other").status_code == 403


@pytest.mark.parametrize(("door", "offset"), [("volume", 2), ("filer", 3)])
def test_the_back_doors_of_the_s3_server_are_closed(
    engines: RunningEngines, bucket: str, s3_client: Any, door: str, offset: int
) -> None:
    s3_client.put_object(Bucket=bucket, Key="temp/clip.mp4", Body=b"secret" * 100)
    port = int(engines.environment["S3_ENDPOINT"].rpartition(":")[2]) + offset
    path = {"volume": "1,0123456789", "filer": f"buckets/{bucket}/temp/clip.mp4"}[door]
    address = f"http://{LOOPBACK}:{port}/{path}"
    closed = {"volume": 401, "filer": 404}[door]
    with httpx2.Client(trust_env=False) as client:
        assert client.get(address).status_code == closed
        assert client.put(address, content=b"x").status_code == closed


def test_valkey_keeps_what_it_acknowledges_and_evicts_nothing(engines: RunningEngines) -> None:
    with redis.Redis.from_url(engines.environment["REDIS_URL"], decode_responses=True) as client:
        found: Mapping[str, str] = client.config_get()
    wanted = {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "port": "0",
    }
    assert {name: found[name] for name in wanted} == wanted


def test_postgres_is_of_the_tested_version_and_has_room_for_all_processes(engines: RunningEngines) -> None:
    with psycopg.connect(engines.environment["DATABASE_URL"]) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.execute("SHOW max_connections").fetchone() == ("200",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
