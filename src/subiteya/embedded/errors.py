"""What stops `up`: sentences for the operator's terminal; none of them ever crosses HTTP."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start or go on; the message is a sentence that says what to do about it."""


class AlreadyRunning(StackError):
    """Another `up` holds this data folder."""


class EngineFailed(StackError):
    """An engine or a part did not start; the message carries the last lines it wrote."""
