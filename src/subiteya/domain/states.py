"""States of videos, posts and jobs, and the one table that says which moves are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class VideoStatus(StrEnum):
    """Where a video stands; from EDITED on, the aggregate of its posts."""

    DRAFT = "DRAFT"
    """Uploaded and probed; nobody has confirmed it yet."""
    EDITING_QUEUED = "EDITING_QUEUED"
    """Confirmed; waits for an edit worker, or for its next retry."""
    EDITING = "EDITING"
    """An edit worker holds it."""
    EDITED = "EDITED"
    """The branded clip is in storage; no post is under way."""
    UPLOAD_QUEUED = "UPLOAD_QUEUED"
    """At least one post waits for its time, its window or a worker."""
    UPLOADING = "UPLOADING"
    """At least one post is being sent or waits for TikTok's word."""
    IN_INBOX = "IN_INBOX"
    """Nothing is under way: what TikTok has not posted waits as a draft in the owner's TikTok inbox."""
    POSTED = "POSTED"
    """TikTok confirmed every post."""
    FAILED_EDIT = "FAILED_EDIT"
    """The edit failed for good or its retries are spent."""
    FAILED_UPLOAD = "FAILED_UPLOAD"
    """A post failed for good or needs somebody's attention, and none is under way."""
    CANCELLED = "CANCELLED"
    """Called off by its owner."""


class PostStatus(StrEnum):
    """Where one post stands."""

    SCHEDULED = "SCHEDULED"
    """Waits for the time that its owner chose."""
    UPLOAD_QUEUED = "UPLOAD_QUEUED"
    """Waits for its slot, a worker, or its next retry."""
    UPLOADING = "UPLOADING"
    """An upload worker holds it."""
    CONFIRMING = "CONFIRMING"
    """TikTok has every byte; we wait for its word."""
    IN_INBOX = "IN_INBOX"
    """The draft is in its owner's TikTok inbox; only they can post it, in the app."""
    POSTED = "POSTED"
    """TikTok said PUBLISH_COMPLETE."""
    UNCONFIRMED = "UNCONFIRMED"
    """We do not know what became of it, and do not guess."""
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    """Only its owner can resolve this: reconnect, choose again, …"""
    FAILED_UPLOAD = "FAILED_UPLOAD"
    """Refused for good, or its retries are spent."""
    CANCELLED = "CANCELLED"
    """Called off by its owner."""


class LedgerStep(StrEnum):
    """How far the exactly-once ledger of a post has come."""

    PLANNED = "planned"
    """Nothing asked of TikTok yet."""
    INITED = "inited"
    """`publish_id` and upload address are stored; no byte acknowledged."""
    SENDING = "sending"
    """Some bytes are acknowledged."""
    SUBMITTED = "submitted"
    """TikTok has every byte."""
    CONFIRMED = "confirmed"
    """TikTok said PUBLISH_COMPLETE."""
    REFUSED = "refused"
    """TikTok said FAILED."""
    UNCONFIRMED = "unconfirmed"
    """The outcome is unknown."""


class JobStatus(StrEnum):
    """Where a job row stands; PostgreSQL's side of a BullMQ job."""

    QUEUED = "queued"
    """To be run when `not_before` has come."""
    HELD = "held"
    """Waits for a version of its video; nobody runs it before that is made."""
    ACTIVE = "active"
    """A worker holds its lease."""
    DONE = "done"
    """Finished."""
    FAILED = "failed"
    """Final: attempts spent, or the error cannot be retried."""
    CANCELLED = "cancelled"
    """Called off."""


_V = VideoStatus
VIDEO_MOVES: Mapping[VideoStatus, frozenset[VideoStatus]] = {
    _V.DRAFT: frozenset({_V.EDITING_QUEUED, _V.CANCELLED}),
    _V.EDITING_QUEUED: frozenset({_V.EDITING, _V.FAILED_EDIT, _V.CANCELLED}),
    _V.EDITING: frozenset({_V.EDITED, _V.EDITING_QUEUED, _V.FAILED_EDIT, _V.CANCELLED}),
    _V.EDITED: frozenset({_V.EDITING_QUEUED, _V.UPLOAD_QUEUED, _V.CANCELLED}),
    _V.UPLOAD_QUEUED: frozenset(
        {_V.UPLOADING, _V.EDITED, _V.IN_INBOX, _V.POSTED, _V.FAILED_UPLOAD, _V.CANCELLED}
    ),
    _V.UPLOADING: frozenset({_V.IN_INBOX, _V.POSTED, _V.UPLOAD_QUEUED, _V.FAILED_UPLOAD, _V.EDITED}),
    _V.IN_INBOX: frozenset({_V.POSTED, _V.UPLOAD_QUEUED, _V.FAILED_UPLOAD}),
    _V.POSTED: frozenset({_V.UPLOAD_QUEUED}),
    _V.FAILED_EDIT: frozenset({_V.EDITING_QUEUED, _V.CANCELLED}),
    _V.FAILED_UPLOAD: frozenset(
        {_V.UPLOAD_QUEUED, _V.UPLOADING, _V.IN_INBOX, _V.POSTED, _V.EDITED, _V.CANCELLED}
    ),
    _V.CANCELLED: frozenset({_V.EDITING_QUEUED}),
}

