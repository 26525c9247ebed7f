"""How a publish moves: created → receiving → processing → complete, inbox or failed; later public.

Each function is a step inside a transaction and tells the app by webhook where TikTok would. Nothing here
waits: who calls knows that the moment has come.
"""

from __future__ import annotations

import secrets

from subiteya.tiktok.simulator import tokens, webhooks
from subiteya.tiktok.simulator.config import Switches
from subiteya.tiktok.simulator.faults import Action, FaultSpec, take_publish_faults
from subiteya.tiktok.simulator.records import Creator, Kind, Privacy, Publish, Source, Step
from subiteya.tiktok.simulator.rules import PostInfo, SourceInfo
from subiteya.tiktok.simulator.store import Database

_PREFIXES = {
    (Kind.DIRECT, Source.FILE): "v_pub_file~v2-1.",
    (Kind.DIRECT, Source.PULL): "v_pub_url~v2.",
    (Kind.INBOX, Source.FILE): "v_inbox_file~v2.",
    (Kind.INBOX, Source.PULL): "v_inbox_url~v2.",
}
DEVELOPER_REVOKED = 5
AUTH_REMOVED = "auth_removed"


def snowflake(now: float) -> int:
    """Return a new 19-digit id: seconds, then chance. Odd, so that whoever reads it as a double loses it."""
    return int(now) << 32 | secrets.randbits(32) | 1


def create(
    db: Database,
    switches: Switches,
    *,
    creator: Creator,
    client_key: str,
    kind: Kind,
    source: SourceInfo,
    post: PostInfo | None,
    privacy: Privacy | None,
    now: float,
) -> Publish:
    """Store a new publish, with what scripted faults have in store for it."""
    number = snowflake(now)
    wanted = post or PostInfo("", None, False, False, False, False, False, False, None)  # noqa: FBT003 - a draft says nothing
    publish = Publish(
        publish_id=f"{_PREFIXES[kind, source.source]}{number}",
        open_id=creator.open_id,
        client_key=client_key,
        kind=kind,
        source=source.source,
        step=Step.CREATED if source.source is Source.FILE else Step.DOWNLOADING,
        title=wanted.title,
        privacy_level=privacy,
        # What the creator has switched off stays off, whatever the app asked for.
        disable_comment=wanted.disable_comment or creator.comment_disabled,
        disable_duet=wanted.disable_duet or creator.duet_off,
        disable_stitch=wanted.disable_stitch or creator.stitch_off,
        brand_content_toggle=wanted.brand_content,
        brand_organic_toggle=wanted.brand_organic,
        is_aigc=wanted.is_aigc,
        cover_ms=wanted.cover_ms,
        video_size=source.video_size,
        chunk_size=source.chunk_size,
        total_chunk_count=source.total_chunk_count,
        pull_url=source.url,
        upload_id=str(number),
        upload_token=secrets.token_hex(16),
        upload_expires_at=now + switches.upload_url_seconds,
        created_at=now,
        processing_seconds=switches.processing_seconds,
        moderation_seconds=switches.moderation_seconds,
    )
    for fault in take_publish_faults(db, creator.open_id):
        publish = _afflict(publish, fault)
    db.add(publish)
    return publish


def _afflict(publish: Publish, fault: FaultSpec) -> Publish:
    match fault.action:
        case Action.STUCK:
            return publish.model_copy(update={"stuck": True})
        case Action.FAIL:
            return publish.model_copy(update={"forced_reason": fault.reason})
        case Action.PROCESSING:
            return publish.model_copy(update={"processing_seconds": fault.seconds})
        case Action.MODERATION:
            return publish.model_copy(update={"moderation_seconds": fault.seconds})
        case _:
            return publish


def all_received(db: Database, switches: Switches, publish: Publish, now: float) -> None:
    """Begin processing: the last byte is here."""
    db.change(
        Publish,
        publish.publish_id,
        step=Step.PROCESSING,
        received_at=now,
        due_at=now + publish.processing_seconds,
        checked=not switches.check_media,
    )


def end_processing(db: Database, switches: Switches, publish: Publish, now: float) -> None:
    """Give the outcome: failed, in the inbox, or posted."""
    reason = publish.forced_reason or publish.check_reason
    if reason is not None:
        fail(db, switches, publish, reason, now)
    elif publish.kind is Kind.INBOX:
        db.change(Publish, publish.publish_id, step=Step.INBOX, ended_at=now)
        webhooks.enqueue_publish(db, switches, publish, webhooks.INBOX_DELIVERED, now)
    else:
        complete(db, switches, publish, now)


def complete(db: Database, switches: Switches, publish: Publish, now: float) -> None:
    """Make the post; a public one gets its id when moderation is through, others never."""
    public = publish.privacy_level is Privacy.PUBLIC
    db.change(
        Publish,
        publish.publish_id,
        step=Step.COMPLETE,
        ended_at=now,
        privacy_level=publish.privacy_level,
        public_due_at=now + publish.moderation_seconds if public else None,
    )
    webhooks.enqueue_publish(db, switches, publish, webhooks.COMPLETE, now)


def fail(db: Database, switches: Switches, publish: Publish, reason: str, now: float) -> None:
    """End a publish as FAILED."""
    db.change(Publish, publish.publish_id, step=Step.FAILED, ended_at=now, fail_reason=reason)
    webhooks.enqueue_publish(db, switches, publish, webhooks.FAILED, now, reason=reason)


def make_public(db: Database, switches: Switches, publish: Publish, now: float) -> None:
    """Give the post its public id and tell the app."""
    post_id = publish.post_id or snowflake(now)
    db.change(Publish, publish.publish_id, post_id=post_id, public_due_at=None)
    webhooks.enqueue_publish(db, switches, publish, webhooks.PUBLICLY_AVAILABLE, now, post_id=str(post_id))


def change_audience(db: Database, switches: Switches, publish: Publish, privacy: Privacy, now: float) -> None:
    """Do what the creator does in the app: open a post to everybody, or close it."""
    was_public = publish.post_id is not None and publish.privacy_level is Privacy.PUBLIC
    db.change(Publish, publish.publish_id, privacy_level=privacy)
    if privacy is Privacy.PUBLIC and not was_public:
        make_public(db, switches, publish, now)
    elif privacy is not Privacy.PUBLIC and was_public:
        # The id stays the post's own, but status/fetch names it no more.
        webhooks.enqueue_publish(
            db, switches, publish, webhooks.NO_LONGER_PUBLIC, now, post_id=str(publish.post_id)
        )


def remove_authorization(
    db: Database, switches: Switches, *, client_key: str, open_id: str, reason: int, now: float
) -> None:
    """End the creator's connection: tokens die first, unfinished publishes fail, the app is told."""
    tokens.kill(db, client_key, open_id)
    unfinished = db.all(
        Publish,
        "WHERE client_key = ? AND open_id = ? AND step NOT IN (?, ?, ?)",
        client_key,
        open_id,
        Step.INBOX,
        Step.COMPLETE,
        Step.FAILED,
    )
    for publish in unfinished:
        fail(db, switches, publish, AUTH_REMOVED, now)
    webhooks.enqueue(
        db,
        switches,
        client_key=client_key,
        open_id=open_id,
        event=webhooks.AUTHORIZATION_REMOVED,
        content={"reason": reason},
        publish_id=None,
        now=now,
    )
