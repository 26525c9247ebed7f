"""What SubiteYa consists of when one command runs it all: its steps, its processes, their addresses."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from rich.console import Console

from subiteya.config import Settings
from subiteya.db.migrate import upgrade
from subiteya.embedded.errors import StackError
from subiteya.embedded.parts import Part, Plan, Step, answers, prints
from subiteya.embedded.ports import LOOPBACK, Ports, is_free
from subiteya.embedded.screen import Screen
from subiteya.embedded.supervisor import Supervisor
from subiteya.storage.facade import open_storage

_GRACE_S = 3  # a worker hands its job back after this time, so that Ctrl-C is done within ten seconds
_API, _WORKERS, _SIMULATOR = 1, 2, 3  # stop stages


def make_supervisor(settings: Settings, console: Console, *, show_lines: bool = True) -> Supervisor:
    """The supervisor of `subiteya up` and, with quiet parts, of `demo`."""
    screen = Screen(console, show_lines=show_lines)
    return Supervisor(settings, lambda ports: plan_stack(settings, ports), screen)


def plan_stack(settings: Settings, ports: Ports) -> Plan:
    """Choose the addresses and list the steps and processes.

    Raises:
        StackError: PORT names a port that is taken.
    """
    port = _api_port(settings, ports)
    url = f"http://{LOOPBACK}:{port}"
    environment = {"SUBITEYA_HOST": LOOPBACK, "PORT": str(port), "GRACE_SECONDS": str(_GRACE_S)}
    parts = [_api(url), _worker("edit"), _worker("upload")]
    simulator_url = None
    if settings.tiktok.mode == "simulator":
        preferred = urlsplit(settings.tiktok.simulator_url).port
        simulator_port = ports.choose("simulator", preferred=preferred)
        simulator_url = f"http://{LOOPBACK}:{simulator_port}"
        environment["TIKTOK_SIMULATOR_URL"] = simulator_url
        parts.append(_simulator(simulator_url))
    steps = [Step("migrations", _migrate)]
    if not settings.storage.configured:  # an outside bucket is set up by whoever owns it
        origins = [url, f"http://localhost:{port}"]
        steps.append(Step("bucket", lambda told: _set_up_bucket(told, origins)))
    return Plan(url, environment, steps, parts, simulator_url)


def _api_port(settings: Settings, ports: Ports) -> int:
    if "port" not in settings.http.model_fields_set or settings.http.port == 0:
        return ports.choose("api", preferred=settings.http.port)
    if not is_free(settings.http.port):
        raise StackError(
            f"Port {settings.http.port} is taken. "
            "Name another one in PORT, or leave PORT out to have one chosen."
        )
    return settings.http.port


def _command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "subiteya.cli", *words)


def _api(url: str) -> Part:
    return Part("api", _command("api"), answers(f"{url}/api/health"), stop_stage=_API)


def _worker(kind: str) -> Part:
    return Part(
        name=kind,
        command=_command("worker", kind),
        ready=prints("started with concurrency"),
        stop_stage=_WORKERS,
        stop_limit_s=_GRACE_S + 1,
    )


def _simulator(url: str) -> Part:
    return Part("simulator", _command("simulator"), answers(f"{url}/simulator/state"), stop_stage=_SIMULATOR)


async def _migrate(settings: Settings) -> str | None:
    if settings.database.url is None:  # pragma: no cover - the engines named it
        raise StackError("DATABASE_URL is missing")
    await upgrade(settings.database.url.get_secret_value())
    return None


async def _set_up_bucket(settings: Settings, origins: list[str]) -> str:
    async with open_storage(settings.storage) as storage:
        await storage.set_up(origins)
    return settings.storage.bucket
