"""Add a job by hand: only what the payload of its queue allows, and only for what a row knows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subiteya.domain.errors import BadInput
from subiteya.queue.names import PAYLOAD_VERSION, QueueName, edit_job_id, upload_job_id
from subiteya.services.rerun_job import rerun_job
from subiteya.services.resources import Resources


class EditPayload(BaseModel):
    """What an edit job carries."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = PAYLOAD_VERSION
    video_id: uuid.UUID = Field(alias="videoId", description="A video that was confirmed before.")

    @property
    def job_id(self) -> str:
        """The job that it belongs to."""
        return edit_job_id(self.video_id)


class UploadPayload(BaseModel):
    """What an upload job carries."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = PAYLOAD_VERSION
    video_id: uuid.UUID | None = Field(None, alias="videoId", description="Its video.")
    post_id: uuid.UUID = Field(alias="postId", description="A post that has ended.")

    @property
    def job_id(self) -> str:
        """The job that it belongs to."""
        return upload_job_id(self.post_id)


PAYLOADS: Final[Mapping[QueueName, type[EditPayload | UploadPayload]]] = {
    QueueName.EDIT: EditPayload,
    QueueName.UPLOAD: UploadPayload,
}
"""What may be added to which queue."""


async def add_job(resources: Resources, queue: QueueName, data: Mapping[str, Any], *, actor: str) -> str:
    """Run again what the data names: a job always belongs to a video or a post.

    Returns:
        The job's id.

    Raises:
        BadInput: the data is not what such a job carries.
        NotFound: it names nothing that had a job before.
        WrongState: it has not ended, or must not be repeated.
    """
    try:
        job_id = PAYLOADS[queue].model_validate(data).job_id
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "data"
        raise BadInput(what=where, why=str(first["msg"])) from None
    await rerun_job(resources, job_id, actor=actor)
    return job_id
