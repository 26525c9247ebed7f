from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from subiteya.embedded.errors import AlreadyRunning, StackError
from subiteya.embedded.home import Home, private_folder, write_private


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_folders_are_for_the_owner_only(home: Home) -> None:
    folders = (home.root, home.logs, home.pids, home.sockets, home.folder("postgres"))
    assert {_mode(folder) for folder in folders} == {0o700}


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    Home(tmp_path / "home").prepare()
    assert _mode(tmp_path / "home") == 0o700


def test_a_link_is_refused_where_we_expect_a_folder_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StackError, match="belongs to another user"):
        private_folder(tmp_path / "link")


def test_a_folder_that_cannot_be_made_is_said_with_the_variable_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="SUBITEYA_HOME"):
        Home(tmp_path / "file" / "home").prepare()


def test_secrets_are_made_up_once_and_readable_by_the_owner_only(home: Home) -> None:
    first = home.secrets()
    assert home.secrets() == first
    assert _mode(home.root / "secrets.json") == 0o600
    assert len(base64.b64decode(first.encryption_key)) == 32
    assert first.s3_secret_key not in repr(first)


def test_two_folders_have_different_secrets(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    for home in homes:
        home.prepare()
    assert homes[0].secrets() != homes[1].secrets()


@pytest.mark.parametrize("text", ["", "{}", "[]", json.dumps({"s3_access_key": "x"})])
def test_damaged_secrets_are_never_replaced(home: Home, text: str) -> None:
    (home.root / "secrets.json").write_text(text)
    with pytest.raises(StackError, match="damaged"):
        home.secrets()
    assert (home.root / "secrets.json").read_text() == text


def test_a_locked_folder_is_refused_and_free_again_afterwards(home: Home) -> None:
    with home.lock():
        with pytest.raises(AlreadyRunning, match=str(home.root)), Home(home.root).lock():
            pass
        assert not list(home.root.glob("*lock*"))
    with home.lock():
        pass


def test_sockets_of_a_deep_folder_lie_elsewhere_and_always_in_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    assert Home(deep).sockets.parent == Path("/run/user/1")
    assert len(str(Home(deep).sockets / ".s.PGSQL.5432")) < 104
    assert Home(deep).sockets == Home(deep).sockets
    assert Home(deep).sockets != Home(deep / "other").sockets


def test_sockets_of_a_short_folder_lie_in_it() -> None:
    assert Home(Path("/srv/home")).sockets == Path("/srv/home/sockets")


def test_a_private_file_replaces_the_old_one_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "words.json"
    write_private(file, "old")
    write_private(file, "new")
    assert file.read_text() == "new"
    assert _mode(file) == 0o600
    assert list(tmp_path.iterdir()) == [file]
