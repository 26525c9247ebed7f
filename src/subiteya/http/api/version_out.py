"""Which version of a video an account gets, as JSON."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from subiteya.db.models import AccountRender, Render, Video


class VersionOut(BaseModel):
    """What one account gets of a video."""

    account_id: UUID = Field(examples=["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"])
    render_id: UUID | None = Field(
        description="Equal for accounts that share one clip; null: the video's own.", examples=[None]
    )
    pattern_id: UUID | None = Field(
        description="The account's default pattern when that was decided.",
        examples=["e7d0a1f3-2b64-4a89-8f0d-3c5b7a9e1d66"],
    )
    pattern_version: int | None = Field(examples=[3])
    edited_at: datetime | None = Field(
        description="Null while it is to be made.", examples=["2026-11-05T14:32:00Z"]
    )
    edited_bytes: int | None = Field(examples=[18_432_112])


def version_out(video: Video, link: AccountRender, render: Render | None) -> VersionOut:
    """The version of an account: its own render, or the video's (None)."""
    row = video if render is None else render
    return VersionOut(
        account_id=link.account_id,
        render_id=link.render_id,
        pattern_id=link.pattern_id,
        pattern_version=link.pattern_version,
        edited_at=row.edited_at,
        edited_bytes=row.edited_bytes,
    )
