from __future__ import annotations

import socket
from pathlib import Path

import pytest

from subiteya.embedded.errors import StackError
from subiteya.embedded.ports import LOOPBACK, Ports
from subiteya.embedded.stack import plan_stack
from subiteya.embedded.state import settings_from


def _ports(tmp_path: Path) -> Ports:
    return Ports(tmp_path / "ports.json")


def test_the_stack_is_simulator_workers_and_api_on_loopback_and_stops_api_first(tmp_path: Path) -> None:
    plan = plan_stack(settings_from({"TIKTOK_MODE": "simulator"}), _ports(tmp_path))
    parts = sorted(plan.parts, key=lambda part: part.stop_stage)
    assert [part.name for part in parts] == ["api", "edit", "upload", "simulator"]
    assert [part.command[3:] for part in parts] == [
        ("api",),
        ("worker", "edit"),
        ("worker", "upload"),
        ("simulator",),
    ]
    assert plan.environment["SUBITEYA_HOST"] == LOOPBACK
    assert plan.url == f"http://{LOOPBACK}:{plan.environment['PORT']}"
    assert plan.simulator_url == plan.environment["TIKTOK_SIMULATOR_URL"]
    assert [step.name for step in plan.steps] == ["migrations", "bucket"]


def test_live_mode_starts_no_simulator(tmp_path: Path) -> None:
    live = {"TIKTOK_MODE": "live", "TIKTOK_CLIENT_KEY": "key", "TIKTOK_CLIENT_SECRET": "secret"}
    plan = plan_stack(settings_from(live), _ports(tmp_path))
    assert "simulator" not in [part.name for part in plan.parts]
    assert plan.simulator_url is None


def test_an_outside_bucket_is_not_touched(tmp_path: Path) -> None:
    plan = plan_stack(settings_from({"S3_ENDPOINT": "https://elsewhere.example"}), _ports(tmp_path))
    assert [step.name for step in plan.steps] == ["migrations"]


def test_a_port_asked_for_by_name_is_used_or_refused(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port = listener.getsockname()[1]
        settings = settings_from({"PORT": str(port)})
        with pytest.raises(StackError, match=f"Port {port} is taken"):
            plan_stack(settings, _ports(tmp_path))
    assert plan_stack(settings, _ports(tmp_path)).url == f"http://{LOOPBACK}:{port}"
