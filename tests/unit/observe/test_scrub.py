from __future__ import annotations

import uuid

import pytest

from subiteya.observe.scrub import HIDDEN, scrub_event, scrub_text

SECRETS = [
    ("key sk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE was refused", "Zm9vYmFy"),
    ("GET /login/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE", "Zm9vYmFy"),
    ("cookie subiteya_session=abcdefabcdef; other=1", "abcdefabcdef"),
    ("token act.example12345Example12345Example!4521.va refused", "example12345"),
    ("refresh rft.example12345Example12345Example%214521.va", "example12345"),
    ("{'Authorization': 'Bearer act.abc'}", "act.abc"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"),
    ("PUT https://open-upload.tiktokapis.com/upload?upload_id=1&upload_token=abc-DEF_1 failed", "abc-DEF_1"),
    ("GET https://s3.example.com/b/k?X-Amz-Signature=deadbeef&X-Amz-Expires=3600", "deadbeef"),
    ("GET https://s3.example.com/b/k?X-Amz-Credential=AKIA%2F2026", "AKIA"),
    ("cannot connect to postgresql://subiteya:hunter2@db.example.com:6543/postgres", "hunter2"),
    ("redis://:hunter2@cache.example.com:6379", "hunter2"),
    ("connection failed: host=db password=hunter2 dbname=x", "hunter2"),
    ("GET /api/accounts/callback?code=abc123&state=x", "abc123"),
    ("client_secret=hunter2&grant_type=refresh_token", "hunter2"),
    ("x-api-key: hunter2hunter2", "hunter2hunter2"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_in_a_text_is_starred_out(text: str, secret: str) -> None:
    scrubbed = scrub_text(text)
    assert secret not in scrubbed
    assert HIDDEN in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "[Server] Starting on port 3001",
        "ffmpeg ended with exit code=1",
        "video 8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11 moved from EDITING to EDITED",
        "GET https://clips.example.com:8443/api/videos/8f0c7a52?limit=5 took 12 ms",
        "error_code=wrong_state attempt=2",
        "the fact.checked value stays",
    ],
)
def test_an_ordinary_line_stays_as_it_is(text: str) -> None:
    assert scrub_text(text) == text


def test_a_field_whose_name_says_secret_is_starred_out_whatever_it_holds() -> None:
    event = {
        "event": "asked",
        "authorization": "anything",
        "access_token": ["a"],
        "headers": {"Cookie": "x", "Accept": "y"},
    }
    assert scrub_event(None, "info", event) == {
        "event": "asked",
        "authorization": HIDDEN,
        "access_token": HIDDEN,
        "headers": {"Cookie": HIDDEN, "Accept": "y"},
    }


def test_values_of_every_kind_are_looked_into() -> None:
    key = "sk_" + "x" * 43
    event = {"error": ValueError(key), "several": [key, {"deep": (key,)}], "id": uuid.UUID(int=1), "n": 3}
    scrubbed = scrub_event(None, "info", event)
    assert key not in repr(scrubbed)
    assert scrubbed["n"] == 3
    assert scrubbed["id"] == str(uuid.UUID(int=1))