_P = PostStatus
POST_MOVES: Mapping[PostStatus, frozenset[PostStatus]] = {
    _P.SCHEDULED: frozenset({_P.UPLOAD_QUEUED, _P.NEEDS_ATTENTION, _P.CANCELLED}),
    _P.UPLOAD_QUEUED: frozenset(
        {_P.UPLOADING, _P.SCHEDULED, _P.NEEDS_ATTENTION, _P.FAILED_UPLOAD, _P.CANCELLED}
    ),
    _P.UPLOADING: frozenset(
        {_P.CONFIRMING, _P.UPLOAD_QUEUED, _P.UNCONFIRMED, _P.NEEDS_ATTENTION, _P.FAILED_UPLOAD, _P.POSTED}
    ),
    _P.CONFIRMING: frozenset(
        {
            _P.IN_INBOX,
            _P.POSTED,
            _P.UPLOAD_QUEUED,
            _P.UNCONFIRMED,
            _P.NEEDS_ATTENTION,
            _P.FAILED_UPLOAD,
        }
    ),
    _P.IN_INBOX: frozenset({_P.POSTED, _P.NEEDS_ATTENTION, _P.FAILED_UPLOAD}),
    _P.POSTED: frozenset(),
    _P.UNCONFIRMED: frozenset({_P.POSTED, _P.IN_INBOX, _P.CONFIRMING, _P.NEEDS_ATTENTION, _P.FAILED_UPLOAD}),
    _P.NEEDS_ATTENTION: frozenset({_P.UPLOAD_QUEUED, _P.SCHEDULED, _P.CONFIRMING, _P.POSTED, _P.CANCELLED}),
    _P.FAILED_UPLOAD: frozenset({_P.UPLOAD_QUEUED, _P.SCHEDULED, _P.CANCELLED}),
    _P.CANCELLED: frozenset(),
}

VIDEO_EDITABLE = frozenset({_V.DRAFT, _V.EDITED, _V.FAILED_EDIT, _V.CANCELLED})
"""States in which *confirm* may queue an edit."""

VIDEO_POSTABLE = frozenset(
    {_V.EDITED, _V.UPLOAD_QUEUED, _V.UPLOADING, _V.IN_INBOX, _V.POSTED, _V.FAILED_UPLOAD}
)
"""States in which *queue-upload* may add a post."""

POST_UNDER_WAY = frozenset(
    {_P.SCHEDULED, _P.UPLOAD_QUEUED, _P.UPLOADING, _P.CONFIRMING, _P.IN_INBOX, _P.UNCONFIRMED}
)
"""States in which something may still happen at TikTok without anybody asking again."""

GROUPS: Mapping[str, frozenset[VideoStatus]] = {
    "drafts": frozenset({_V.DRAFT}),
    "editing": frozenset({_V.EDITING_QUEUED, _V.EDITING}),
    "edited": frozenset({_V.EDITED}),
    "uploading": frozenset({_V.UPLOAD_QUEUED, _V.UPLOADING, _V.IN_INBOX}),
    "posted": frozenset({_V.POSTED}),
    "failed": frozenset({_V.FAILED_EDIT, _V.FAILED_UPLOAD, _V.CANCELLED}),
}
"""How people see their videos: the groups of `GET /api/me/queues`."""


def video_sources(to: VideoStatus) -> frozenset[VideoStatus]:
    """States from which a video may move to `to`."""
    return frozenset(source for source, targets in VIDEO_MOVES.items() if to in targets)


def post_sources(to: PostStatus) -> frozenset[PostStatus]:
    """States from which a post may move to `to`."""
    return frozenset(source for source, targets in POST_MOVES.items() if to in targets)


def aggregate(posts: Iterable[PostStatus]) -> VideoStatus:
    """The status of an edited video, given its posts.

    What is under way wins over what failed, what failed over a draft in the inbox, and that over what was
    posted, so that nothing that still moves looks finished and nothing that needs somebody looks well.
    """
    seen = set(posts) - {_P.CANCELLED}
    if not seen:
        return _V.EDITED
    if seen & {_P.UPLOADING, _P.CONFIRMING, _P.UNCONFIRMED}:
        return _V.UPLOADING
    if seen & {_P.SCHEDULED, _P.UPLOAD_QUEUED}:
        return _V.UPLOAD_QUEUED
    if seen & {_P.NEEDS_ATTENTION, _P.FAILED_UPLOAD}:
        return _V.FAILED_UPLOAD
    return _V.IN_INBOX if _P.IN_INBOX in seen else _V.POSTED
