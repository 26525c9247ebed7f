"""Errors that only posts know; roots and rules as in `domain.errors`."""

from __future__ import annotations

from subiteya.domain.errors import BadInput, NotAllowed, SubiteyaError, WrongState


class UnauditedApp(BadInput):
    """An app that TikTok has not audited may post privately only."""

    code = "unaudited_app"
    message = (
        "TikTok has not audited this app yet and lets it post privately only: choose SELF_ONLY. "
        "After the audit, the operator sets TIKTOK_UNAUDITED=false."
    )
    button = "choose_privacy"


class TooLongForCreator(BadInput):
    """The creator may not post videos of this length."""

    code = "too_long_for_creator"
    message = "The video is longer than TikTok lets this account post: {why}"


class PrivacyNotOffered(BadInput):
    """TikTok does not offer this audience to this creator now."""

    code = "privacy_not_offered"
    message = "TikTok does not offer the audience {level} to this account. Choose another one."
    button = "choose_privacy"


class ScopeMissing(NotAllowed):
    """The user unticked what posting needs."""

    code = "scope_missing"
    message = "TikTok did not grant {scope}. Connect again and leave every box ticked."
    button = "reconnect"


class DraftScopeMissing(NotAllowed):
    """The account's owner has not allowed drafts."""

    code = "draft_scope_missing"
    message = (
        "This account has not allowed drafts (video.upload). Connect it again and leave every box ticked, "
        "or post directly."
    )
    button = "reconnect"


class NoPostingSlots(BadInput):
    """The next free slot was asked for, and the account has none."""

    code = "no_posting_slots"
    message = "This account has no posting times yet. Set some, or choose a time for this post."
    button = "set_posting_slots"


class PostingSlotsTaken(WrongState):
    """Every posting slot within reach holds a post."""

    code = "posting_slots_taken"
    message = (
        "Every posting time of this account in the next 90 days is taken. "
        "Add posting times, or choose a time for this post."
    )
    button = "set_posting_slots"


class MissedSchedule(SubiteyaError):
    """Nobody was there to send the post when it was due, and its hour has gone by."""

    code = "missed_schedule"
    status = 409
    message = "This post could not go out at its time, more than an hour ago. Say when it shall go."
    button = "choose_time"


class AlreadyAtTikTok(WrongState):
    """TikTok has the video, or may have: what we say now does not reach it."""

    code = "already_at_tiktok"
    message = "TikTok may have this video already, so it can no longer be changed or called off here."
    button = "check_now"


class EditedFileMissing(SubiteyaError):
    """The branded clip is not in the storage."""

    code = "edited_file_missing"
    message = "The edited video is no longer in the storage. Edit it again, then post it."


class EditedFileChanged(SubiteyaError):
    """The branded clip is another one than when the post was planned."""

    code = "edited_file_changed"
    message = "The edited video was replaced after this post was planned. Post the new one."


class RenderFailed(SubiteyaError):
    """The version that this post's account wants could not be made."""

    code = "render_failed"
    status = 409
    message = "The version of this video for this account could not be made: {why}. Try again."
    button = "retry"
