from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest

from subiteya.embedded.home import Home
from subiteya.embedded.identity import Identity
from subiteya.embedded.state import Stack, find_running, ourselves, save_stack, settings_from


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def _stack() -> Stack:
    environment = {"DATABASE_URL": "postgresql://here/db", "AWS_SECRET_ACCESS_KEY": "secret"}
    return Stack("http://127.0.0.1:3001", None, ourselves(), {"api": 7}, environment)


def test_a_running_stack_is_found_by_other_commands(home: Home) -> None:
    save_stack(home, _stack())
    assert find_running(home) == _stack()
    assert stat.S_IMODE(home.state_file.stat().st_mode) == 0o600


def test_a_stack_whose_process_is_gone_does_not_run(home: Home) -> None:
    earlier = Identity(ourselves().pid, "another boot:12")
    save_stack(home, dataclasses.replace(_stack(), supervisor=earlier))
    assert find_running(home) is None


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"supervisor": {}}'])
def test_no_state_or_a_damaged_one_means_that_nothing_runs(home: Home, text: str | None) -> None:
    if text is not None:
        home.state_file.write_text(text)
    assert find_running(home) is None


def test_secrets_stay_out_of_the_words_for_a_stack() -> None:
    assert "secret" not in repr(_stack())


def test_settings_of_a_stack_come_before_those_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", "from-the-shell")
    monkeypatch.setenv("PORT", "1111")
    settings = settings_from({"PORT": "2222", "ENCRYPTION_KEY": "A" * 43 + "="})
    assert settings.storage.bucket == "from-the-shell"
    assert settings.http.port == 2222
    assert settings.security.raw_keys == (bytes(32),)
