from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from subiteya.queue.names import (
    Priority,
    QueueName,
    edit_job_id,
    is_segment_job,
    is_words_job,
    parse_job_id,
    segment_job_id,
    upload_job_id,
    words_job_id,
)

SUBJECT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")


def test_the_queues_have_the_seeds_names() -> None:
    assert [str(queue) for queue in QueueName] == ["video-edit", "video-upload"]


def test_the_priorities_are_the_seeds() -> None:
    assert {p.name: int(p) for p in Priority} == {
        "CRITICAL": 1,
        "HIGH": 3,
        "NORMAL": 5,
        "LOW": 7,
        "VERY_LOW": 9,
    }


def test_job_ids_are_read_back() -> None:
    video, post = uuid4(), uuid4()
    assert parse_job_id(edit_job_id(video)) == (QueueName.EDIT, video)
    assert parse_job_id(upload_job_id(post)) == (QueueName.UPLOAD, post)
    assert edit_job_id(SUBJECT) == "edit-0f8fad5b-d9cb-469f-a165-70867728950e"


def test_writing_down_what_is_said_is_the_edit_workers_and_no_edit() -> None:
    job_id = words_job_id(SUBJECT)
    assert job_id == "words-0f8fad5b-d9cb-469f-a165-70867728950e"
    assert parse_job_id(job_id) == (QueueName.EDIT, SUBJECT)
    assert [is_words_job(one) for one in (job_id, edit_job_id(SUBJECT))] == [True, False]


def test_a_segment_is_the_edit_workers_and_no_edit() -> None:
    job_id = segment_job_id(SUBJECT)
    assert job_id == "segment-0f8fad5b-d9cb-469f-a165-70867728950e"
    assert parse_job_id(job_id) == (QueueName.EDIT, SUBJECT)
    assert [is_segment_job(one) for one in (job_id, edit_job_id(SUBJECT))] == [True, False]


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "12",
        "edit",
        "edit-",
        "edit-12",
        f"preview-{SUBJECT}",
        f"edit-{{{SUBJECT}}}",
        f"edit-{str(SUBJECT).upper()}",
        f"edit-{SUBJECT.hex}",
        f"edit-urn:uuid:{SUBJECT}",
    ],
)
def test_an_id_that_we_did_not_make_is_refused(foreign: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - UUID's own text varies
        parse_job_id(foreign)
