"""What a transcriber is, and the one that is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from subiteya.domain.transcript import Transcript
from subiteya.domain.word_errors import NoTranscriber

Report: TypeAlias = Callable[[float], None]
"""Takes how much is done, 0 to 1; called from the event loop, must not block."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What shall be written down.

    Attributes:
        source: A clip on this machine; only its sound is read.
        length_s: Of the clip, as the probe knows it; 0 when it does not.
        language: What is spoken, as BCP 47 writes it; None to find it out.
        work: An empty folder for whatever is needed on the way.
    """

    source: Path
    length_s: float
    language: str | None
    work: Path

    @property
    def tongue(self) -> str | None:
        """The language without country or script (`pt-BR` → `pt`): more no recogniser understands."""
        return self.language.partition("-")[0] if self.language is not None else None


class Transcriber(Protocol):
    """Writes down what is said in a clip."""

    @property
    def name(self) -> str:
        """What people see as the author of the words."""
        ...

    def obstacle(self) -> NoTranscriber | None:
        """Why it cannot work, as far as one can tell without trying; quick."""
        ...

    async def transcribe(self, recording: Recording, report: Report) -> Transcript:
        """What is said in it. Cancelling ends everything that was started for it.

        Raises:
            NoTranscriber: It is not set up, or not so that it can work.
            TranscriberUnavailable: It does not answer now.
            TranscriptionFailed: It broke off; `retryable` says whether another try may help.
        """
        ...


class NoTranscription:
    """Nobody."""

    name = "none"

    def obstacle(self) -> NoTranscriber:
        """Always: there is none."""
        return NoTranscriber()

    async def transcribe(self, recording: Recording, report: Report) -> Transcript:
        """Never anything.

        Raises:
            NoTranscriber: always.
        """
        del recording, report
        raise NoTranscriber
