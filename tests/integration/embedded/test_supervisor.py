"""`up` as its user sees it: a program that starts, keeps going, stops, and starts again where it stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import redis
from botocore.config import Config
from botocore.session import get_session

from subiteya.embedded.home import Home
from subiteya.embedded.identity import Identity
from subiteya.embedded.state import find_running

_STANDIN = Path(__file__).with_name("standin.py")
_ELSEWHERE = {
    "DATABASE_URL": "postgresql://elsewhere/db",
    "REDIS_URL": "redis://elsewhere",
    "S3_ENDPOINT": "http://elsewhere",
}
"""With these nothing embedded starts: enough for tests of the supervisor alone."""


class Up:
    """A running stand-in for `subiteya up`."""

    def __init__(self, folder: Path, environment: Mapping[str, str], trouble: str = "none") -> None:
        self.home = Home(folder / "home")
        self.order = folder / "order"
        self.log = folder / "terminal.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(_STANDIN), str(self.home.root), str(self.order), trouble],
                env={**_without_engines(os.environ), **environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    @property
    def terminal(self) -> str:
        return self.log.read_text()

    def ready(self) -> Mapping[str, Any]:
        """What the body printed; empty when the start failed."""
        assert self.process.stdout is not None
        words: Mapping[str, Any] = json.loads(self.process.stdout.readline() or "{}")
        return words

    def end(self, number: signal.Signals) -> float:
        """Send a signal, wait for the end; seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return time.monotonic() - begun


Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Up] = []

    def starter(environment: Mapping[str, str] | None = None, trouble: str = "none") -> Up:
        started.append(Up(tmp_path, _ELSEWHERE if environment is None else environment, trouble))
        return started[-1]

    yield starter
    for up in started:
        with contextlib.suppress(ProcessLookupError):
            up.process.kill()
        up.process.communicate()


def _without_engines(environment: Mapping[str, str]) -> dict[str, str]:
    ours = ("DATABASE_", "REDIS_", "S3_", "AWS_", "PORT", "ENCRYPTION_KEY")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def _eventually(what: Callable[[], bool], limit_s: float = 15) -> None:
    end = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def _identities(pids: Mapping[str, int]) -> list[Identity]:
    found = [Identity.of(pid) for pid in pids.values()]
    assert None not in found
    return [identity for identity in found if identity is not None]


