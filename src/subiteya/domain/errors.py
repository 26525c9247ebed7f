"""Every error that a person may see: one tree, stable codes, one sentence each.

SubiteyaError
├── BadInput                 422  what was sent cannot be used
│   ├── NotAVideo            422
│   ├── BadPattern           422
│   ├── BadSubtitles         422
│   ├── BadImage             422
│   ├── BadCaption           422
│   ├── CaptionTooLong       422
│   └── TooLarge             413
├── NotFound                 404  unknown, or another user's (we do not tell which)
├── WrongState               409  the thing exists, but not in a state that allows this
├── NotSignedIn              401
├── WebhookRefused           401  a webhook's signature is missing, wrong or too old
├── NotAllowed               403
├── Unavailable              503  something that we depend on does not answer; retryable
│   ├── DatabaseUnavailable
│   ├── QueueUnavailable
│   ├── StorageUnavailable
│   └── TikTokUnavailable
├── EditFailed               500  FFmpeg could not make the branded clip
├── JobFailed                500  a job ended without its work being to blame
│   ├── WorkerLost           500  its worker fell silent
│   ├── Crashed              500  an error that nobody foresaw
│   └── Cancelled            409  its owner called it off
├── TikTokRefused            502  TikTok said no; `tiktok_code` says what
│   └── TikTokTokenRejected  502  the access token is not valid (any more): refresh it, then ask again
├── TikTokOutcomeUnknown     502  TikTok was asked to act and did not answer: it may have acted
├── CannotOpenSecret         500  a sealed secret was altered or moved
│   └── UnknownKey           500  … or its key is not configured
├── LostTheJob               409  another worker has taken this job over
└── ConfigurationError       500  a setting is missing or contradicts another

What only posts know stands in `domain.post_errors`; what only one service knows, beside that service.

The English sentence is the message id; the Spanish one stands in the catalogue (`locale/es`), and a test
compares the two. `retryable` says whether trying the same again can help without anybody doing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class SubiteyaError(Exception):
    """Root of the tree.

    Args:
        context: Values for the sentence and for logs. Never put a secret here: it is shown.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    message: ClassVar[str] = "Something went wrong on our side."
    button: ClassVar[str | None] = None

    def __init__(self, **context: object) -> None:
        self.context: Mapping[str, object] = context
        super().__init__(self.sentence())

    def sentence(self, template: str | None = None) -> str:
        """The sentence with its values filled in; `template` is a translation of `message`."""
        return (template or self.message).format_map(_Lenient(self.context))


class _Lenient(dict[str, object]):
    """A sentence with a value missing is still a sentence."""

    def __missing__(self, key: str) -> str:
        return "…"


class BadInput(SubiteyaError):
    """What was sent cannot be used; `what` names the field, `why` the reason."""

    code = "bad_input"
    status = 422
    message = "{what}: {why}"


class NotAVideo(BadInput):
    """The file holds no video that can be read."""

    code = "not_a_video"
    message = "This file is not a video that we can read: {why}"
    button = "choose_another"


class BadPattern(BadInput):
    """The brand pattern's specification does not validate."""

    code = "bad_pattern"
    message = "The brand pattern has a mistake at {what}: {why}"


class BadSubtitles(BadInput):
    """The subtitle file cannot be read."""

    code = "bad_subtitles"
    message = "The subtitles cannot be read: {why}"


class BadImage(BadInput):
    """The logo is not a usable image."""

    code = "bad_image"
    message = "The image cannot be used: {why}"


class CaptionTooLong(BadInput):
    """More UTF-16 units than TikTok takes; `over` says by how many."""

    code = "caption_too_long"
    message = "The caption is {over} characters too long: TikTok takes {limit}, and an emoji counts as two."
    button = "edit_caption"


class BadCaption(BadInput):
    """Characters that no caption may hold."""

    code = "bad_caption"
    message = "The caption cannot be used: {why}"
    button = "edit_caption"


class TooLarge(BadInput):
    """More bytes than allowed."""

    code = "too_large"
    status = 413
    message = "The file is larger than the {limit} that are allowed."


class NotFound(SubiteyaError):
    """Unknown, or somebody else's."""

    code = "not_found"
    status = 404
    message = "There is no such {what}."


class WrongState(SubiteyaError):
    """The state does not allow this; `state` is in the answer."""

    code = "wrong_state"
    status = 409
    message = "This cannot be done while the {what} is {state}."


