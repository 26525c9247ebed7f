"""Names that Redis, tools and the seed know: queues, priorities, job ids, the payload's version."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

PAYLOAD_VERSION: Final = 1
"""Version of a job's data. A worker hands a newer one on to a newer worker."""


class QueueName(StrEnum):
    """BullMQ queues."""

    EDIT = "video-edit"
    """One job per video and kind: its edit, and the writing down of what is said. One per segment of an edit
    that several machines share."""
    UPLOAD = "video-upload"
    """One job per post."""

    @property
    def kind(self) -> str:
        """The word that the queue's usual job ids begin with; also BullMQ's job name."""
        return _KINDS[self]


_KINDS: Final = {QueueName.EDIT: "edit", QueueName.UPLOAD: "upload"}
_WORDS: Final = "words"
_SEGMENT: Final = "segment"
_QUEUES: Final = {
    **{kind: queue for queue, kind in _KINDS.items()},
    _WORDS: QueueName.EDIT,
    _SEGMENT: QueueName.EDIT,
}


class Priority(IntEnum):
    """BullMQ priorities: a smaller number is served first. Each is above 0, so jobs live in `prioritized`."""

    CRITICAL = 1
    HIGH = 3
    NORMAL = 5
    LOW = 7
    VERY_LOW = 9


def edit_job_id(video_id: UUID) -> str:
    """The BullMQ id of a video's edit."""
    return f"{QueueName.EDIT.kind}-{video_id}"


def words_job_id(video_id: UUID) -> str:
    """The BullMQ id of the writing down of what is said in a video, apart from an edit."""
    return f"{_WORDS}-{video_id}"


def is_words_job(job_id: str) -> bool:
    """Whether it writes down what is said, and edits nothing."""
    return job_id.startswith(f"{_WORDS}-")


def segment_job_id(number: UUID) -> str:
    """The BullMQ id of one segment of an edit; `number` is random, because an edit may be divided anew."""
    return f"{_SEGMENT}-{number}"


def is_segment_job(job_id: str) -> bool:
    """Whether it makes a segment of an edit, and nothing that people ask for by itself."""
    return job_id.startswith(f"{_SEGMENT}-")


def upload_job_id(post_id: UUID) -> str:
    """The BullMQ id of a post's upload."""
    return f"{QueueName.UPLOAD.kind}-{post_id}"


def parse_job_id(job_id: str) -> tuple[QueueName, UUID]:
    """Queue of a job id and the video (edit, words), post (upload) or segment that it is about.

    Raises:
        ValueError: Not an id of ours.
    """
    kind, _, subject = job_id.partition("-")
    queue = _QUEUES.get(kind)
    try:
        subject_id = UUID(subject)
    except ValueError:
        subject_id = None
    if queue is None or subject_id is None or str(subject_id) != subject:  # UUID() also takes braces, …
        raise ValueError(f"not a job id of ours: {job_id!r}")
    return queue, subject_id
