from __future__ import annotations

import pytest

from subiteya.embedded.keeper import describe_end
from subiteya.embedded.process import bare_environment


def test_engines_inherit_nothing_that_configures_them_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "AWS_ACCESS_KEY_ID",
        "S3_BUCKET",
        "PGDATA",
        "REDIS_URL",
        "WEED_JWT_SIGNING_KEY",
        "DATABASE_URL",
        "TIKTOK_CLIENT_SECRET",
        "ENCRYPTION_KEY",
    )
    for name in names:
        monkeypatch.setenv(name, "from the shell")
    monkeypatch.setenv("PATH", "/bin")
    assert bare_environment()["PATH"] == "/bin"
    assert "from the shell" not in bare_environment().values()


def test_an_end_is_described_in_words() -> None:
    assert describe_end(-9) == "was killed by SIGKILL"
    assert describe_end(3) == "ended by itself with code 3"