def _lock_is_free(home: Home) -> bool:
    descriptor = os.open(home.root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _s3(environment: Mapping[str, str]) -> Any:
    return get_session().create_client(
        "s3",
        endpoint_url=environment["S3_ENDPOINT"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
        config=Config(s3={"addressing_style": "path"}),
    )


def _leave_data(environment: Mapping[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_URL"]) as database:
        database.execute("CREATE TABLE kept (word text)")
        database.execute("INSERT INTO kept VALUES ('still here')")
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.set("kept", "still here")
    s3 = _s3(environment)
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="kept", Body=b"still here")


def _find_data(environment: Mapping[str, str]) -> list[str]:
    with psycopg.connect(environment["DATABASE_URL"]) as database:
        rows = database.execute("SELECT word FROM kept").fetchall()
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        value = client.get("kept")
    assert isinstance(value, bytes)
    body = _s3(environment).get_object(Bucket="kept", Key="kept")["Body"].read()
    return [rows[0][0], value.decode(), body.decode()]


def test_ctrl_c_leaves_nothing_running_and_the_next_start_finds_all_data(start: Start) -> None:
    first = start({})
    ready = first.ready()
    stack = find_running(first.home)
    assert stack is not None
    assert stack.settings.database.url is not None
    _leave_data(stack.environment)
    children = _identities(ready["pids"])
    assert {"postgres", "valkey", "s3", "api", "edit", "simulator"} == set(ready["pids"])

    assert first.end(signal.SIGINT) < 10
    assert first.process.returncode == 0
    assert not [child for child in children if child.alive]
    assert _lock_is_free(first.home)
    assert find_running(first.home) is None
    assert not first.home.state_file.exists()
    assert not first.home.sockets.exists()
    assert not list(first.home.pids.iterdir())

    second = start({})
    assert second.ready()["url"] == ready["url"]
    again = find_running(second.home)
    assert again is not None
    assert again.environment["S3_ENDPOINT"] == stack.environment["S3_ENDPOINT"]
    assert again.environment["ENCRYPTION_KEY"] == stack.environment["ENCRYPTION_KEY"]
    assert _find_data(again.environment) == ["still here"] * 3


def test_children_die_with_a_killed_supervisor_and_the_next_start_finds_all_data(start: Start) -> None:
    first = start({})
    children = _identities(first.ready()["pids"])
    stack = find_running(first.home)
    assert stack is not None
    _leave_data(stack.environment)

    first.end(signal.SIGKILL)
    _eventually(lambda: not [child for child in children if child.alive])
    assert find_running(first.home) is None
    second = start({})
    assert second.ready()["pids"]
    again = find_running(second.home)
    assert again is not None
    assert _find_data(again.environment) == ["still here"] * 3


def test_a_child_that_outlives_a_killed_supervisor_is_stopped_by_the_next_start(start: Start) -> None:
    first = start(trouble="deaf")
    deaf = _identities({"deaf": first.ready()["pids"]["deaf"]})[0]
    first.end(signal.SIGKILL)
    second = start()
    assert second.ready()["pids"]
    assert not deaf.alive
    assert f"Stopped deaf (process {deaf.pid}), left over from a killed run" in second.terminal


def test_a_killed_postgres_is_started_again_with_its_data(start: Start) -> None:
    up = start({})
    killed = up.ready()["pids"]["postgres"]
    stack = find_running(up.home)
    assert stack is not None
    _leave_data(stack.environment)

    os.kill(killed, signal.SIGKILL)
    _eventually(lambda: (now := find_running(up.home)) is not None and now.pids["postgres"] != killed)
    assert _find_data(stack.environment) == ["still here"] * 3
    assert "postgres was killed by SIGKILL; starting it again in 0.5 s" in up.terminal


def test_a_killed_part_is_started_again_each_time_later(start: Start) -> None:
    up = start()
    pids = [up.ready()["pids"]["edit"]]
    for delay in ("0.5", "1"):
        os.kill(pids[-1], signal.SIGKILL)
        sentence = f"edit was killed by SIGKILL; starting it again in {delay} s"
        _eventually(lambda sentence=sentence: sentence in up.terminal)  # type: ignore[misc]  # bound per turn
        _eventually(lambda: (now := find_running(up.home)) is not None and now.pids["edit"] not in pids)
        stack = find_running(up.home)
        assert stack is not None
        pids.append(stack.pids["edit"])
    assert up.process.poll() is None


def test_parts_are_told_where_everything_is(start: Start) -> None:
    up = start({**_ELSEWHERE, "FROM_THE_SHELL": "kept"})
    with httpx2.Client(trust_env=False) as client:
        environment = client.get(up.ready()["url"]).json()
    assert environment["SUBITEYA_HOME"] == str(up.home.root)
    assert environment["DATABASE_URL"] == _ELSEWHERE["DATABASE_URL"]
    assert environment["FROM_THE_SHELL"] == "kept"
    assert environment["PORT"]
    assert environment["ENCRYPTION_KEY"]


def test_the_terminal_shows_readiness_and_prefixed_lines_at_once(start: Start) -> None:
    up = start()
    up.ready()
    assert "edit       │ Started with concurrency 2" in up.terminal
    assert "step       │ ✓ ready in 0.0 s · bucket subiteya-videos" in up.terminal
    for name in ("api", "edit", "simulator"):
        assert f"{name:<10} │ ✓ ready in " in up.terminal
    assert (up.home.logs / "edit.log").read_text() == "Started with concurrency 2\n"


def test_a_second_start_on_the_same_folder_is_refused_with_the_address_of_the_first(start: Start) -> None:
    first = start()
    url = first.ready()["url"]
    second = start()
    assert second.ready() == {}
    assert second.process.wait(10) == 1
    assert "SubiteYa already runs on the data folder" in second.terminal
    assert f"It answers at {url} (process {first.process.pid})" in second.terminal
    with httpx2.Client(trust_env=False) as client:
        assert client.get(url).is_success
    assert find_running(first.home) is not None


def test_parts_stop_in_the_order_of_their_stages(start: Start) -> None:
    up = start()
    up.ready()
    up.end(signal.SIGTERM)
    assert up.order.read_text().split() == ["api", "edit", "simulator"]


def test_a_part_that_does_not_stop_is_killed_after_its_limit(start: Start) -> None:
    up = start(trouble="deaf")
    deaf = _identities({"deaf": up.ready()["pids"]["deaf"]})
    assert up.end(signal.SIGINT) < 10
    assert not deaf[0].alive
    assert up.order.read_text().split() == ["api", "edit", "simulator"]


def test_a_second_signal_kills_at_once(start: Start) -> None:
    up = start(trouble="deaf")
    deaf = _identities({"deaf": up.ready()["pids"]["deaf"]})
    up.process.send_signal(signal.SIGINT)
    up.end(signal.SIGINT)
    assert up.process.returncode == 0
    assert not deaf[0].alive


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("broken", "broken did not start: ended with code 3"),
        ("mute", "mute did not start: not ready after 0.5 s"),
    ],
)
def test_a_part_that_does_not_start_ends_the_stack_with_its_last_lines(
    start: Start, trouble: str, sentence: str
) -> None:
    up = start(trouble=trouble)
    assert up.ready() == {}
    assert up.process.wait(20) == 1
    assert sentence in up.terminal
    assert "no luck" in up.terminal or trouble == "mute"
    assert not list(up.home.pids.iterdir())
    assert _lock_is_free(up.home)


def test_a_signal_during_the_start_leaves_nothing(start: Start) -> None:
    up = start({})
    _eventually(lambda: len(list(up.home.pids.glob("*.pid"))) > 0 if up.home.pids.exists() else False)
    up.end(signal.SIGTERM)
    assert up.process.returncode == 0
    assert not list(up.home.pids.iterdir())
    assert _lock_is_free(up.home)
