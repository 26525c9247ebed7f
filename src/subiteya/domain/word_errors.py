"""Errors of automatic subtitles."""

from __future__ import annotations

from typing import Final

from subiteya.domain.errors import SubiteyaError, Unavailable, WrongState


class NoTranscriber(SubiteyaError):
    """Nothing is set up that could transcribe."""

    code = "no_transcriber"
    status = 409
    message = (
        "Nothing here can write down what is said: no speech model and no key are set up."
        " Add subtitles, or let the pattern go on without."
    )
    button = "add_subtitles"


class TranscriberUnusable(NoTranscriber):
    """What is set up cannot work: a package or a model is missing, or the key is not accepted."""

    code = "transcriber_unusable"
    message = (
        "What is said cannot be written down with what is set up: {why}."
        " Add subtitles, or let the pattern go on without."
    )


class TranscriberUnavailable(Unavailable):
    """The transcription service does not answer, or is busy; `after_s` says for how long, when it told."""

    code = "transcriber_unavailable"
    message = "The service that writes down what is said does not answer right now. We keep trying."


class TranscriptionFailed(SubiteyaError):
    """It broke off: out of memory, over time, or an answer that nobody can read."""

    code = "transcription_failed"
    status = 500
    retryable = True
    message = "What is said could not be written down: {why}"
    button = "retry"


class TranscriptionRefused(TranscriptionFailed):
    """It will fail the same way tomorrow: the sound cannot be read, or the service does not take it."""

    code = "transcription_refused"
    status = 422
    retryable = False
    button = "add_subtitles"


WITHOUT_TRANSCRIBER: Final = frozenset({NoTranscriber.code, TranscriberUnusable.code})
"""Codes of what only somebody who sets something up, or adds words, can mend."""
WAITS_FOR_WORDS: Final = WITHOUT_TRANSCRIBER | {TranscriberUnavailable.code}
"""Codes of what an edit may wait for, as `wait_reason` of its job."""


class WordsUnderWay(WrongState):
    """What is said in the video is being written down at this moment."""

    code = "words_under_way"
    message = "What is said in this video is being written down. Wait for it, or call it off first."
    button = "wait"
