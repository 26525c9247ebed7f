from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Mapping

import pytest
import typer
from typer.testing import CliRunner

from subiteya.cli.app import COMMANDS, KEYS, WORKERS, app
from subiteya.cli.lazy import add_lazy_command, load_command

HEAVY = {"fastapi", "sqlalchemy", "aiobotocore", "botocore", "alembic", "av", "PIL", "fontTools", "bullmq"}


def double(number: int, loud: bool = False) -> None:
    """Say twice a number."""
    typer.echo(f"{number * 2}{'!' if loud else ''}")


def imported_with(*modules: str) -> set[str]:
    """The packages that a fresh interpreter holds after importing these modules."""
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("commands", [COMMANDS, WORKERS, KEYS], ids=["subiteya", "worker", "keys"])
def test_each_summary_is_the_first_line_of_its_command(commands: Mapping[str, tuple[str, str]]) -> None:
    for place, summary in commands.values():
        function = load_command(f"subiteya.cli.{place}")
        assert (inspect.getdoc(function) or "").splitlines()[0] == summary


def test_the_front_door_alone_imports_nothing_heavy() -> None:
    assert not imported_with("subiteya.cli.app") & HEAVY


def test_workers_carry_no_web_framework() -> None:
    workers = [f"subiteya.cli.{place.partition(':')[0]}" for place, _ in WORKERS.values()]
    assert not imported_with(*workers) & {"fastapi", "uvicorn", "av", "alembic", "jinja2"}


def test_the_upload_worker_carries_no_tools_of_the_edit_worker() -> None:
    assert not imported_with("subiteya.cli.worker_upload") & {"PIL", "fontTools", "pysubs2"}


def test_help_lists_every_command_with_its_summary() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    for name, (_, summary) in COMMANDS.items():
        assert name in shown
        assert summary in shown


def test_a_lazy_command_reads_its_own_arguments() -> None:
    group = typer.Typer()
    add_lazy_command(group, "double", f"{__name__}:double", "Say twice a number.")
    add_lazy_command(group, "other", "nowhere:nothing", "Never imported.")
    done = CliRunner().invoke(group, ["double", "21", "--loud"])
    assert done.stdout == "42!\n"


def test_a_mistyped_command_is_met_with_the_one_that_was_meant() -> None:
    done = CliRunner().invoke(app, ["worker", "uploed"])
    assert done.exit_code == 2
    assert "upload" in done.output
