"""What TikTok answers, typed. Lenient where its answers were seen to vary, strict where a guess would lie."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from subiteya.domain.privacy import PrivacyLevel

_ID_DIGITS: Final = 20


class Answer(BaseModel):
    """Root of the answers; `log_id` is what TikTok's support asks for."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        coerce_numbers_to_str=True,
    )

    log_id: str = ""


def _known_levels(value: object) -> object:
    """Levels that we do not know cannot be chosen: leave them out instead of failing."""
    if not isinstance(value, list | tuple):
        return value
    return tuple(level for level in PrivacyLevel if level.value in value)


def _ids(value: object) -> object:
    """Post ids as exact integers, from a list or one of them, as numbers or strings, or from nothing.

    A float has lost digits already, and a wrong id is a link to somebody else's video: dropped.
    """
    found: list[int] = []
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= _ID_DIGITS:
            found.append(int(item))
        elif isinstance(item, int) and not isinstance(item, bool):
            found.append(item)
    return tuple(found)


class CreatorInfo(Answer):
    """What this creator may do right now. The avatar's address is valid for two hours: do not store it."""

    username: str = Field(validation_alias=AliasChoices("creator_username", "username"))
    nickname: str = Field("", validation_alias=AliasChoices("creator_nickname", "nickname"))
    avatar_url: str = Field("", validation_alias=AliasChoices("creator_avatar_url", "avatar_url"))
    privacy_levels: Annotated[tuple[PrivacyLevel, ...], BeforeValidator(_known_levels)] = Field(
        validation_alias=AliasChoices("privacy_level_options", "privacy_levels")
    )
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_duration_seconds: int = Field(
        gt=0, validation_alias=AliasChoices("max_video_post_duration_sec", "max_duration_seconds")
    )


class Publish(Answer):
    """A publish that TikTok has begun: its id, and where the bytes go (valid for one hour)."""

    publish_id: str = Field(min_length=1)
    upload_url: SecretStr | None = None


class PublishState(StrEnum):
    """Where a publish stands at TikTok."""

    PROCESSING_UPLOAD = "PROCESSING_UPLOAD"
    """Receives bytes, or has them all and works on them: there is no state between the two."""
    PROCESSING_DOWNLOAD = "PROCESSING_DOWNLOAD"
    """Fetches the video from an address."""
    SEND_TO_USER_INBOX = "SEND_TO_USER_INBOX"
    """A draft was delivered; the rest is up to its owner."""
    PUBLISH_COMPLETE = "PUBLISH_COMPLETE"
    """Posted."""
    FAILED = "FAILED"
    """Not posted; `fail_reason` says why."""
    UNKNOWN = "UNKNOWN"
    """A word that we do not know; `raw_state` holds it."""


def _state(value: object) -> object:
    return next((state for state in PublishState if state == value), PublishState.UNKNOWN)


class PublishStatus(Answer):
    """The answer to "what became of it?".

    `post_ids` comes only for public posts, after moderation: empty is normal, also when complete.
    """

    state: Annotated[PublishState, BeforeValidator(_state)] = Field(
        validation_alias=AliasChoices("status", "state")
    )
    raw_state: str = Field(validation_alias=AliasChoices("status", "state"))
    fail_reason: str | None = None
    post_ids: Annotated[tuple[int, ...], BeforeValidator(_ids)] = Field(
        (),
        # TikTok's own spelling first.
        validation_alias=AliasChoices(
            "publicaly_available_post_id", "publicly_available_post_id", "post_ids"
        ),
    )
    uploaded_bytes: int | None = None
    downloaded_bytes: int | None = None


class UserInfo(Answer):
    """A user's profile; what the token's scopes do not cover is empty.

    `open_id` is kept byte for byte: real ones may begin with a dash.
    """

    open_id: str = Field(min_length=1)
    union_id: str = ""
    display_name: str = ""
    username: str = ""
    avatar_url: str = ""
    profile_web_link: str = ""
    bio_description: str = ""
    is_verified: bool = False
    follower_count: int | None = None
    following_count: int | None = None
    likes_count: int | None = None
    video_count: int | None = None


USER_FIELDS: dict[str, tuple[str, ...]] = {
    "user.info.basic": ("open_id", "union_id", "avatar_url", "display_name"),
    "user.info.profile": ("bio_description", "profile_web_link", "is_verified", "username"),
    "user.info.stats": ("follower_count", "following_count", "likes_count", "video_count"),
}
"""Fields of `UserInfo` by the scope that opens them."""
