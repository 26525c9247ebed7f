from __future__ import annotations

import base64

import pytest
from pydantic import ValidationError

from subiteya.config import SECTIONS, Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for section in SECTIONS:
        for field in section.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)


def test_the_seeds_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://default:hunter2@host.upstash.io:6379")
    monkeypatch.setenv("EDIT_WORKER_CONCURRENCY", "5")
    monkeypatch.setenv("S3_FORCE_PATH_STYLE", "true")
    settings = Settings()
    assert settings.queue.url is not None
    assert settings.queue.url.get_secret_value().endswith("upstash.io:6379")
    assert settings.edit.concurrency == 5
    assert settings.storage.force_path_style


def test_home_is_not_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere/else")
    assert str(Settings().home.home) == ".subiteya"


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    monkeypatch.setenv("REDIS_URL", "redis://default:hunter2@h:6379")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@h/db")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("TIKTOK_CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("ENCRYPTION_KEY", key)
    settings = Settings()
    shown = repr(settings) + str(settings) + settings.model_dump_json()
    assert "hunter2" not in shown
    assert key not in shown


def test_a_short_encryption_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "c2hvcnQ=")
    with pytest.raises(ValidationError, match="32 bytes in base64"):
        Settings()


def test_several_encryption_keys_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
    monkeypatch.setenv("ENCRYPTION_KEY", ",".join(keys))
    assert Settings().security.raw_keys == (b"\x01" * 32, b"\x02" * 32)


def test_live_mode_without_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_MODE", "live")
    with pytest.raises(ValidationError, match="TIKTOK_CLIENT_KEY"):
        Settings()
