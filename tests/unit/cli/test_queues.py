from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console
from typer.testing import CliRunner

from subiteya.cli.app import QUEUES, app
from subiteya.cli.lazy import load_command
from subiteya.cli.queues_view import job_json, job_parts, queue_parts, queue_values
from subiteya.db.models import Event, Job
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState
from subiteya.queue.queues import QueueStats
from subiteya.services.view_queues import JobView, QueueView, WorkerView

NOW = datetime(2026, 11, 5, 14, 30, tzinfo=UTC)
VIDEO = uuid4()


def worker(name: str, silent: float) -> WorkerView:
    return WorkerView(
        name=name,
        queue=QueueName.EDIT,
        host="a-host",
        pid=7,
        version="1.0",
        jobs=[f"edit-{VIDEO}", f"edit-{uuid4()}"],
        started_at=NOW,
        silent=timedelta(seconds=silent),
        last_success_at=NOW,
    )


ROWS = {"later": 3, "queued": 12345, "active": 2, "done": 999_999, "failed": 4, "cancelled": 5}
BUSY = QueueView(
    QueueName.EDIT,
    QueueStats(0, 12345, 2, 1, 50, 100, paused=True),
    ROWS,
    [worker("a-host-with-a-very-long-name-12345:4711:edit", 3), worker("b", 3700)],
)
QUIET = QueueView(QueueName.UPLOAD, None, ROWS, [])


def job_view() -> JobView:
    job = Job(
        id=f"edit-{VIDEO}",
        queue="video-edit",
        user_id=uuid4(),
        video_id=VIDEO,
        post_id=None,
        priority=5,
        status=JobStatus.FAILED,
        run=2,
        attempts=4,
        max_attempts=4,
        not_before=NOW,
        error_code="edit_failed",
        error_context={"why": "x" * 300},
    )
    event = Event(
        id=1,
        user_id=job.user_id,
        video_id=VIDEO,
        at=NOW,
        kind="move",
        from_status="EDITING",
        to_status="FAILED_EDIT",
        actor="worker:a:1:edit",
        reason="edit_failed",
    )
    return JobView(job, JobState.FAILED, [event])


def shown(*parts: object, width: int = 80) -> str:
    out = StringIO()
    console = Console(file=out, width=width)
    for part in parts:
        console.print(part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["paused", "waiting", "dead", "1 h", "Redis does not answer", "no worker"]),
        ("es", ["en pausa", "esperan", "muerto", "1 h", "Redis no responde", "ningún trabajador"]),
    ],
)
def test_the_queues_fit_eighty_columns(language: str, words: list[str]) -> None:
    text = shown(*queue_parts([BUSY, QUIET], language))
    assert max(map(len, text.splitlines())) <= 80
    assert [word for word in [*words, "12345", "999999", "video-edit"] if word not in text] == []
    assert shown(*queue_parts([BUSY, QUIET], language), width=79).count("\n") == text.count("\n")


def test_a_job_fits_eighty_columns_and_tells_why_it_failed() -> None:
    text = shown(*job_parts(job_view(), "en"))
    assert max(map(len, text.splitlines())) <= 80
    for word in (f"edit-{VIDEO}", "edit_failed", "FAILED_EDIT", "the edit failed"):
        assert word in text


def test_scripts_get_the_same_as_json() -> None:
    busy = json.loads(json.dumps(queue_values(BUSY)))
    assert (busy["name"], busy["paused"], busy["redis"]["prioritized"]) == ("video-edit", True, 12345)
    assert [(one["alive"], one["silent_seconds"]) for one in busy["workers"]] == [
        (True, 3.0),
        (False, 3700.0),
    ]
    quiet = json.loads(json.dumps(queue_values(QUIET)))
    assert (quiet["redis"], quiet["paused"], quiet["rows"]["failed"]) == (None, None, 4)
    job = json.loads(json.dumps(job_json(job_view())))
    assert (job["status"], job["redis"], job["not_before"]) == ("failed", "failed", NOW.isoformat())
    assert job["events"][0]["to_status"] == "FAILED_EDIT"


def test_each_summary_is_the_first_line_of_its_command() -> None:
    for place, summary in QUEUES.values():
        function = load_command(f"subiteya.cli.{place}")
        assert (inspect.getdoc(function) or "").splitlines()[0] == summary


@pytest.mark.parametrize("words", [["retry"], ["retry", "edit-1", "--failed"], ["drain"], ["pause", "video"]])
def test_a_command_that_was_called_wrongly_does_nothing(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["queues", *words]).exit_code == 2
