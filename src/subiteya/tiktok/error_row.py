"""The shape of a row in the error table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

ERROR_PREFIX: Final = "tiktok_"
"""Put before TikTok's codes to make them ours: some (`internal`) would be taken for our own."""


class Place(StrEnum):
    """Where a code comes from."""

    OAUTH = "oauth"
    """Consent page, token and revoke endpoints."""
    CREATOR_INFO = "creator_info"
    INIT = "init"
    """Begin of a direct post."""
    INBOX_INIT = "inbox_init"
    """Begin of a draft."""
    PHOTO_INIT = "photo_init"
    """Begin of a photo post."""
    TRANSFER = "transfer"
    """Answers to a chunk. TikTok gives them no names there; these are ours, for its HTTP statuses."""
    STATUS = "status"
    CANCEL = "cancel"
    USER_INFO = "user_info"
    FAIL_REASON = "fail_reason"
    """The reason of a publish that failed, from the status or a webhook."""


CALLS: Final = frozenset(
    {
        Place.CREATOR_INFO,
        Place.INIT,
        Place.INBOX_INIT,
        Place.PHOTO_INIT,
        Place.STATUS,
        Place.CANCEL,
        Place.USER_INFO,
    }
)
"""All calls outside OAuth."""
INITS: Final = frozenset({Place.INIT, Place.INBOX_INIT, Place.PHOTO_INIT})
"""Calls that begin a publish."""


class Kind(StrEnum):
    """What becomes of the post."""

    WAIT = "wait"
    """Later, by itself; no attempt is spent."""
    RETRY = "retry"
    """Again, with back-off; an attempt is spent."""
    FINAL = "final"
    """Never, as it is."""
    ATTENTION = "attention"
    """When its owner has done something."""
    OURS = "ours"
    """Never: a bug or a setting of this installation. Its operator should look."""


class Button(StrEnum):
    """What helps; key of the button beside the sentence."""

    RECONNECT = "reconnect"
    CHOOSE_PRIVACY = "choose_privacy"
    OPEN_TIKTOK = "open_tiktok"
    CHECK_NOW = "check_now"
    RETRY = "retry"
    EDIT_CAPTION = "edit_caption"
    EDIT_VIDEO = "edit_video"


@dataclass(frozen=True, slots=True)
class Row:
    """One code and all that follows from it.

    Attributes:
        code: TikTok's own word.
        places: Where it occurs.
        kind: What becomes of the post.
        en: The sentence in English; the message id of the catalogue.
        es: The sentence in Spanish.
        button: What helps.
        wait: For `Kind.WAIT`: how long.
        until_day_has_room: For `Kind.WAIT`: longer, if we know when the creator's day has room.
    """

    code: str
    places: frozenset[Place]
    kind: Kind
    en: str
    es: str
    button: Button | None = None
    wait: timedelta | None = None
    until_day_has_room: bool = False

    @property
    def error_code(self) -> str:
        """Our stable code for it, as events, posts and the documentation name it."""
        return f"{ERROR_PREFIX}{self.code}"


def unknown_row(code: str) -> Row:
    """The row of a code that we do not know."""
    return Row(
        code,
        frozenset(Place),
        Kind.ATTENTION,
        f"TikTok answered “{code}”, which we do not know yet. Look in the app whether the video is there.",
        f"TikTok respondió “{code}”, que aún no conocemos. Revisa en la app si el video está ahí.",
        Button.CHECK_NOW,
    )
