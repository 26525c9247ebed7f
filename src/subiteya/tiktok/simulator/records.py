"""The rows that the simulator keeps: creators, codes, tokens, publishes and webhook deliveries.

Each record's fields are the columns of its table, the first one being the key. Times are seconds since the
epoch by the simulator's clock, sizes are bytes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Privacy(StrEnum):
    """Who may see a post."""

    PUBLIC = "PUBLIC_TO_EVERYONE"
    FOLLOWERS = "FOLLOWER_OF_CREATOR"
    FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
    SELF = "SELF_ONLY"


class Kind(StrEnum):
    """What an init asked for: a post made at once, or a draft in the creator's inbox."""

    DIRECT = "DIRECT_PUBLISH"
    INBOX = "INBOX_SHARE"


class Source(StrEnum):
    """How the bytes reach TikTok."""

    FILE = "FILE_UPLOAD"
    PULL = "PULL_FROM_URL"


class Step(StrEnum):
    """Where a publish stands, more finely than the API tells."""

    CREATED = "created"  # init answered, no byte yet
    RECEIVING = "receiving"  # at least one chunk stored
    DOWNLOADING = "downloading"  # a pull is under way
    PROCESSING = "processing"  # all bytes here, the file is being looked at
    INBOX = "inbox"  # draft delivered, the creator has not posted it
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing moves any more by itself."""
        return self in {Step.INBOX, Step.COMPLETE, Step.FAILED}


class TokenKind(StrEnum):
    """What a token opens."""

    ACCESS = "access"
    REFRESH = "refresh"


class Record(BaseModel):
    """A row; `table` names where it lives."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: ClassVar[str]


class Creator(Record):
    """A TikTok account with what its owner has set in the app."""

    table: ClassVar[str] = "creator"

    open_id: str
    union_id: str
    username: str
    nickname: str
    bio: str
    private: bool
    comment_disabled: bool
    duet_disabled: bool
    stitch_disabled: bool
    max_video_post_duration_sec: int
    banned: bool
    verified: bool
    daily_post_cap: int | None  # None: the cap of the switches
    created_at: float

    @property
    def privacy_options(self) -> tuple[Privacy, ...]:
        """The levels that creator_info offers: by the account, never by the app's audit state."""
        widest = Privacy.FOLLOWERS if self.private else Privacy.PUBLIC
        return (widest, Privacy.FRIENDS, Privacy.SELF)

    @property
    def duet_off(self) -> bool:
        """Whether duets are off; a private account has none."""
        return self.duet_disabled or self.private

    @property
    def stitch_off(self) -> bool:
        """Whether stitches are off; a private account has none."""
        return self.stitch_disabled or self.private


class AuthCode(Record):
    """An authorization code on its way to the token endpoint."""

    table: ClassVar[str] = "auth_code"

    code: str
    client_key: str
    open_id: str
    scopes: str
    redirect_uri: str | None  # None: minted by the knob without one, any will do
    code_challenge: str | None
    desktop: bool
    expires_at: float
    used: bool = False


class Token(Record):
    """An access or a refresh token."""

    table: ClassVar[str] = "token"

    value: str
    kind: TokenKind
    client_key: str
    open_id: str
    scopes: str
    expires_at: float
    dead: bool = False


class Publish(Record):
    """One init and everything that followed."""

    table: ClassVar[str] = "publish"

    publish_id: str
    open_id: str
    client_key: str
    kind: Kind
    source: Source
    step: Step
    # what the app said about the post (a draft says nothing)
    title: str = ""
    privacy_level: Privacy | None = None
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False
    is_aigc: bool = False
    cover_ms: int | None = None
    # the bytes
    video_size: int = 0
    chunk_size: int = 0
    total_chunk_count: int = 0
    pull_url: str | None = None
    upload_id: str
    upload_token: str
    upload_expires_at: float
    content_type: str | None = None
    received: int = 0
    chunks: int = 0
    # what happens when
    created_at: float
    processing_seconds: float
    moderation_seconds: float
    received_at: float | None = None
    due_at: float | None = None
    ended_at: float | None = None
    public_due_at: float | None = None
    # how it ends
    stuck: bool = False
    forced_reason: str | None = None
    checked: bool = False
    check_reason: str | None = None
    fail_reason: str | None = None
    post_id: int | None = None
    discarded: bool = False  # the file of a failed publish is gone
    # what the file turned out to be
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None


class Delivery(Record):
    """One webhook on its way to the app."""

    table: ClassVar[str] = "delivery"

    id: int | None = None  # the row number, given by SQLite
    event: str
    body: str
    publish_id: str | None
    created_at: float
    due_at: float
    attempts: int = 0
    delivered_at: float | None = None
    dropped: bool = False
    last_error: str | None = None