class NotSignedIn(SubiteyaError):
    """No valid key or session came with the request."""

    code = "not_signed_in"
    status = 401
    message = "Sign in first: the key or the session is missing or no longer valid."
    button = "sign_in"


class WebhookRefused(SubiteyaError):
    """A webhook whose signature is missing, wrong or too old, or whose body cannot be read."""

    code = "webhook_refused"
    status = 401
    message = "The webhook is refused: {why}"


class NotAllowed(SubiteyaError):
    """Known, but not allowed."""

    code = "not_allowed"
    status = 403
    message = "You are not allowed to do this: {why}"


class Unavailable(SubiteyaError):
    """Something that we depend on does not answer."""

    code = "unavailable"
    status = 503
    retryable = True
    message = "A service that we need does not answer right now. We keep trying."


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer."""

    code = "database_unavailable"
    message = "The database does not answer right now. We keep trying."


class QueueUnavailable(Unavailable):
    """Redis does not answer."""

    code = "queue_unavailable"
    message = "The queue does not answer right now. Nothing is lost; we keep trying."


class StorageUnavailable(Unavailable):
    """S3 does not answer."""

    code = "storage_unavailable"
    message = "The file storage does not answer right now. We keep trying."


class TikTokUnavailable(Unavailable):
    """TikTok does not answer, or not in a way that tells us anything."""

    code = "tiktok_unavailable"
    message = "TikTok does not answer right now. We keep trying."


class EditFailed(SubiteyaError):
    """FFmpeg could not make the branded clip."""

    code = "edit_failed"
    retryable = True
    message = "The video could not be edited: {why}"
    button = "retry"


class JobFailed(SubiteyaError):
    """A job ended without its work being to blame."""

    code = "job_failed"
    message = "The work ended before it was done."
    button = "retry"


class WorkerLost(JobFailed):
    """The worker that had the job in hand fell silent."""

    code = "worker_lost"
    message = "The worker that had this in hand stopped answering."


class Crashed(JobFailed):
    """An error that nobody foresaw; its traceback is in the worker's log."""

    code = "crashed"
    message = "Something unexpected stopped this. The operator finds it in the log."


class Cancelled(JobFailed):
    """Its owner called it off."""

    code = "cancelled"
    status = 409
    message = "You called this off."


class TikTokRefused(SubiteyaError):
    """TikTok answered with an error; `tiktok_code` and `log_id` are TikTok's own."""

    code = "tiktok_refused"
    status = 502
    message = "TikTok refused: {tiktok_code}"

    @property
    def tiktok_code(self) -> str:
        """TikTok's own code, the key of `tiktok.error_table`."""
        return str(self.context.get("tiktok_code", ""))

    @property
    def log_id(self) -> str:
        """What TikTok's support asks for; empty when TikTok gave none."""
        return str(self.context.get("log_id", ""))


class TikTokTokenRejected(TikTokRefused):
    """The access token is not valid (any more): refresh it and ask again; if that fails, reconnect."""

    code = "tiktok_token_rejected"
    message = "TikTok no longer accepts this account's access. We renew it; if that fails, connect it again."
    button = "reconnect"


class TikTokOutcomeUnknown(SubiteyaError):
    """TikTok was asked to act and no readable answer came: it may have acted. Never repeat blindly."""

    code = "tiktok_outcome_unknown"
    status = 502
    message = "TikTok did not answer, so we do not know whether it did what we asked."
    button = "check_now"


class CannotOpenSecret(SubiteyaError):
    """A sealed secret was altered, moved to another place, or is not sealed at all."""

    code = "cannot_open_secret"
    message = "A stored secret cannot be opened: {why}"
    button = "reconnect"


class UnknownKey(CannotOpenSecret):
    """A secret is sealed under a key that is not among those configured."""

    code = "unknown_encryption_key"
    message = "A stored secret is sealed under the key {key_id}, which ENCRYPTION_KEY does not hold."


class LostTheJob(SubiteyaError):
    """Another worker holds this job now; whatever we still do must not be written."""

    code = "lost_the_job"
    status = 409
    message = "Another worker has taken over this job."


class ConfigurationError(SubiteyaError):
    """A setting is missing or contradicts another."""

    code = "configuration"
    message = "{what}: {why}"


def every_error() -> list[type[SubiteyaError]]:
    """All classes of the tree, the root first; what the reference page and its test are made from."""
    found: list[type[SubiteyaError]] = [SubiteyaError]
    for error in found:
        found.extend(sub for sub in error.__subclasses__() if sub not in found)
    return found
