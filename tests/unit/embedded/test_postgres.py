from __future__ import annotations

import os
from pathlib import Path

import pytest

from subiteya.embedded.home import Home
from subiteya.embedded.postgres import Postgres


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    home = Home(tmp_path / "home")
    home.prepare()
    home.folder("postgres")
    return Postgres(home)


def test_the_address_names_the_socket_folder_with_odd_characters_quoted() -> None:
    assert Postgres(Home(Path("/srv/a b"))).url() == "postgresql://postgres@/subiteya?host=/srv/a%20b/sockets"


def test_a_lock_file_whose_pid_went_to_another_program_is_forgotten(
    postgres: Postgres, tmp_path: Path
) -> None:
    file = tmp_path / "home/postgres/postmaster.pid"
    file.write_text(f"{os.getpid()}\n/somewhere\n")
    postgres._forget_stale_pid()
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "4194305\n", "no number\n"])
def test_a_lock_file_that_names_no_living_program_is_postgres_own_affair(
    postgres: Postgres, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "home/postgres/postmaster.pid"
    file.write_text(text)
    postgres._forget_stale_pid()
    assert file.exists()


def test_only_troubles_belong_on_the_terminal(postgres: Postgres) -> None:
    assert postgres.shows('2026-11-24 17:00:00 UTC [7] ERROR:  relation "x" does not exist')
    assert not postgres.shows("2026-11-24 17:00:00 UTC [7] LOG:  database system is ready")
    assert not postgres.shows("2026-11-24 17:00:00 UTC [7] FATAL:  the database system is starting up")
