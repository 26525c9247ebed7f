from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from subiteya.config import ObserveSettings
from subiteya.observe.context import about
from subiteya.observe.logs import configure_logs

KEY = "sk_" + "x" * 43


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = set(root.manager.loggerDict)
    levels = {name: logging.getLogger(name).level for name in known}
    yield
    for name in set(root.manager.loggerDict):
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def configured(kind: str, level: str = "INFO") -> None:
    settings = ObserveSettings().model_copy(update={"log_format": kind, "log_level": level})
    configure_logs(settings, colors=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_json_line_holds_the_sentence_and_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configured("json")
    log = structlog.get_logger("subiteya.test")
    with about(video_id="v1", attempt=2):
        log.info("edit begins", size=3)
    log.info("after")
    first, second = lines(capsys)
    expected = {"message": "edit begins", "level": "info", "video_id": "v1", "attempt": 2, "size": 3}
    assert expected.items() <= first.items()
    assert "timestamp" in first
    assert "video_id" not in second


def test_lines_of_libraries_look_the_same_and_carry_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configured("json")
    with about(job_id="edit-1"):
        logging.getLogger("some.library").warning("lost %s of %d", "one", 3)
    (line,) = lines(capsys)
    assert {"message": "lost one of 3", "level": "warning", "job_id": "edit-1"}.items() <= line.items()


@pytest.mark.parametrize("kind", ["json", "console"])
def test_no_secret_gets_into_a_line_not_even_by_a_traceback(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(kind)
    log = structlog.get_logger("subiteya.test")
    log.info("a key", key=KEY, url="https://u:hunter2@example.com/")
    try:
        int(KEY)  # its text repeats what it could not read
    except ValueError:
        log.exception("it broke")
        logging.getLogger("some.library").exception("it broke there: %s", KEY)
    written = capsys.readouterr().err
    assert KEY not in written
    assert "hunter2" not in written
    assert "Traceback" in written
    assert "ValueError" in written


def test_a_console_line_reads_as_the_seed_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    configured("console")
    structlog.get_logger("subiteya.http.server").info("[Server] Starting on port 3001")
    assert "[Server] Starting on port 3001\n" in capsys.readouterr().err


def test_talkative_libraries_are_heard_only_when_something_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured("console", "DEBUG")
    logging.getLogger("botocore.endpoint").debug("Sending http request with every header")
    logging.getLogger("botocore.endpoint").warning("something is wrong")
    structlog.get_logger("subiteya.test").debug("ours")
    written = capsys.readouterr().err
    assert "every header" not in written
    assert "something is wrong" in written
    assert "ours" in written
