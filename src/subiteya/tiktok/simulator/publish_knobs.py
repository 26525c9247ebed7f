"""Knobs for publishes: look at one, release it, post a draft, change who sees a post."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, HTTPException

from subiteya.tiktok.simulator import lifecycle
from subiteya.tiktok.simulator.knob_bodies import HIDDEN, Body, PartsDep
from subiteya.tiktok.simulator.parts import Parts, same_origin
from subiteya.tiktok.simulator.records import Kind, Privacy, Publish, Step
from subiteya.tiktok.simulator.store import Database

router = APIRouter(prefix="/simulator/publishes", dependencies=[Depends(same_origin)])


class Audience(Body):
    """Who sees a post from now on."""

    privacy_level: Privacy


@router.get("/{publish_id}")
async def get_publish(publish_id: str, parts: PartsDep) -> dict[str, Any]:
    """One publish with all that is known about it."""
    await parts.engine.advance()
    publish = await parts.store.run(lambda db: _publish(db, publish_id))
    return publish.model_dump(mode="json", exclude=set(HIDDEN))


@router.post("/{publish_id}/release", status_code=204)
async def release(publish_id: str, parts: PartsDep) -> None:
    """Let a stuck publish go on."""
    await parts.store.run(lambda db: db.change(Publish, _publish(db, publish_id).publish_id, stuck=False))
    parts.wake()


@router.post("/{publish_id}/finish", status_code=204)
async def finish_draft(publish_id: str, audience: Audience, parts: PartsDep) -> None:
    """Post a draft, as the creator does from the inbox."""
    await parts.store.run(lambda db: post_draft(db, parts, publish_id, audience.privacy_level))
    parts.wake()


@router.post("/{publish_id}/audience", status_code=204)
async def change_audience(publish_id: str, audience: Audience, parts: PartsDep) -> None:
    """Open a post to everybody or close it, as the creator does in the app."""

    def change(db: Database) -> None:
        publish = _publish(db, publish_id)
        if publish.step is not Step.COMPLETE:
            raise HTTPException(409, "Not posted.")
        lifecycle.change_audience(db, parts.switches, publish, audience.privacy_level, parts.clock.epoch())

    await parts.store.run(change)
    parts.wake()


def post_draft(db: Database, parts: Parts, publish_id: str, privacy: Privacy) -> None:
    """Post a draft that waits in the inbox.

    Raises:
        HTTPException: 404 for an unknown publish, 409 when it is no waiting draft.
    """
    publish = _publish(db, publish_id)
    if publish.kind is not Kind.INBOX or publish.step is not Step.INBOX:
        raise HTTPException(409, "No draft is waiting under this id.")
    lifecycle.complete(
        db, parts.switches, publish.model_copy(update={"privacy_level": privacy}), parts.clock.epoch()
    )


def _publish(db: Database, publish_id: str) -> Publish:
    publish = db.get(Publish, publish_id)
    if publish is None:
        raise HTTPException(404, "No publish has this id.")
    return publish
