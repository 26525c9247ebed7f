"""Who I am, and what is mine."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from subiteya.http.api.schemas import VideoOut, video_out
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.services.get_videos import GROUP_LIMIT, group_videos

router = APIRouter(prefix="/me", tags=["me"])


class MeOut(BaseModel):
    """The user of this key or session."""

    id: UUID = Field(examples=["0d5c3e52-91f5-4f6b-8a0c-6f2f2f1a9b11"])
    name: str = Field(examples=["Luz"])
    email: str | None = Field(examples=[None])
    role: str = Field(examples=["owner"])
    locale: str = Field(examples=["es"])
    time_zone: str = Field(examples=["America/Bogota"])


class CountsOut(BaseModel):
    """How many videos each group has."""

    drafts: int = Field(examples=[2])
    editing: int = Field(examples=[1])
    edited: int = Field(examples=[0])
    uploading: int = Field(examples=[1])
    posted: int = Field(examples=[41])
    failed: int = Field(examples=[0])


class QueuesOut(BaseModel):
    """Videos by group, newest first; `counts` also counts those that are too many to be shown."""

    drafts: list[VideoOut]
    editing: list[VideoOut]
    edited: list[VideoOut]
    uploading: list[VideoOut]
    posted: list[VideoOut]
    failed: list[VideoOut]
    counts: CountsOut


@router.get("")
async def me(user: CurrentUser) -> MeOut:
    """The user whose key or session this is."""
    return MeOut(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        locale=user.locale,
        time_zone=user.time_zone,
    )


@router.get("/queues", description=f"Your videos by group, the newest {GROUP_LIMIT} of each.")
async def queues(resources: ResourcesDep, user: CurrentUser) -> QueuesOut:
    """Your videos by group."""
    groups = await group_videos(resources, user_id=user.id)
    return QueuesOut(
        **{name: [video_out(v, user.locale) for v in group.videos] for name, group in groups.items()},
        counts=CountsOut(**{name: group.count for name, group in groups.items()}),
    )
