"""PostgreSQL under root, which it refuses, and under an ordinary user, by every way that there is."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from subiteya.embedded.errors import EngineFailed, StackError
from subiteya.embedded.home import Home
from subiteya.embedded.identity import Identity
from subiteya.embedded.initdb import make_data_folder
from subiteya.embedded.postgres import Postgres, find_binaries
from subiteya.embedded.shield import possible_shields, shield_of

_INITDB = find_binaries() / "initdb"

_PARENT = """
import asyncio, sys
from pathlib import Path
from rich.console import Console
from subiteya.embedded.home import Home
from subiteya.embedded.postgres import Postgres
from subiteya.embedded.screen import Screen
from subiteya.embedded.service import start_service

async def main():
    home = Home(Path(sys.argv[1]))
    child = await start_service(Postgres(home), Screen(Console(quiet=True)))
    print(child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


@pytest.mark.parametrize("shield", possible_shields())
def test_postgres_runs_under_each_shield_and_dies_with_its_parent(home: Home, shield: str) -> None:
    data = home.root / "postgres"
    asyncio.run(make_data_folder(_INITDB, data, [shield]))
    assert shield_of(data) == shield
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700

    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(home.root)], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert parent.stdout is not None
        server = Identity.of(int(parent.stdout.readline()))
        with psycopg.connect(Postgres(home).url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    assert server is not None
    end = time.monotonic() + 10
    while server.alive:
        assert time.monotonic() < end, "it outlived its parent"
        time.sleep(0.05)


async def test_the_next_shield_is_tried_when_one_is_not_allowed_here(home: Home) -> None:
    data = home.root / "postgres"
    await make_data_folder(_INITDB, data, ["namespace:4294967295", *possible_shields()])
    assert (data / "PG_VERSION").exists()
    assert not data.with_name("postgres.new").exists()


async def test_without_any_shield_the_sentence_names_the_way_out(home: Home) -> None:
    with pytest.raises(StackError, match="DATABASE_URL"):
        await make_data_folder(_INITDB, home.root / "postgres", ["namespace:4294967295"])
    assert not (home.root / "postgres").exists()


async def test_what_initdb_says_is_said(home: Home) -> None:
    program = home.root / "initdb"
    program.write_text("#!/bin/sh\necho no space left; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(EngineFailed, match="no space left"):
        await make_data_folder(program, home.root / "postgres", possible_shields())
    assert not (home.root / "postgres").exists()


def test_only_root_needs_a_shield() -> None:
    assert (possible_shields() == ("none",)) == (os.geteuid() != 0)
