"""The names under which every log line says what it is about."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from typing import Any

from structlog.contextvars import bound_contextvars


def about(
    *,
    request_id: str | None = None,
    job_id: str | None = None,
    video_id: uuid.UUID | str | None = None,
    post_id: uuid.UUID | str | None = None,
    account_id: uuid.UUID | str | None = None,
    attempt: int | None = None,
) -> AbstractContextManager[None]:
    """Bind what is given to every line logged inside the `with` block, also by libraries and sub-tasks.

    Example:
        with about(job_id=claim.job_id, video_id=video.id, attempt=claim.attempt):
            log.info("edit begins")
    """
    given: dict[str, Any] = {
        "request_id": request_id,
        "job_id": job_id,
        "video_id": video_id,
        "post_id": post_id,
        "account_id": account_id,
        "attempt": attempt,
    }
    return bound_contextvars(
        **{
            name: value if isinstance(value, int) else str(value)
            for name, value in given.items()
            if value is not None
        }
    )
