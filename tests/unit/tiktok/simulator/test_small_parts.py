from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import ValidationError

import subiteya.tiktok.simulator
from subiteya.tiktok.simulator.answers import ApiError
from subiteya.tiktok.simulator.faults import Endpoint, FaultSpec
from subiteya.tiktok.simulator.lifecycle import snowflake
from subiteya.tiktok.simulator.limits import PER_MINUTE, RateWindows
from subiteya.tiktok.simulator.webhooks import signature
from subiteya.tiktok.simulator.wording import WORDS, choose_words

VECTOR_BODY = (
    b'{"client_key":"ck_test","event":"post.publish.complete","create_time":1770210873,'
    b'"user_openid":"open_1","content":"{\\"publish_id\\":\\"v_pub_file~v2-1.1\\",'
    b'\\"publish_type\\":\\"DIRECT_PUBLISH\\"}"}'
)


def test_the_webhook_signature_is_the_fact_sheets() -> None:
    assert signature("secret_test", 1_770_210_873, VECTOR_BODY) == (
        "t=1770210873,s=7de5f465957478a65fa6d9fe1ba7cf7524560daa5958c8e3fac0671cd5780cdd"
    )


def test_the_minute_windows_are_the_documented_ones() -> None:
    assert dict(PER_MINUTE) == {
        "creator_info": 20,
        "video_init": 6,
        "inbox_init": 6,
        "status_fetch": 30,
        "user_info": 600,
    }


def test_a_window_slides_and_is_each_tokens_own() -> None:
    windows = RateWindows()
    for second in range(6):
        windows.hit(Endpoint.VIDEO_INIT, "a", float(second))
    with pytest.raises(ApiError) as refused:
        windows.hit(Endpoint.VIDEO_INIT, "a", 59.9)
    assert (refused.value.code, refused.value.status) == ("rate_limit_exceeded", 429)
    windows.hit(Endpoint.VIDEO_INIT, "b", 59.9)
    windows.hit(Endpoint.STATUS_FETCH, "a", 59.9)
    windows.hit(Endpoint.VIDEO_INIT, "a", 60.0)
    with pytest.raises(ApiError):
        windows.hit(Endpoint.VIDEO_INIT, "a", 60.5)


def test_ids_have_19_digits_and_no_double_holds_them() -> None:
    for _ in range(100):
        number = snowflake(1_790_000_000.5)
        assert len(str(number)) == 19
        assert number > 2**53
        assert int(float(number)) != number


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-GB,es;q=0.9", "en"),
        ("fr,de;q=0.8", "en"),
        ("fr,es;q=0.2,en;q=0.1", "es"),
        ("es;q=nonsense", "en"),
    ],
)
def test_the_browsers_language_is_chosen(header: str, language: str) -> None:
    assert choose_words(header)["lang"] == language


def test_both_languages_have_the_same_sentences() -> None:
    assert WORDS["en"].keys() == WORDS["es"].keys()


@pytest.mark.parametrize(
    "spec",
    [
        {"action": "status"},
        {"action": "fail"},
        {"action": "status", "endpoint": "upload", "chunk": 0},
        {"action": "status", "endpoint": "upload", "status": 200},
        {"action": "explode"},
    ],
)
def test_a_fault_that_says_too_little_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FaultSpec.model_validate(spec)


def test_the_simulator_stands_alone() -> None:
    folder = Path(subiteya.tiktok.simulator.__file__).parent
    foreign = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            foreign |= {
                name
                for name in names
                if name.startswith("subiteya") and not name.startswith("subiteya.tiktok.simulator")
            }
    assert foreign == set()
