from __future__ import annotations

from subiteya.queue.kept_job import read_job


def test_a_job_is_read_from_its_hash() -> None:
    job = read_job(
        "edit-1",
        {
            "name": "edit",
            "data": '{"videoId":"v"}',
            "opts": '{"attempts":4,"kl":7,"de":{"id":"d"},"tm":"trace"}',
            "timestamp": "1700000000000",
            "delay": "5",
            "priority": "3",
            "atm": "2",
            "ats": "3",
            "stc": "1",
            "processedOn": "1700000000001",
            "finishedOn": "1700000000002",
            "pb": "worker-1",
            "failedReason": "edit_failed: no",
            "stacktrace": '["old","",null,"new"]',
            "returnvalue": '{"detail":"x"}',
            "progress": '{"progress":40}',
            "deid": "d",
        },
    )
    assert (job.name, job.data) == ("edit", {"videoId": "v"})
    assert job.options == {
        "attempts": 4,
        "keepLogs": 7,
        "deduplication": {"id": "d"},
        "telemetry": {"metadata": "trace"},
    }
    assert (job.attempts_made, job.attempts_started, job.crashes) == (2, 3, 1)
    assert job.stacktrace == ("old", "new")
    assert (job.return_value, job.progress) == ({"detail": "x"}, {"progress": 40})
    assert job.more == {"deduplicationId": "d"}


def test_what_cannot_be_read_is_taken_as_not_there() -> None:
    job = read_job("x", {"data": "{", "opts": "[]", "stacktrace": '"text"', "timestamp": "soon", "stc": ""})
    assert (job.data, job.options, job.stacktrace, job.added_at, job.crashes) == (
        {},
        {"attempts": 0},
        (),
        0,
        0,
    )
    assert (job.processed_at, job.return_value, job.progress) == (None, None, 0)
